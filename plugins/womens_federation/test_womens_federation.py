"""What the women's federation's plugin promises."""

from typing import Any

import pytest

from hongzhu.facts import AgencyFacts, ChildFacts
from hongzhu.programme import holds
from hongzhu_womens_federation import programmes

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
