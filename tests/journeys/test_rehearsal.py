"""The short form of ``make prove ARGS="year sixty"``: a fortnight lived through with chaos, and a comparison that sees faults."""

from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.journeys import county
from tests.proofs.stack import Embedded

from hongzhu.rehearsal.comparison import compare, stands
from hongzhu.rehearsal.people import filled_in
from hongzhu.rehearsal.rehearsal import Rehearsal
from hongzhu.rehearsal.states import StateOracle

DAY = timedelta(days=1)
MONDAY = date(2023, 2, 13)
KEY = ("a.talk", "c1", "week:2023-02-13")
WINDOW = (MONDAY, MONDAY + 6 * DAY, MONDAY + 8 * DAY)


def test_a_fortnight_of_kills_repeats_and_jumps_is_as_the_oracle_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HONGZHU_HOME", str(tmp_path))  # put back afterwards, with all that the trial sets
    invented = county.invent(5, schools=3, children=24)
    invented.closed = {}
    folder = invented.write(tmp_path / "county")
    invented.write_calendar(folder)
    stack = Embedded(tmp_path / "stack")
    stack.forking = True
    stack.configure_here()
    rehearsal = Rehearsal(stack, county.FIRST_DAY, 13, chaos=True, seed=2)
    outcome = rehearsal.live(folder)
    print(outcome, rehearsal.chaos and rehearsal.chaos.done)
    assert outcome.clean, "\n".join(map(str, [*outcome.lost, *outcome.dup, *outcome.wrong][:9]))
    assert outcome.expected > 24 * 2
    assert outcome.states["done"] > 24


def task(**changes: Any) -> dict[str, Any]:
    opens, due, grace = WINDOW
    told = {"id": "1", "programme": "a.talk", "subject_id": "c1", "period": "week:2023-02-13", "school_id": "s1"}
    told |= {"agency": "a", "state": "missed", "opens_on": str(opens), "due_on": str(due), "grace_until": str(grace)}
    return told | {"done_on": None} | changes


def told(*days: int) -> StateOracle:
    oracle = StateOracle()
    oracle.issued[KEY], oracle.asked[KEY] = WINDOW, "talk"
    for number, day in enumerate(days):
        oracle.prove(f"e{number}", "c1", "talk", MONDAY + day * DAY, 1)
    return oracle


def compared(*tasks: dict[str, Any]) -> Any:
    knowledge: Any = SimpleNamespace(oracle=told(), left_out={})
    return compare(knowledge, tasks, MONDAY + 20 * DAY)


def test_a_comparison_sees_what_is_lost_what_is_there_twice_and_what_is_wrong() -> None:
    assert compared(task()).clean
    assert len(compared().lost) == 1
    assert len(compared(task(), task(id="2")).dup) == 1
    assert len(compared(task(), task(id="2", subject_id="c2")).dup) == 1
    assert len(compared(task(state="due")).wrong) == 1
    assert len(compared(task(due_on="2023-02-20")).wrong) == 1


@pytest.mark.parametrize(
    ("days", "day", "state"),
    [
        ([], 6, "due"),
        ([], 7, "overdue"),
        ([], 9, "missed"),
        ([6], 30, "done"),
        ([7, 3], 30, "done"),
        ([8], 30, "late"),
        ([-1, 9], 30, "missed"),
    ],
)
def test_a_task_stands_by_the_earliest_evidence_in_its_window(days: list[int], day: int, state: str) -> None:
    assert stands(told(*days), KEY, MONDAY + day * DAY)[0] == state


def test_a_form_is_filled_in_with_the_least_that_it_asks_for() -> None:
    form = {
        "properties": {
            "topic": {"enum": ["甲|A", "乙|B"]},
            "minutes": {"type": "integer", "minimum": 5},
            "on": {"type": "string", "format": "date"},
            "note": {"type": "string", "maxLength": 3},
            "more": {"type": "string"},
        },
        "required": ["topic", "minutes", "on", "note"],
    }
    assert filled_in(form, MONDAY) == {"topic": "甲|A", "minutes": 5, "on": "2023-02-13", "note": "已完成"}
