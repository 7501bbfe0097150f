"""Those who act in a rehearsal: most is done in time and by whole schools, and all of it as the dice have it."""

from collections import Counter
from datetime import date
from typing import Any

import pytest

from hongzhu.calendar import SchoolCalendar, Term
from hongzhu.rehearsal.people import DAY, People

MONDAY = date(2020, 9, 7)
CALENDAR = SchoolCalendar(terms=(Term(name="autumn", first=date(2020, 9, 1), last=date(2021, 1, 22)),))
TALK = {"subject": "child", "form": {}, "resolved_by": "talk", "assignee": "class_teacher"}


def owed(number: int, school: str, week: date = MONDAY) -> dict[str, Any]:
    told = {"id": f"{week}-{number}", "programme": "a.talk", "subject_id": f"c{number}", "school_id": school}
    return told | {"period": f"week:{week}", "opens_on": str(week), "due_on": str(week + 6 * DAY)}


def booked(rate: float) -> list[tuple[date, date, dict[str, Any]]]:
    """What forty schools with twenty children each put down for a week: when it is filed, of which day, and of what."""
    people = People({}, rate, seed=1)
    tasks = [owed(school * 20 + number, f"s{school}") for school in range(40) for number in range(20)]
    people.take_note(tasks, MONDAY, CALENDAR)
    people.take_note(tasks, MONDAY, CALENDAR)  # what is known is not decided again
    return [(on, each.done_on, dict(each.task)) for on, some in people.book.items() for each in some]


@pytest.mark.parametrize("rate", [0.0, 0.5, 1.0])
def test_as_much_is_done_as_the_rate_says(rate: float) -> None:
    assert abs(len(booked(rate)) / 800 - rate) < 0.05


def test_some_of_it_is_late_and_some_is_handed_in_long_after() -> None:
    last = MONDAY + 6 * DAY
    ways = Counter("late" if done > last else "paper" if filed > done else "in time" for filed, done, _ in booked(1))
    assert all(ways[each] > 20 for each in ("late", "paper"))
    assert ways["in time"] > 600
    assert all(filed >= done for filed, done, _ in booked(1)), "nobody files what is still to come"


def test_a_school_files_for_many_children_in_one_call() -> None:
    calls = {(task["school_id"], filed, done) for filed, done, task in booked(1)}
    assert 40 < len(calls) < 80


def test_the_same_dice_fall_alike() -> None:
    assert booked(0.7) == booked(0.7)
