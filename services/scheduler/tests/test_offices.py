"""Agencies, the city and facilities are owed something by their facts, as children and schools are."""

from datetime import date, timedelta
from typing import Any

import pytest

from hongzhu.facts import AgencyFacts, CityFacts, FacilityFacts
from hongzhu.messages import OfficeChanged
from hongzhu.programme import All, EveryMonth, Standing, where
from hongzhu.testing.examples import MONDAY, programme

ALWAYS = date(2000, 1, 1)
RECRUITING = programme(
    "carers.recruiting",
    subject="agency",
    eligible=where("places_short", True),
    trigger=Standing(),
    resolved_by="places",
    assignee="agency",
)
SITES = programme(
    "league.sites", subject="city", eligible=where("sites_missing", True), trigger=Standing(), resolved_by="sites"
)
CARE = programme(
    "league.care",
    subject="facility",
    eligible=All(all=(where("kind", "swallow_home"), where("built", True))),
    trigger=EveryMonth(),
    resolved_by="care_activity",
)


def short(version: int, short: bool) -> OfficeChanged:
    facts = AgencyFacts(
        id="carers", version=version, school_id="carers", entered_on=ALWAYS, present=True, places_short=short
    )
    return OfficeChanged(agencies=(facts,), cities=(), facilities=())


def home(version: int, **facts: Any) -> OfficeChanged:
    common: dict[str, Any] = {"id": "home", "school_id": "city", "entered_on": MONDAY, "present": True}
    known = FacilityFacts.model_validate(common | {"kind": "swallow_home", "built": True, "version": version} | facts)
    return OfficeChanged(agencies=(), cities=(), facilities=(known,))


@pytest.mark.parametrize("office_first", [True, False])
def test_what_an_agency_owes_itself_begins_and_ends_with_its_fact(town: Any, office_first: bool) -> None:
    town.announce()
    if office_first:
        town.tell(short(1, False))
    town.approve(RECRUITING)
    town.tell(short(2, True))
    town.reach(MONDAY)
    assert list(town.tasks()) == [("carers.recruiting", "carers", f"since:{MONDAY}")]
    town.tell(short(1, False))  # said before, and overtaken
    assert len(town.tasks()) == 1
    town.file("carers", MONDAY, kind="places")
    town.tell(short(3, False))
    assert set(town.tasks().values()) == {"done"}
    town.reach(MONDAY + timedelta(days=7))
    town.tell(short(4, True))
    town.reach(MONDAY + timedelta(days=8))
    assert len(town.tasks()) == 2  # short once more, owed once more


def test_the_city_is_owed_its_sites_until_none_is_missing(town: Any) -> None:
    town.announce()
    town.approve(SITES)
    town.reach(MONDAY)
    assert town.tasks() == {}  # what is not known matches nothing
    common: dict[str, Any] = {"id": "city", "school_id": "city", "entered_on": ALWAYS, "present": True}
    city = CityFacts(**common, version=1, sites_missing=True)
    town.tell(OfficeChanged(agencies=(), cities=(city,), facilities=()))
    town.reach(MONDAY)
    assert [who for _, who, _ in town.tasks()] == ["city"]


def test_each_facility_that_is_built_is_owed_its_month_and_a_closed_one_nothing(town: Any) -> None:
    town.announce()
    town.approve(CARE)
    town.tell(home(1, id="planned", built=False), home(1), home(1, id="station", kind="counselling_station"))
    town.reach(MONDAY)
    assert set(town.tasks()) == {("league.care", "home", "month:2020-11")}
    town.tell(home(2, present=False))
    town.reach(date(2020, 12, 7))
    assert set(town.tasks()) == {("league.care", "home", "month:2020-11")}
