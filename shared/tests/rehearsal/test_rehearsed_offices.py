"""Offices in a rehearsal: what a client from outside can tell of them, and for whom an activity counts."""

from datetime import date
from typing import Any

from hongzhu.facts import CityFacts, FacilityFacts
from hongzhu.rehearsal.offices import CITY, done, offices
from hongzhu.rehearsal.states import StateOracle

DAY = date(2020, 9, 1)
AGENCIES = [{"name": "youth_league", "title_zh": "团市委"}]
HOME: dict[str, Any] = {"id": "f1", "kind": "swallow_home", "name": "燕东雏燕之家", "status": "selected"}


def test_the_city_misses_a_site_until_all_are_built() -> None:
    for status, missing in (("selected", True), ("planned", True), ("built", False), ("closed", False)):
        told = list(offices(AGENCIES, [HOME | {"status": status}], [], DAY))
        (city,) = (each for each in told if isinstance(each, CityFacts))
        (home,) = (each for each in told if isinstance(each, FacilityFacts))
        assert city.sites_missing is missing
        assert (home.built, home.present) == (status == "built", status != "closed")


def test_only_a_group_of_no_school_is_the_citys() -> None:
    for school_id, led in (("s1", False), (None, True)):
        told = offices([], [], [{"school_id": school_id}], DAY)
        assert [each.has_leading_group for each in told if isinstance(each, CityFacts)] == [led]


def test_an_activity_counts_for_its_school_or_for_whoever_held_it_the_city_and_the_place() -> None:
    held: dict[str, Any] = {"id": "a", "planned": False, "school_id": None, "organisation": None, "place": None}
    activities = [
        held | {"id": "at-school", "school_id": "s1"},
        held | {"id": "by-name", "organisation": "youth_league", "place": HOME["name"]},
        held | {"id": "by-title", "organisation": "团市委"},
        held | {"id": "planned", "organisation": "团市委", "planned": True},
    ]
    assert {(row["id"], whom) for row, whom in done(activities, AGENCIES, [HOME])} == {
        ("at-school", "s1"),
        *(("by-name", each) for each in ("youth_league", CITY, "f1")),
        *(("by-title", each) for each in ("youth_league", CITY)),
    }


def test_the_answer_to_one_report_of_harm_is_none_to_another() -> None:
    oracle = StateOracle()
    keys = [("police.report", "police", f"event:r{number}") for number in (1, 2)]
    for key in keys:
        oracle.issued[key], oracle.asked[key] = (DAY, DAY, None), "mandatory_report_answered"
    oracle.prove("r1", "police", "mandatory_report_answered", DAY, 1)
    assert [oracle.state(key, DAY) for key in keys] == ["done", "due"]
