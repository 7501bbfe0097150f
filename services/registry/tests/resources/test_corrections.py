"""A correction leaves nothing untrue behind it: what evidence and events stand on stays, and the rest may be mended."""

from datetime import timedelta
from typing import Any

import pytest
from county import County
from sqlalchemy import select

from hongzhu import clock
from hongzhu.clock import now
from hongzhu.testing.examples import MONDAY
from hongzhu_registry.assessments.models import Assessment
from hongzhu_registry.children.models import Child
from hongzhu_registry.database import database
from hongzhu_registry.evidence.models import Evidence

DAY, BEFORE, EARLIER = (str(MONDAY - timedelta(days=days)) for days in (0, 1, 2))
ROWS: dict[str, dict[str, Any]] = {
    "/activities": {"kind": "birthday", "name": "生日", "held_on": DAY, "school_id": "school-own"},
    "/enrolments": {"child_id": "child-own", "kind": "after_school", "starts_on": DAY},
    "/referrals": {"child_id": "child-own", "organisation": "关爱会", "referred_on": BEFORE, "counselled_on": DAY},
    "/assessments": {"child_id": "child-own", "tested_on": DAY, "subject": "数学", "mark": 5},
    "/subsidies": {"child_id": "child-own", "teacher": "师", "taught_on": DAY, "transport": 1, "meals": 1},
}


def added(county: County, path: str, **changes: Any) -> str:
    answer = county.ask("bureau", "POST", path, ROWS[path] | changes)
    assert answer.status_code == 201, answer.text
    return f"{path}/{answer.json()['id']}"


def evidence() -> set[tuple[str, str, str]]:
    with database.transaction() as session:
        return {
            (each.subject_id, each.kind, str(each.done_on))
            for each in session.scalars(select(Evidence).where(Evidence.done_on.is_not(None)))
        }


def make_anonymous(child_id: str) -> None:
    with database.transaction() as session:
        session.get_one(Child, child_id).anonymised_at = now()


@pytest.mark.parametrize(
    ("path", "field", "value"),
    [
        ("/enrolments", "starts_on", BEFORE),
        ("/enrolments", "child_id", "child-mate"),
        ("/referrals", "referred_on", EARLIER),
        ("/referrals", "child_id", "child-mate"),
        ("/assessments", "child_id", "child-mate"),
        ("/subsidies", "child_id", "child-mate"),
    ],
)
def test_what_events_and_children_stand_on_stays_as_it_was_filed(
    county: County, path: str, field: str, value: Any
) -> None:
    row = added(county, path)
    before, proved = county.get("bureau", row), evidence()
    answer = county.ask("bureau", "PATCH", row, {field: value}, If_Match="*")
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert (county.get("bureau", row), evidence()) == (before, proved)
    # The same value again is no change.
    assert county.ask("bureau", "PATCH", row, {field: ROWS[path].get(field, False)}, If_Match="*").status_code == 200
    assert evidence() == proved


@pytest.mark.parametrize(
    ("path", "change", "proved"),
    [
        ("/activities", {"kind": "law_lecture"}, {("school-own", "law_lecture", DAY)}),
        ("/activities", {"held_on": BEFORE}, {("school-own", "birthday", BEFORE)}),
        ("/activities", {"school_id": "school-other"}, {("school-other", "birthday", DAY)}),
        ("/activities", {"planned": True}, set()),
        ("/enrolments", {"kind": "boarding"}, {("child-own", "boarding", DAY)}),
        ("/referrals", {"counselled_on": BEFORE}, {("child-own", "counselling", BEFORE)}),
    ],
)
def test_correcting_what_evidence_stands_on_corrects_the_evidence(
    county: County, path: str, change: dict[str, Any], proved: set[tuple[str, str, str]]
) -> None:
    row = added(county, path)
    assert county.ask("bureau", "PATCH", row, change, If_Match="*").status_code == 200
    assert evidence() == proved
    back = {name: ROWS[path].get(name, False) for name in change}
    assert county.ask("bureau", "PATCH", row, back, If_Match="*").status_code == 200
    if path == "/referrals":  # it is taken back as a step: tests/referrals
        return
    again = added(county, path)
    assert {each[2] for each in evidence()} == {DAY}
    assert county.ask("bureau", "POST", f"{again}/withdraw", {"reason": "错"}).status_code == 201
    assert county.ask("bureau", "POST", f"{again}/withdraw", {"reason": "错"}).status_code == 409
    assert county.get("bureau", again)["withdrawn_on"] == DAY


@pytest.mark.parametrize(
    ("path", "change"),
    [
        ("/activities", {"held_on": BEFORE}),
        ("/activities", {"school_id": None}),
        ("/enrolments", {"kind": "boarding"}),
        ("/referrals", {"counselled_on": BEFORE}),
    ],
)
def test_a_row_that_was_taken_back_stays_so(county: County, path: str, change: dict[str, Any]) -> None:
    row = added(county, path)
    assert county.ask("bureau", "POST", f"{row}/withdraw", {"reason": "错"}).status_code == 201
    before, proved = county.get("bureau", row), evidence()
    assert county.ask("bureau", "PATCH", row, change, If_Match="*").status_code == 409
    assert (county.get("bureau", row), evidence()) == (before, proved)


