"""What agencies, the city and facilities are owed: their facts are said when they change, and what was done for them counts."""

from datetime import date
from typing import Any

import pytest
from county import BUREAU, LOVE, MONDAY, County, child, due, promise, supporter
from sqlalchemy import select

from hongzhu.messages import OfficeChanged
from hongzhu.programme import Standing, where
from hongzhu_registry.activities.models import Activity
from hongzhu_registry.database import database
from hongzhu_registry.evidence.models import Evidence
from hongzhu_registry.facilities.models import Facility
from hongzhu_registry.leadership.models import Leader
from hongzhu_registry.offices.service import announce, is_left
from hongzhu_registry.offices.ticks import bring_up_to_date
from hongzhu_registry.programmes import service as programmes
from hongzhu_registry.tasks.consumers import on_task_due

RECRUITING = "carers.recruiting"


@pytest.fixture(autouse=True)
def recruiting(county: County) -> None:
    """The carers recruit as long as their places are short."""
    asked = where("places_short", True)
    declared = promise(
        RECRUITING, subject="agency", eligible=asked, trigger=Standing(), resolved_by="places", form=None, fields=set()
    )
    with database.transaction() as session:
        programmes.declare(session, declared)
        programmes.declare(
            session, promise(LOVE, resolved_by="love_parent", form=None, fields=set(), assignee="agency")
        )
        session.flush()
        for code in (RECRUITING, LOVE):
            programmes.approve(session, BUREAU, code, MONDAY)


def told(county: County) -> list[Any]:
    """Brings offices up to date, and returns the facts that were said of them by that."""
    before = len(county.said())
    bring_up_to_date()
    said = [OfficeChanged.model_validate_json(body) for topic, body in county.said()[before:] if "office" in topic]
    return [each for message in said for each in (*message.agencies, *message.cities, *message.facilities)]


def shown(subject: str, kind: str) -> list[date | None]:
    with database.transaction() as session:
        found = select(Evidence.done_on).where(Evidence.subject_id == subject, Evidence.kind == kind)
        return list(session.scalars(found))


def wait_for_a_love_parent(*children: str) -> None:
    with database.transaction() as session:
        session.add_all(child(each, "school-own", f"{number:018}") for number, each in enumerate(children))
        session.flush()
        on_task_due(session, due(LOVE, *children, version=2))


def test_what_has_been_said_is_not_said_again_but_on_a_resync(county: County) -> None:
    assert told(county)
    assert told(county) == []
    before = len(county.said())
    with database.transaction() as session:
        announce(session)
    assert {topic for topic, _ in county.said()[before:]} == {"office.changed.v1"}


def test_places_are_short_until_enough_are_vetted_and_that_is_evidence(county: County) -> None:
    told(county)
    wait_for_a_love_parent("a", "b", "c")  # the one carer who is vetted has two places
    (short,) = told(county)
    assert (short.id, short.places_short, short.version) == ("carers", True, 2)
    assert shown("carers", "places") == []
    with database.transaction() as session:
        session.add(supporter("carer-2", "关爱会", "love_parent", vetted=False))
    assert told(county) == []  # nobody meets a child unvetted
    with database.transaction() as session:
        session.add(supporter("carer-3", "关爱会", "love_parent"))
    (enough,) = told(county)
    assert (enough.places_short, enough.version) == (False, 3)
    assert shown("carers", "places") == [MONDAY]


def test_a_pairing_takes_a_place_and_a_waiting_child_alike(county: County) -> None:
    wait_for_a_love_parent("a", "b", "c")
    told(county)
    for each in "ab":
        pairing = {"kind": "love_parent", "supporter_id": "carer", "child_id": each}
        assert county.ask("carers", "POST", "/pairings", pairing).status_code == 201
    assert not any(hasattr(each, "places_short") for each in told(county))  # one waits, and no place is left


def test_sites_are_missing_until_all_that_were_planned_are_built_and_that_is_evidence(county: County) -> None:
    site = {"organisation": "关爱会", "kind": "swallow_home", "name": "雏燕之家1号", "status": "selected"}
    made = county.ask("carers", "POST", "/facilities", site).json()
    first = {each.id: each for each in told(county)}
    assert first["city"].sites_missing is True
    assert (first[made["id"]].kind, first[made["id"]].built) == ("swallow_home", False)
    county.ask("carers", "PATCH", f"/facilities/{made['id']}", {"status": "built"}, If_Match="*")
    then = {each.id: each for each in told(county)}
    assert then["city"].sites_missing is False
    assert then[made["id"]].built is True
    assert shown("city", "sites") == [MONDAY]


def test_an_activity_counts_for_the_agency_the_city_and_the_facility_once_each(county: County) -> None:
    with database.transaction() as session:
        session.add(
            Facility(id="home-1", organisation="关爱会", kind="swallow_home", name="雏燕之家1号", status="built")
        )
        common = {"organisation": "关爱会", "kind": "care_activity", "name": "青春护雏", "place": "雏燕之家1号"}
        session.add(Activity(id="held", **common, held_on=MONDAY, planned=False))
        session.add(Activity(id="to-come", **common, held_on=date(2020, 12, 1), planned=True))
    for _ in range(2):
        told(county)
    for subject in ("carers", "city", "home-1"):
        assert shown(subject, "care_activity") == [MONDAY], subject


def test_nobody_gives_evidence_of_what_only_others_promised_by_an_activity_without_a_school(county: County) -> None:
    activity = {"kind": "places", "name": "招募", "held_on": str(MONDAY)}
    assert county.ask("lawyers", "POST", "/activities", activity).status_code == 422
    assert county.ask("carers", "POST", "/activities", activity).status_code == 201


def test_the_city_s_leading_group_is_a_fact_and_evidence(county: County) -> None:
    told(county)
    with database.transaction() as session:
        session.add(Leader(id="chief", level="city", duty="组长", name="林", formed_on=date(2020, 8, 20)))
    (city,) = told(county)
    assert city.has_leading_group is True
    assert shown("city", "leading_group") == [date(2020, 8, 20)]


def test_somebody_who_waits_for_it_can_tell_when_everything_about_offices_is_said(county: County) -> None:
    def left() -> bool:
        with database.reading() as session:
            return is_left(session)

    assert left(), "nothing of any office was said yet"
    told(county)
    assert not left()
    with database.transaction() as session:
        session.add(Facility(organisation="团市委", kind="swallow_home", name="雏燕之家", status="selected"))
    assert left(), "a site is missing now"
    told(county)
    assert not left()
