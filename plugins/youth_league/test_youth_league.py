"""What the youth league's plugin promises."""

from typing import Any

import pytest

from hongzhu.facts import CityFacts, FacilityFacts
from hongzhu.programme import holds
from hongzhu_youth_league import programmes

swallow_home, care_activity = programmes()
COMMON: dict[str, Any] = {"version": 1, "school_id": "city", "entered_on": "2020-09-01", "present": True}


@pytest.mark.parametrize("missing", [True, False])
def test_swallow_homes_are_owed_until_all_that_were_planned_are_built(missing: bool) -> None:
    facts = CityFacts.model_validate({"id": "city", **COMMON, "sites_missing": missing})
    assert holds(swallow_home.eligible, facts) is missing


@pytest.mark.parametrize(
    ("kind", "built", "owed"),
    [("swallow_home", True, True), ("swallow_home", False, False), ("counselling_station", True, False)],
)
def test_each_swallow_home_that_is_built_is_owed_an_activity(kind: str, built: bool, owed: bool) -> None:
    facts = FacilityFacts.model_validate({"id": "f", **COMMON, "kind": kind, "built": built})
    assert holds(care_activity.eligible, facts) is owed


def test_no_field_of_any_child_is_asked_for() -> None:
    assert not any(each.fields for each in programmes())
