"""Evidence resolves tasks; so nobody files it for what others promised, in another way than was promised, or before it was done."""

from datetime import timedelta
from typing import Any

import pytest
from county import COUNSELLOR, LOVE, TALK, County, due
from sqlalchemy import func, select

from hongzhu.testing.examples import MONDAY
from hongzhu_registry.activities.models import Activity
from hongzhu_registry.database import database
from hongzhu_registry.evidence.models import Evidence
from hongzhu_registry.programmes.models import ProgrammeVersion
from hongzhu_registry.supporters.models import Supporter
from hongzhu_registry.tasks.consumers import on_task_due

DAY, TOMORROW = str(MONDAY), str(MONDAY + timedelta(days=1))
TALKED = {"kind": "talk", "occurred_on": DAY, "data": {"topic": "学习|Learning"}, "child_ids": ["child-own"]}


def activity(**changes: Any) -> dict[str, Any]:
    return {"kind": "birthday", "name": "生日", "held_on": DAY, "school_id": "school-own"} | changes


def enrolment(**changes: Any) -> dict[str, Any]:
    return {"child_id": "child-own", "kind": "after_school", "starts_on": DAY} | changes


def referral(**changes: Any) -> dict[str, Any]:
    return {"child_id": "child-own", "organisation": "关爱会", "referred_on": DAY} | changes


def filed() -> int:
    with database.transaction() as session:
        return session.scalar(select(func.count()).select_from(Evidence)) or 0


def done(county: County, code: str) -> int:
    return len(county.get("bureau", f"/tasks?programme={code}&state=done")["items"])


def ask_for(kind: str, code: str, *, form: Any = None) -> None:
    """Let a running programme ask for a kind of evidence instead of what it asked for."""
    with database.transaction() as session:
        version = session.scalars(select(ProgrammeVersion).where(ProgrammeVersion.code == code)).one()
        version.definition = version.definition | {"resolved_by": kind, "form": form}


@pytest.mark.parametrize("who", ["bureau", "school"])
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/activities", activity(kind="talk")),
        ("/enrolments", enrolment(kind="talk")),
        ("/pairings", {"kind": "talk", "supporter_id": "teacher-too", "child_id": "child-own"}),
    ],
)
def test_what_is_asked_for_with_a_form_is_shown_by_a_record_alone(
    county: County, who: str, path: str, body: dict[str, Any]
) -> None:
    answer = county.ask(who, "POST", path, body)
    assert (answer.status_code, answer.json()["field"]) == (422, "kind")
    assert (filed(), done(county, TALK), county.said()) == (0, 0, [])
    assert county.ask(who, "POST", "/records", TALKED).status_code == 201
    assert done(county, TALK) == 1


@pytest.mark.parametrize("who", ["bureau", "school", "carers", "lawyers"])
def test_what_people_are_kept_for_is_shown_by_a_pairing_alone(county: County, who: str) -> None:
    answer = county.ask(who, "POST", "/activities", activity(kind="law_counsellor"))
    assert (answer.status_code, answer.json()["field"]) == (422, "kind")
    assert (filed(), done(county, COUNSELLOR)) == (0, 0)
    pairing = {"kind": "law_counsellor", "supporter_id": "lawyer", "school_id": "school-own"}
    assert county.ask("lawyers", "POST", "/pairings", pairing).status_code == 201
    assert done(county, COUNSELLOR) == 1


def test_an_agency_gives_no_evidence_of_what_only_another_one_promised(county: County) -> None:
    ask_for("first_lesson", COUNSELLOR)
    answer = county.ask("carers", "POST", "/activities", activity(kind="first_lesson"))
    assert (answer.status_code, answer.json()["field"]) == (422, "kind")
    assert filed() == 0
    assert county.ask("lawyers", "POST", "/activities", activity(kind="first_lesson")).status_code == 201
    assert filed() == 1


def test_an_agency_counsels_for_itself_and_not_for_another_one(county: County) -> None:
    with database.transaction() as session:
        on_task_due(session, due(LOVE, "child-own"))
    ask_for("counselling", COUNSELLOR)
    counselled = referral(counselled_on=DAY)
    assert county.ask("carers", "POST", "/referrals", counselled).json()["field"] == "kind"
    assert filed() == 0
    ask_for("counselling", LOVE)
    assert county.ask("carers", "POST", "/referrals", counselled).status_code == 201
    assert filed() == 1


