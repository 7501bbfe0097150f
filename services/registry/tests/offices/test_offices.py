"""What agencies, the city and facilities are owed: their facts are said when they change, and what was done for them counts."""

from datetime import date
from typing import Any

import pytest
from county import BUREAU, LOVE, MONDAY, County, child, due, promise, supporter
from rosters import hand_in
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


HOME_1 = {"organisation": "关爱会", "kind": "swallow_home", "name": "雏燕之家1号", "status": "built"}
HELD = {
    "organisation": "关爱会",
    "kind": "care_activity",
    "name": "青春护雏",
    "held_on": str(MONDAY),
    "place": "雏燕之家1号",
}


def held_at_home(county: County) -> tuple[str, set[str]]:
    """An activity that counts for its three offices; returns its path, and these."""
    home = county.ask("carers", "POST", "/facilities", HOME_1).json()["id"]
    activity = county.ask("bureau", "POST", "/activities", HELD).json()["id"]
    bring_up_to_date()
    return f"/activities/{activity}", {"carers", "city", home}


def shown_by(activity: str) -> dict[str, tuple[str, date | None]]:
    """What an activity is evidence of, by whom it is for."""
    with database.transaction() as session:
        found = select(Evidence).where(Evidence.id == activity.rpartition("/")[2], Evidence.done_on.is_not(None))
        return {each.subject_id: (each.kind, each.done_on) for each in session.scalars(found)}


@pytest.mark.parametrize(
    ("change", "now"),
    [
        ({"held_on": "2020-11-20"}, ("care_activity", date(2020, 11, 20))),
        ({"kind": "birthday"}, ("birthday", MONDAY)),
        ({"planned": True}, None),
    ],
)
def test_a_corrected_activity_is_evidence_for_its_offices_as_it_was_corrected(
    county: County, change: dict[str, Any], now: Any
) -> None:
    activity, offices = held_at_home(county)
    before = shown_by(activity)
    assert before == dict.fromkeys(offices, ("care_activity", MONDAY))
    for said, evidence in ((change, {each: now for each in offices if now}), (HELD | {"planned": False}, before)):
        assert county.ask("bureau", "PATCH", activity, said, If_Match="*").status_code == 200
        bring_up_to_date()
        assert shown_by(activity) == evidence


def test_an_activity_that_was_elsewhere_and_another_s_is_evidence_for_these(county: County) -> None:
    activity, _ = held_at_home(county)
    change = {"place": "操场", "organisation": "律师团"}
    assert county.ask("bureau", "PATCH", activity, change, If_Match="*").status_code == 200
    bring_up_to_date()
    assert shown_by(activity).keys() == {"lawyers", "city"}


def test_an_activity_that_was_taken_back_counts_for_no_office(county: County) -> None:
    counted, _ = held_at_home(county)
    before_the_tick = county.ask("bureau", "POST", "/activities", HELD | {"school_id": "school-own"}).json()["id"]
    for each in (counted, f"/activities/{before_the_tick}"):
        assert county.ask("bureau", "POST", f"{each}/withdraw", {"reason": "错"}).status_code == 201
    bring_up_to_date()
    assert (shown_by(counted), shown_by(before_the_tick)) == ({}, {})


def test_a_facility_keeps_the_name_by_which_activities_find_it(county: County) -> None:
    _, offices = held_at_home(county)
    [home] = offices - {"carers", "city"}
    answer = county.ask("carers", "PATCH", f"/facilities/{home}", {"name": "雏燕之家2号"}, If_Match="*")
    assert (answer.status_code, answer.json()["field"]) == (422, "name")


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


def test_the_day_on_which_the_city_s_leading_group_was_formed_can_be_corrected(county: County) -> None:
    def leader(formed_on: date | None) -> dict[str, Any]:
        return {"级别": "市", "学校名称": "", "职务": "组长", "姓名": "林", "职责": "总负责", "成立日期": formed_on}

    for day in (date(2020, 9, 1), date(2020, 10, 1), None):
        hand_in(l=[leader(day)])
        bring_up_to_date()
        assert shown("city", "leading_group") == [day]


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
