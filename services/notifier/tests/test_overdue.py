"""Whoever a step tells learns how much nobody has done; neither what is done meanwhile nor what nobody could do is in it."""

from datetime import timedelta
from itertools import permutations

import pytest

from hongzhu import clock
from hongzhu.messages import Message
from hongzhu_notifier.service import service

from .conftest import (
    MONDAY,
    TALK,
    TUTORING,
    WireRegistry,
    closed,
    due,
    lines,
    log,
    overdue,
    programme,
    receive,
    states,
    tell,
)

pytestmark = pytest.mark.usefixtures("notifier")

LAST_WEEK = MONDAY - timedelta(weeks=1)
TODAY = str(MONDAY)
SUNDAY = MONDAY - timedelta(days=1)


def told(recipient: str) -> list[tuple[str, str, int]]:
    return [(line.about, line.programme, line.count) for line in lines().get((recipient, TODAY), [])]


def test_the_one_a_step_tells_has_a_line_of_each_programme_in_the_digest(registry: WireRegistry) -> None:
    registry.knows("k1", "c1", "c2", "c3", assignee="school_coordinator")
    receive(programme(), programme(TUTORING))
    receive(overdue("c1", "c2"), overdue("c3", code=TUTORING))
    tell()
    assert told("k1") == [("overdue", TALK, 2), ("overdue", TUTORING, 1)]
    assert {line.due_on for line in lines()["k1", TODAY]} == {SUNDAY}


def test_what_is_done_meanwhile_is_not_told_whichever_is_heard_first(registry: WireRegistry) -> None:
    registry.knows("k1", "c1", "c2", assignee="school_coordinator")
    receive(programme(), due("c1", "c2", day=LAST_WEEK))
    receive(overdue("c1", "c2"), closed("c1", day=LAST_WEEK, state="late"))
    receive(closed("c2", day=LAST_WEEK), overdue("c2", step=2))
    tell()
    assert told("k1") == []


def test_what_was_missed_is_still_told_to_those_further_up(registry: WireRegistry) -> None:
    registry.knows("t1", "c1")
    registry.knows("k1", "c1", assignee="school_coordinator")
    clock.stand_on(LAST_WEEK)
    receive(programme(), due("c1", day=LAST_WEEK))
    tell()
    clock.stand_on(MONDAY)
    receive(closed("c1", day=LAST_WEEK, state="missed"), overdue("c1"))
    tell()
    assert told("k1") == [("overdue", TALK, 1)]
    assert told("t1") == [], "she knew"


def test_a_task_of_two_steps_is_one_task_to_whoever_both_tell(registry: WireRegistry) -> None:
    registry.knows("k1", "c1", assignee="school_coordinator")
    receive(programme(), overdue("c1"), overdue("c1", step=2), overdue("c1"))
    tell()
    assert told("k1") == [("overdue", TALK, 1)]


def test_the_bureau_has_one_digest_over_all_schools(registry: WireRegistry) -> None:
    registry.knows("bureau", "c1", "c2", "city", assignee="bureau")
    receive(programme(), overdue("c1", to="bureau"), overdue("c2", to="bureau", school="s2"))
    receive(due("city", code="education_bureau.report", school="city"))
    receive(programme("education_bureau.report", assignee="bureau", subject="city"))
    tell()
    assert told("bureau") == [("due", "education_bureau.report", 1), ("overdue", TALK, 2)]
    assert {each["school_id"] for each in registry.asked if each["assignee"] == "bureau"} == {"bureau"}


def test_an_agencys_tasks_are_told_here_to_those_further_up_alone(registry: WireRegistry) -> None:
    registry.knows("bureau", "s1", assignee="bureau")
    code = "legal_aid.counsellor"
    receive(programme(code, assignee="agency", subject="school"), due("s1", code=code, day=LAST_WEEK))
    receive(overdue("s1", code=code, to="agency"), overdue("s1", code=code, to="bureau", step=2))
    tell()
    assert told("bureau") == [("overdue", code, 1)]
    assert len(log()) == 1


def test_what_was_over_before_anybody_was_told_is_one_number(registry: WireRegistry) -> None:
    registry.knows("t1", "c1", "c2")
    receive(programme())
    for weeks in (3, 2, 1):
        day = MONDAY - timedelta(weeks=weeks)
        receive(due("c1", "c2", day=day, grace_until=day + timedelta(days=6)), closed("c2", day=day))
        receive(closed("c1", day=day, state="missed"))
    receive(due("c1", "c2"))
    tell()
    assert told("t1") == [("due", TALK, 2), ("passed", TALK, 3)]
    tell()
    clock.stand_on(MONDAY + timedelta(days=1))
    tell()
    assert len(log()) == 1


def test_that_something_passed_is_told_alone_when_there_is_nothing_else(registry: WireRegistry) -> None:
    registry.knows("t1", "c1")
    receive(programme(), closed("c1", day=LAST_WEEK, state="missed"))
    tell()
    assert told("t1") == [("passed", TALK, 1)]


def test_what_was_done_in_an_outage_is_told_to_nobody_in_whatever_order_it_is_heard(registry: WireRegistry) -> None:
    receive(programme())
    for number, order in enumerate(permutations(range(3))):
        child = f"c{number}"
        registry.knows("t1", child)
        heard: list[Message] = [
            due(child, day=LAST_WEEK, grace_until=SUNDAY),
            closed(child, day=LAST_WEEK, state="missed"),
            closed(child, day=LAST_WEEK, state="done", changes=2),
        ]
        receive(*(heard[each] for each in order))
    tell()
    assert (log(), set(states().values())) == ([], {"closed"})


def test_what_seemed_done_and_was_taken_back_is_told_once_more_in_whatever_order_it_is_heard(
    registry: WireRegistry,
) -> None:
    receive(programme())
    for number, order in enumerate(permutations(range(3))):
        child = f"c{number}"
        registry.knows("t1", child)
        receive(*([due(child), closed(child), due(child, changes=2)][each] for each in order))
    tell()
    assert told("t1") == [("due", TALK, 6)]


def test_what_was_told_and_taken_back_is_told_the_next_day(registry: WireRegistry) -> None:
    registry.knows("t1", "c1")
    receive(programme(), due("c1"))
    tell()
    receive(closed("c1"), due("c1", changes=2))
    tell()
    assert len(log()) == 1
    clock.stand_on(MONDAY + timedelta(days=1))
    tell()
    assert len(log()) == 2


def test_a_step_that_was_told_is_forgotten_like_everything_else(registry: WireRegistry) -> None:
    registry.knows("k1", "c1", assignee="school_coordinator")
    registry.knows("t1", "c1")
    receive(programme(), overdue("c1"))
    tell()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hongzhu_notifier.waiting.KEPT", timedelta())
        service.ticks[1].run()
    assert states() == {}
