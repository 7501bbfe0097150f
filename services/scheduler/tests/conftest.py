"""A small town to plan for: a scheduler on an empty database of each kind, and short ways to tell and ask it things."""

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from hongzhu.calendar import SchoolCalendar
from hongzhu.clock import stand_on
from hongzhu.database import Database
from hongzhu.facts import ChildFacts, SchoolFacts
from hongzhu.messages import (
    TOPICS,
    CalendarChanged,
    ChildChanged,
    Evidence,
    EvidenceFiled,
    Message,
    ProgrammeChanged,
    SchoolChanged,
    TaskClosed,
    TaskDue,
)
from hongzhu.programme import Programme
from hongzhu.testing.databases import Configure
from hongzhu.testing.examples import CALENDAR, MONDAY
from hongzhu_scheduler.closing import close_missed
from hongzhu_scheduler.lapsing import hold_all
from hongzhu_scheduler.models import database, occurrence, outbox, run
from hongzhu_scheduler.planner import plan
from hongzhu_scheduler.service import service

sys.path.insert(0, str(Path(__file__).parent))  # the oracle is this folder's own

Task = tuple[str, str, str]
T = TypeVar("T")


@dataclass
class Town:
    """The scheduler, told and asked."""

    database: Database

    def tell(self, *messages: Message) -> None:
        for message in messages:
            with self.database.transaction() as session:
                service.consumers[type(message)](session, message)

    def approve(self, *programmes: Programme, version: int = 1, since: date = MONDAY, suspended: bool = False) -> None:
        for each in programmes:
            self.tell(ProgrammeChanged(version=version, programme=each, effective_from=since, suspended=suspended))

    def announce(self, calendar: SchoolCalendar = CALENDAR, version: int = 1) -> None:
        self.tell(CalendarChanged(version=version, calendar=calendar))

    def bring(self, *subjects: ChildFacts | SchoolFacts) -> None:
        pupils = [each for each in subjects if isinstance(each, ChildFacts)]
        schools = [each for each in subjects if isinstance(each, SchoolFacts)]
        for first in range(0, len(schools), 100):
            self.tell(SchoolChanged(schools=tuple(schools[first : first + 100])))
        for first in range(0, len(pupils), 100):
            self.tell(ChildChanged(children=tuple(pupils[first : first + 100])))

    def file(self, subject_id: str, done_on: date, kind: str = "talk") -> None:
        evidence = Evidence(id=f"{kind}-{done_on}", kind=kind, subject_id=subject_id, done_on=done_on)
        self.tell(EvidenceFiled(evidence=(evidence,)))

    def reach(self, day: date) -> None:
        stand_on(day)
        hold_all(self.database, day)
        plan(self.database, day)
        close_missed(self.database, day)

    def ask(self, question: Callable[[Session], T]) -> T:
        with self.database.transaction() as session:
            return question(session)

    def tasks(self) -> dict[Task, str | None]:
        """Every task there is, with the state it was closed in."""
        columns = (occurrence.c.programme, occurrence.c.subject_id, occurrence.c.period, occurrence.c.closed_state)
        return {
            (code, who, when): state for code, who, when, state in self.ask(lambda s: s.execute(select(*columns)).all())
        }

    def periods(self, subject_id: str, code: str = "bureau.talk") -> list[str]:
        """The periods for which a subject has tasks of a programme."""
        return sorted(period for task_code, who, period in self.tasks() if (task_code, who) == (code, subject_id))

    def messages(self) -> list[Message]:
        """Every message in the outbox, in order; each must be what its class says."""
        rows = self.ask(lambda s: s.execute(select(outbox).order_by(outbox.c.sequence)).all())
        found = []
        for row in rows:
            message = TOPICS[row.topic].model_validate_json(row.payload)
            assert (message.id, message.routing_key) == (row.message_id, row.routing_key)
            found.append(message)
        assert len({each.id for each in found}) == len(found)
        return found

    def due(self) -> list[Task]:
        return _tasks(self.messages(), TaskDue)

    def closed(self) -> list[tuple[Task, str]]:
        return [
            ((each.programme, who, each.period), each.state)
            for each in self.messages()
            if isinstance(each, TaskClosed)
            for who in each.subjects
        ]

    def windows(self) -> dict[str, tuple[date, date]]:
        rows = self.ask(lambda s: s.execute(select(run.c.period, run.c.opens_on, run.c.due_on)).all())
        return {period: (opens_on, due_on) for period, opens_on, due_on in rows}


def _tasks(messages: Iterable[Message], kind: type[TaskDue]) -> list[Task]:
    return [(each.programme, who, each.period) for each in messages if isinstance(each, kind) for who in each.subjects]


@pytest.fixture
def town(database_url: str, configure: Configure) -> Town:
    """Give a town on an empty database: once on SQLite, once on PostgreSQL."""
    return _town(database_url, configure)


@pytest.fixture
def postgres_town(postgres_url: str, configure: Configure) -> Town:
    """Give a town on PostgreSQL, where several planners can be at work at once."""
    return _town(postgres_url, configure)


def _town(url: str, configure: Configure) -> Town:
    configure(scheduler_database_url=url)
    database.migrate()
    stand_on(MONDAY)
    return Town(database)
