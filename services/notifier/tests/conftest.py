"""An installation of the notifier alone, with a stand-in for the registry at the other end of the wire."""

import json
import threading
from collections.abc import Iterator
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from sqlalchemy import select, update

from hongzhu import clock
from hongzhu.i18n import Text
from hongzhu.messages import Message, NoticeLine, ProgrammeChanged, TaskClosed, TaskDue, TaskOverdue
from hongzhu.period import week
from hongzhu.programme import Assignee, EverySchoolWeek, Programme
from hongzhu.task_state import TaskState
from hongzhu.testing.databases import Configure
from hongzhu_notifier.service import service
from hongzhu_notifier.tables import database, delivery, outbox, owed

MONDAY = date(2020, 11, 23)
TALK, TUTORING, ROSTER = "education_bureau.weekly_talk", "education_bureau.weekly_tutoring", "education_bureau.roster"


class WireRegistry:
    """A stand-in for the registry at the wire: a real HTTP server that answers ``POST /api/v1/recipients``."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.people: dict[tuple[str, str], dict[str, Any]] = {}
        registry = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                right = (
                    self.path == "/api/v1/recipients" and self.headers["Authorization"] == "Bearer token-of-notifier"
                )
                body = json.dumps(registry.answer(question) if right else {"detail": "There is no such thing here."})
                registry.asked.append(question)
                registry.keys.append(self.headers["Idempotency-Key"])
                self.send_response(200 if right else 404)
                self.send_header("Content-Length", str(len(body.encode())))
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def knows(
        self, recipient_id: str, *subjects: str, assignee: str = "class_teacher", email: str | None = None
    ) -> None:
        """Lets `recipient_id` be the one who is told of `subjects`."""
        for subject in subjects:
            self.people[assignee, subject] = {
                "recipient_id": recipient_id,
                "email": email,
                "link": f"https://hongzhu.test/l/{recipient_id}",
            }

    def answer(self, question: dict[str, Any]) -> dict[str, Any]:
        items: dict[str, dict[str, Any]] = {}
        for subject in question["subjects"]:
            if person := self.people.get((question["assignee"], subject)):
                items.setdefault(person["recipient_id"], {**person, "subjects": []})["subjects"].append(subject)
        return {"items": list(items.values())}


@pytest.fixture
def registry() -> Iterator[WireRegistry]:
    stand_in = WireRegistry()
    thread = threading.Thread(target=stand_in.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield stand_in
    stand_in.server.shutdown()
    thread.join()
    stand_in.server.server_close()


@pytest.fixture
def installation(configure: Configure, registry: WireRegistry) -> None:
    """The settings of a notifier whose local time is about noon, so that no test ever runs over midnight."""
    east = 12 - clock.now().hour
    configure(
        registry_url=registry.url,
        api_token="token-of-notifier",
        digest_at="00:00",
        timezone=f"Etc/GMT{-east:+d}",
        language="en",
    )
    clock.stand_on(MONDAY)


@pytest.fixture
def notifier(installation: None, configure: Configure, database_url: str) -> None:
    """A migrated notifier, once on SQLite and once on PostgreSQL."""
    configure(notifier_database_url=database_url)
    database.migrate()


def programme(code: str = TALK, version: int = 1, **changed: Any) -> ProgrammeChanged:
    known: dict[str, Any] = {
        "code": code,
        "name": Text(zh="每周谈心", en="Weekly talk"),
        "purpose": Text(zh="关心", en="Care"),
        "subject": "child",
        "trigger": EverySchoolWeek(),
        "assignee": "class_teacher",
        "resolved_by": "talk",
    }
    return ProgrammeChanged(version=version, programme=Programme(**{**known, **changed}), effective_from=MONDAY)


def due(
    *subjects: str,
    code: str = TALK,
    day: date = MONDAY,
    school: str = "s1",
    grace_until: date | None = None,
    changes: int = 0,
) -> TaskDue:
    """These fell due in the week of `day`, and are to be done by its Sunday."""
    monday = day - timedelta(days=day.weekday())
    return TaskDue(
        programme=code,
        period=week(day),
        school_id=school,
        subjects=subjects,
        version=1,
        period_start=monday,
        opens_on=monday,
        due_on=monday + timedelta(days=6),
        grace_until=grace_until,
        changes=changes,
    )


def closed(
    *subjects: str,
    code: str = TALK,
    day: date = MONDAY,
    school: str = "s1",
    state: TaskState = "done",
    changes: int = 1,
) -> TaskClosed:
    monday = day - timedelta(days=day.weekday())
    return TaskClosed(
        programme=code,
        period=week(day),
        school_id=school,
        subjects=subjects,
        period_start=monday,
        state=state,
        changes=changes,
    )


def overdue(
    *subjects: str,
    to: Assignee = "school_coordinator",
    step: int = 1,
    code: str = TALK,
    day: date = MONDAY - timedelta(weeks=1),
    school: str = "s1",
) -> TaskOverdue:
    """Nobody did these in the week of `day`, last week unless told."""
    monday = day - timedelta(days=day.weekday())
    return TaskOverdue(
        programme=code,
        period=week(day),
        school_id=school,
        subjects=subjects,
        version=1,
        period_start=monday,
        due_on=monday + timedelta(days=6),
        step=step,
        to=to,
    )


def receive(*messages: Message) -> None:
    """Handle messages as the worker would."""
    for message in messages:
        service._handle(service.consumers[type(message)], message)


def let_settle() -> None:
    """Make what came in look as if it had come in long enough ago."""
    with database.transaction() as session:
        session.execute(update(owed).values(noted_at=clock.now() - timedelta(seconds=3)))


def tell() -> None:
    """Do what the tick does, once everything has settled."""
    let_settle()
    service.ticks[0].run()


def log() -> list[tuple[str, str, str, dict[str, int]]]:
    """The delivery log in order: recipient, channel, status, and how many of each programme."""
    with database.transaction() as session:
        rows = session.execute(select(delivery).order_by(delivery.c.day, delivery.c.recipient_id, delivery.c.channel))
        return [
            (row.recipient_id, row.channel, row.status, {line["programme"]: line["count"] for line in row.lines})
            for row in rows
        ]


def lines() -> dict[tuple[str, str], list[NoticeLine]]:
    """The lines of every notice: by recipient and cause."""
    with database.transaction() as session:
        return {
            (row.recipient_id, row.cause): [NoticeLine.model_validate(each) for each in row.lines]
            for row in session.execute(select(delivery))
        }


def published() -> list[dict[str, Any]]:
    """What stands in the outbox."""
    with database.transaction() as session:
        return [json.loads(row) for row in session.scalars(select(outbox.c.payload).order_by(outbox.c.sequence))]


def states() -> dict[str, str]:
    """The state of every task the notifier knows, by subject."""
    with database.transaction() as session:
        return {row.subject_id: row.state for row in session.execute(select(owed))}
