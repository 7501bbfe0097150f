"""The scheduler was off for three weeks: what passed is one line to each, and nobody is told it one by one."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from hongzhu import clock
from hongzhu.facts import ChildFacts
from hongzhu.messages import TOPICS, CalendarChanged, ChildChanged, Evidence, EvidenceFiled, Message, ProgrammeChanged
from hongzhu.programme import EverySchoolWeek, Step
from hongzhu.testing.databases import Configure
from hongzhu.testing.examples import CALENDAR, MONDAY, child, programme
from hongzhu_notifier.digest import Owed, Recipient, Told
from hongzhu_notifier.service import service as notifier
from hongzhu_notifier.tables import delivery, owed
from hongzhu_scheduler.models import outbox
from hongzhu_scheduler.service import service as scheduler

WEEK, DAY = timedelta(weeks=1), timedelta(days=1)
STEPS = (Step(after=1, to="school_coordinator"), Step(after=3, to="bureau"))
TEACHERS, CLASS = 4, 5


@pytest.fixture
def county(configure: Configure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A scheduler and a notifier, and who is told in two schools of two classes of five."""
    urls = {f"{each}_database_url": f"sqlite:///{tmp_path}/{each}.sqlite3" for each in ("scheduler", "notifier")}
    configure(digest_at="00:00", api_token="none", **urls)
    monkeypatch.setattr("hongzhu_notifier.recipients.ask", _told)
    for each in (scheduler, notifier):
        each.database.migrate()


def _told(_client: object, place: str, asked: Iterable[Owed]) -> Told:
    found = {}
    for each in asked:
        who = {"class_teacher": f"t{int(each.subject_id[1:]) // CLASS}", "school_coordinator": f"k-{place}"}
        recipient = who.get(each.assignee, "bureau")
        found[each.assignee, each.subject_id] = Recipient(recipient, None, "https://hongzhu.test")
    return found


def _hear(service: object, *messages: Message) -> None:
    for message in messages:
        service._handle(service.consumers[type(message)], message)  # type: ignore[attr-defined]


def _a_day(day: date, told: int) -> int:
    """Let a day's tick be, and everything said be heard; return how many messages there are by now."""
    clock.stand_on(day)
    scheduler.ticks[0].run()
    with scheduler.database.transaction() as session:
        rows = session.execute(select(outbox).order_by(outbox.c.sequence)).all()
    _hear(notifier, *(TOPICS[row.topic].model_validate_json(row.payload) for row in rows[told:]))
    with notifier.database.transaction() as session:
        session.execute(update(owed).values(noted_at=clock.now() - timedelta(minutes=1)))
    for _ in range(3):
        notifier.ticks[0].run()
    return len(rows)


def _notices(day: date) -> dict[str, list[dict[tuple[str, str], int]]]:
    found = defaultdict(list)
    with notifier.database.transaction() as session:
        for row in session.execute(select(delivery).where(delivery.c.day == day)):
            found[row.recipient_id].append({(each["about"], each["programme"]): each["count"] for each in row.lines})
    return dict(found)


@pytest.mark.usefixtures("county")
def test_after_three_weeks_without_a_scheduler_everybody_has_one_digest_and_nobody_is_blamed() -> None:
    talk = programme(escalation=STEPS, trigger=EverySchoolWeek(grace=2))
    call = programme("bureau.urgent_call", urgent=True, escalation=STEPS, resolved_by="call")
    approved = [ProgrammeChanged(version=1, programme=each, effective_from=MONDAY) for each in (talk, call)]
    clock.stand_on(MONDAY)
    pupils = [child(f"c{n}", school_id=f"s{n // (2 * CLASS)}") for n in range(TEACHERS * CLASS)]
    _hear(scheduler, CalendarChanged(version=1, calendar=CALENDAR), *approved, ChildChanged(children=tuple(pupils)))
    _hear(notifier, *approved)
    heard = _a_day(MONDAY, 0)
    assert {who: len(found) for who, found in _notices(MONDAY).items()} == {f"t{n}": 1 + CLASS for n in range(4)}

    _hear(scheduler, *(_done(kind, MONDAY, pupils) for kind in ("talk", "call")))

    back = MONDAY + 4 * WEEK  # the scheduler is off from here to there; one talk of these weeks was filed all the same
    _hear(scheduler, _done("talk", MONDAY + WEEK, pupils[:1]))
    heard = _a_day(back, heard)
    told = _notices(back)
    assert set(told) == {f"t{n}" for n in range(TEACHERS)}, "nobody further up hears of what nobody could do"
    for number in range(TEACHERS):
        found = told[f"t{number}"]
        assert len(found) == 1 + CLASS, "the digest and what is urgent this week, and nothing of the weeks before"
        [digest] = [each for each in found if ("passed", talk.code) in each]
        assert digest == {
            ("due", talk.code): CLASS,
            ("passed", talk.code): 2 * CLASS - (number == 0),  # last week's can still be done late
            ("passed", call.code): 3 * CLASS,
        }

    # What can still be done late goes further up, counted from the day on which anybody could know of it.
    heard = _a_day(back + DAY, heard)
    assert _notices(back + DAY) == {f"k-s{n}": [{("overdue", talk.code): 2 * CLASS}] for n in range(2)}


def _done(kind: str, day: date, pupils: Sequence[ChildFacts]) -> EvidenceFiled:
    done = (Evidence(id=f"{kind}-{day}-{each.id}", kind=kind, subject_id=each.id, done_on=day) for each in pupils)
    return EvidenceFiled(evidence=tuple(done))
