"""What the women's federation's plugin promises."""

from typing import Any

import pytest

from hongzhu.facts import AgencyFacts, ChildFacts
from hongzhu.messages import TaskClosed, TaskDue
from hongzhu.programme import holds
from hongzhu.testing.examples import MONDAY
from hongzhu_womens_federation import LOVE_PARENT, RECRUITING, programmes, task_closed

recruiting, love_parent = programmes()
COMMON: dict[str, Any] = {"version": 1, "school_id": "s", "entered_on": "2020-09-01", "present": True}


@pytest.mark.parametrize(
    ("facts", "owed"),
    [
        ({"in_poverty": True, "has_love_parent": False}, True),
        ({"in_poverty": True, "has_love_parent": True}, False),
        ({"in_poverty": False, "has_love_parent": False}, False),
        ({"has_love_parent": False}, False),
    ],
    ids=str,
)
def test_every_child_in_poverty_is_owed_a_love_parent_until_it_has_one(facts: dict[str, Any], owed: bool) -> None:
    assert holds(love_parent.eligible, ChildFacts.model_validate({"id": "c", **COMMON, **facts})) is owed


@pytest.mark.parametrize("short", [True, False])
def test_love_parents_are_recruited_as_long_as_places_are_short(short: bool) -> None:
    facts = AgencyFacts.model_validate({"id": "womens_federation", **COMMON, "places_short": short})
    assert holds(recruiting.eligible, facts) is short


def test_no_field_of_any_child_is_asked_for() -> None:
    assert not any(each.fields for each in programmes())


class Registry:
    """Has one child that waits, and nobody for it."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def tasks_due(self, _agency: str) -> list[TaskDue]:
        window = {"opens_on": MONDAY, "due_on": MONDAY}
        return [TaskDue(**task(LOVE_PARENT), version=1, **window)]

    def get(self, _path: str) -> dict[str, Any]:
        return {"town": "洪田镇"}

    def still_owed(self, message: TaskDue) -> list[str]:
        return list(message.subjects)

    def items(self, path: str, **_query: Any) -> list[dict[str, Any]]:
        self.asked.append(path)
        return []


def task(programme: str) -> dict[str, Any]:
    period = {"period": f"since:{MONDAY}", "period_start": MONDAY}
    return {"programme": programme, **period, "school_id": "s", "subjects": ("c",)}


@pytest.mark.parametrize(("state", "looked"), [("done", 1), ("late", 1), ("cancelled", 0)])
def test_once_there_are_places_whoever_waited_is_served(state: Any, looked: int) -> None:
    registry = Registry()
    task_closed(TaskClosed(**task(RECRUITING), state=state), registry)  # type: ignore[arg-type]  # it answers as the client does
    assert registry.asked.count("/supporters") == looked