def test_what_nobody_asks_for_may_be_filed_by_any_agency(county: County) -> None:
    assert county.ask("lawyers", "POST", "/activities", activity(kind="law_lecture")).status_code == 201
    assert filed() == 1


def test_an_activity_cannot_become_evidence_of_anothers_promise_by_a_correction(county: County) -> None:
    ask_for("first_lesson", COUNSELLOR)
    planned = county.ask("carers", "POST", "/activities", activity(kind="first_lesson", planned=True)).json()["id"]
    answer = county.ask("carers", "PATCH", f"/activities/{planned}", {"planned": False}, If_Match="*")
    assert (answer.status_code, answer.json()["field"]) == (422, "kind")
    assert filed() == 0


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/activities", activity(held_on=TOMORROW), "held_on"),
        ("/enrolments", enrolment(starts_on=TOMORROW), "starts_on"),
        ("/referrals", referral(referred_on=TOMORROW), "referred_on"),
        ("/referrals", referral(accepted_on=TOMORROW), "accepted_on"),
        ("/referrals", referral(counselled_on=TOMORROW), "counselled_on"),
        ("/records", TALKED | {"occurred_on": TOMORROW}, "occurred_on"),
        (
            "/assessments",
            {"child_id": "child-own", "tested_on": TOMORROW, "subject": "语文", "mark": 5},
            "tested_on",
        ),
        (
            "/subsidies",
            {"child_id": "child-own", "teacher": "师", "taught_on": TOMORROW, "transport": 1, "meals": 1},
            "taught_on",
        ),
    ],
)
def test_nothing_is_done_on_a_day_to_come(county: County, path: str, body: dict[str, Any], field: str) -> None:
    before = len(county.get("bureau", path)["items"])
    answer = county.ask("school", "POST", path, body)
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert (len(county.get("bureau", path)["items"]), filed(), county.said()) == (before, 0, [])


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/activities/activity-own", "held_on"),
        ("/enrolments/enrolment-own", "starts_on"),
        ("/referrals/referral-own", "counselled_on"),
        ("/assessments/assessment-own", "tested_on"),
        ("/subsidies/subsidy-own", "taught_on"),
    ],
)
def test_nothing_is_corrected_to_a_day_to_come(county: County, path: str, field: str) -> None:
    answer = county.ask("school", "PATCH", path, {field: TOMORROW}, If_Match="*")
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert filed() == 0


def test_what_is_planned_lies_ahead_and_is_evidence_once_it_is_held(county: County) -> None:
    body = activity(held_on=TOMORROW, planned=True)
    planned = county.ask("school", "POST", "/activities", body).json()["id"]
    assert filed() == 0
    path = f"/activities/{planned}"
    answer = county.ask("school", "PATCH", path, {"planned": False}, If_Match="*")
    assert (answer.status_code, answer.json()["field"]) == (422, "held_on")
    answer = county.ask("school", "PATCH", path, {"planned": False, "held_on": DAY}, If_Match="*")
    assert answer.status_code == 200
    assert filed() == 1


def test_what_was_filed_before_somebody_promised_it_can_still_be_corrected(county: County) -> None:
    held = county.ask("carers", "POST", "/activities", activity(kind="first_lesson")).json()["id"]
    ask_for("first_lesson", COUNSELLOR, form={"type": "object"})
    answer = county.ask("carers", "PATCH", f"/activities/{held}", {"note": "改"}, If_Match="*")
    assert (answer.status_code, filed()) == (200, 1)


def test_the_kinds_of_people_are_asked_for_whosever_people_they_are(county: County) -> None:
    """A school sees none of an agency's people, and is told the same."""
    with database.transaction() as session:
        assert session.scalar(select(func.count()).where(Supporter.kind == "law_counsellor")) == 1
        before = session.scalar(select(func.count()).select_from(Activity))
    assert county.ask("other_school", "POST", "/enrolments", enrolment(kind="law_counsellor")).status_code == 404
    body = activity(kind="law_counsellor", school_id="school-other")
    assert county.ask("other_school", "POST", "/activities", body).status_code == 422
    with database.transaction() as session:
        assert session.scalar(select(func.count()).select_from(Activity)) == before