@pytest.mark.parametrize("who", ["bureau", "other_school"])
@pytest.mark.parametrize("path", ["/enrolments", "/assessments", "/subsidies"])
def test_a_corrected_row_of_a_child_that_moved_stays_at_the_school_where_it_was_written(
    county: County, path: str, who: str
) -> None:
    row = added(county, path)
    moved = county.ask("bureau", "POST", "/children/child-own/transfer", {"school_id": "school-other"})
    assert moved.status_code == 201, moved.text
    change = {"/enrolments": {"free": True}, "/assessments": {"mark": 70}, "/subsidies": {"meals": 2}}[path]
    answer = county.ask(who, "PATCH", row, change, If_Match="*")
    assert (answer.status_code, answer.json()["school_id"]) == (200, "school-own")


def test_a_place_without_a_first_day_is_evidence_of_the_day_on_which_it_was_filed(county: County) -> None:
    row = added(county, "/enrolments", starts_on=None)
    clock.stand_on(MONDAY + timedelta(days=40))
    for change in ({"note": "改"}, {"kind": "boarding"}):
        assert county.ask("bureau", "PATCH", row, change, If_Match="*").status_code == 200
    assert evidence() == {("child-own", "boarding", DAY)}


@pytest.mark.parametrize(
    ("path", "change"),
    [
        ("/activities", {"attendance": 30, "note": "改"}),
        ("/enrolments", {"free": True}),
        ("/referrals", {"cause": "改"}),
        ("/assessments", {"mark": 61, "tested_on": BEFORE}),
        ("/subsidies", {"transport": 2, "taught_on": BEFORE}),
    ],
)
def test_whatever_nothing_stands_on_can_be_corrected(county: County, path: str, change: dict[str, Any]) -> None:
    row, proved = added(county, path), evidence()
    assert county.ask("bureau", "PATCH", row, change, If_Match="*").status_code == 200
    assert change.items() <= county.get("bureau", row).items()
    assert proved == evidence()


def test_a_child_that_is_counselled_later_is_evidence_from_then_on(county: County) -> None:
    row = added(county, "/referrals", counselled_on=None)
    assert evidence() == set()
    for step in ("accept", "done"):
        assert county.ask("bureau", "POST", f"{row}/{step}", {"on": DAY}).status_code == 200
    assert evidence() == {("child-own", "referral_answered", DAY), ("child-own", "counselling", DAY)}


def test_what_is_only_planned_may_be_put_off(county: County) -> None:
    row = added(county, "/activities", planned=True)
    change = {"held_on": str(MONDAY + timedelta(days=7)), "kind": "law_lecture", "school_id": "school-other"}
    assert county.ask("bureau", "PATCH", row, change, If_Match="*").status_code == 200
    assert evidence() == set()


def test_a_concern_stays_with_the_child_whose_mark_it_is(county: County) -> None:
    with database.transaction() as session:
        session.delete(session.get_one(Assessment, "assessment-own"))
    row = added(county, "/assessments")
    assert county.ask("bureau", "PATCH", row, {"child_id": "child-mate"}, If_Match="*").status_code == 422
    concerns = {each["id"]: each["academic_concern"] for each in county.get("school", "/children")["items"]}
    assert concerns == {"child-own": True, "child-mate": None}
    assert county.ask("bureau", "PATCH", row, {"mark": 60}, If_Match="*").status_code == 200
    assert county.get("school", "/children/child-own")["academic_concern"] is False


@pytest.mark.parametrize("who", ["bureau", "school"])
@pytest.mark.parametrize("path", [path for path in ROWS if path != "/activities"])
def test_nothing_is_added_to_or_changed_in_a_dossier_that_was_made_anonymous(
    county: County, who: str, path: str
) -> None:
    row = added(county, path)
    make_anonymous("child-own")
    before = county.get("bureau", path), evidence()
    assert county.ask(who, "POST", path, ROWS[path]).status_code == 409
    assert county.ask(who, "PATCH", row, {}, If_Match="*").status_code == 409
    assert (county.get("bureau", path), evidence()) == before
    assert county.ask(who, "GET", row).status_code == 200


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (
            "/records",
            {
                "kind": "talk",
                "occurred_on": DAY,
                "data": {"topic": "学习|Learning"},
                "child_ids": ["child-mate", "child-own"],
            },
        ),
        ("/pairings", {"kind": "proxy_parent", "supporter_id": "teacher-too", "child_id": "child-own"}),
        ("/children/child-own/guardian-link", None),
    ],
)
def test_no_record_pairing_or_link_is_made_for_an_anonymous_child(county: County, path: str, body: Any) -> None:
    make_anonymous("child-own")
    assert county.ask("school", "POST", path, body).status_code == 409
    assert (evidence(), county.said()) == (set(), [])


@pytest.mark.parametrize("field", ["transport", "meals"])
def test_no_visit_costs_more_than_any_could(county: County, field: str) -> None:
    for value in (-1, 100_001, 10**15):
        assert county.ask("school", "POST", "/subsidies", ROWS["/subsidies"] | {field: value}).status_code == 422
        answer = county.ask("school", "PATCH", "/subsidies/subsidy-own", {field: value}, If_Match="*")
        assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert county.ask("school", "POST", "/subsidies", ROWS["/subsidies"] | {field: 100_000}).status_code == 201
