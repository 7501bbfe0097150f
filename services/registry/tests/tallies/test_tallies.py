"""Tallies say what counting every row would say, after whatever act, on whatever day."""

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import date, timedelta
from typing import Any

import pytest
from county import TALK, TALKED, County, due, touch_everything
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hongzhu import clock
from hongzhu.database import take_turns
from hongzhu.messages import TaskClosed
from hongzhu.testing.examples import MONDAY
from hongzhu_registry.access.policy import Principal
from hongzhu_registry.children.models import Child, RosterEntry
from hongzhu_registry.conflicts.queries import in_conflict
from hongzhu_registry.database import database
from hongzhu_registry.stats import queries as stats
from hongzhu_registry.tallies import service
from hongzhu_registry.tallies.models import TaskTally, Touched
from hongzhu_registry.tallies.ticks import catch_up
from hongzhu_registry.tasks.consumers import on_task_closed, on_task_due
from hongzhu_registry.tasks.models import Task
from hongzhu_registry.tasks.queries import state_on

DAYS = [MONDAY + timedelta(days=days) for days in (0, 8, 40)]
"""On which what was not done is due, overdue and missed."""
TASK = "/tasks?programme=" + TALK


def _told(session: Session, day: date) -> Counter[Any]:
    clock.stand_on(day)
    told: Counter[Any] = Counter()
    rows = stats.coverage(session, Principal("bureau", "bureau"), "school", date.min, date.max)
    for row in rows:
        for state in stats._STATES:
            told[row["school_id"], row["programme"], state] += row[state]
    return +told


def _counted(session: Session, day: date) -> Counter[Any]:
    keys = Task.school_id, Task.programme, state_on(day).label("state")
    rows = session.execute(select(*keys, func.count()).group_by(*keys))
    return Counter({tuple(key): count for *key, count in rows})


def _children(session: Session) -> dict[str, int]:
    here = session.scalars(select(Child).where(Child.left_on.is_(None))).all()
    return {
        "children": len(here),
        "boys": sum(each.sex == "male" for each in here),
        "girls": sum(each.sex == "female" for each in here),
        "in_poverty": sum(bool(each.in_poverty) for each in here),
        "conflicts": len(session.execute(in_conflict()).all()),
    }


def hold(county: County) -> None:
    assert county.ask("school", "POST", "/records", TALKED).is_success


def excuse(county: County) -> None:
    task = county.get("school", TASK + "&child_id=child-own")["items"][0]["id"]
    assert county.ask("school", "POST", f"/tasks/{task}/excuse", {"reason": "病假"}).is_success


def pause(county: County) -> None:
    said = {"reason": "住院", "from": str(MONDAY), "until": str(MONDAY + timedelta(days=13))}
    assert county.ask("school", "POST", "/children/child-own/pauses", said).is_success


def take_back(county: County) -> None:
    hold(county)
    record = county.get("school", "/records")["items"][0]["id"]
    answer = county.ask("school", "POST", f"/records/{record}/withdraw", {"reason": "填错"})
    assert answer.is_success, answer.text


def move(county: County) -> None:
    said = {"school_id": "school-other"}
    assert county.ask("bureau", "POST", "/children/child-own/transfer", said).is_success


def leave(county: County) -> None:
    assert county.ask("school", "POST", "/children/child-own/leave", {"reason": "moved_away"}).is_success


def cancel(_county: County) -> None:
    known = due(TALK, "child-own").model_dump(include={"programme", "period", "period_start", "school_id", "subjects"})
    with database.transaction() as session:
        on_task_closed(session, TaskClosed(**known, state="cancelled"))


def correct(county: County) -> None:
    read = county.ask("school", "GET", "/children/child-own")
    answer = county.ask("school", "PATCH", "/children/child-own", {"in_poverty": True}, if_match=read.headers["etag"])
    assert answer.is_success, answer.text


ACTS: Sequence[Callable[[County], None]] = (hold, excuse, pause, take_back, move, leave, cancel, correct)


@pytest.mark.parametrize("act", ACTS)
def test_after_whatever_act_the_tallies_say_what_counting_says(county: County, act: Callable[[County], None]) -> None:
    with database.transaction() as session:
        touch_everything(session)
        on_task_due(session, due(TALK, "child-own", "child-mate", day=MONDAY + timedelta(days=7)))
    catch_up()
    act(county)
    with database.transaction() as session:
        service.catch_up(session)
        told = stats.children(session) | {"conflicts": stats.waiting(session)["conflicts"]}
        assert told == _children(session)
        for day in DAYS:
            assert _told(session, day) == _counted(session, day)
            everywhere = stats.coverage(session, Principal("bureau", "bureau"), "programme", date.min, date.max)
            together = Counter(key[1:] for key in _told(session, day).elements())
            assert {(row["programme"], "due"): row["due"] for row in everywhere if row["due"]} == {
                key: count for key, count in together.items() if key[1] == "due"
            }


def test_two_schools_rosters_are_one_conflict_until_it_is_settled(county: County) -> None:
    with database.transaction() as session:
        for school in ("school-own", "school-other"):
            session.add(RosterEntry(child_id="child-own", school_id=school, said={}, file="名单.xlsx"))
    move(county)
    with database.transaction() as session:
        service.catch_up(session)
        assert stats.waiting(session)["conflicts"] == 0 == _children(session)["conflicts"]


def test_what_nobody_touched_is_not_counted_again(county: County) -> None:
    catch_up()
    with database.transaction() as session:
        before = session.scalars(select(TaskTally.id)).all()
        assert service.catch_up(session) == 0
        assert session.scalars(select(TaskTally.id)).all() == before
        assert session.scalar(select(func.count()).select_from(Touched)) == 0


def test_a_list_of_what_is_overdue_is_right_by_the_clock_and_neither_counts_nor_waits(county: County) -> None:
    clock.stand_on(DAYS[1])
    with database.transaction() as session:
        waiting = session.scalar(select(func.count()).select_from(Touched))
    with ThreadPoolExecutor() as elsewhere, database.transaction() as counting:
        if county.owner_url.startswith("postgresql"):  # SQLite has one writer at a time, and its readers wait for none
            take_turns(counting, "tallies")
        asked = elsewhere.submit(county.get, "school", "/tasks?state=overdue")
        wait([asked], timeout=10)
        answered = asked.done()
    assert answered, "it waited"
    assert {each["subject_id"] for each in asked.result()["items"]} == {"child-own", "child-mate", "school-own"}
    with database.transaction() as session:
        assert session.scalar(select(func.count()).select_from(Touched)) == waiting != 0
    catch_up()
    assert county.get("school", "/tasks?state=overdue") == asked.result()
    hold(county)
    assert "child-own" not in {each["subject_id"] for each in county.get("school", "/tasks?state=overdue")["items"]}
