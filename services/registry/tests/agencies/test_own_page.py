"""An agency's own desk: what it is shown and why, its referrals, and filing what it did."""

import re
from datetime import date, timedelta

import pytest
from county import BUREAU, TALK, County, due, promise, token_of
from sqlalchemy import select
from teachers_page import ENGLISH, OWN, TOPIC, TUESDAY, WEDNESDAY, a_form, offered

from hongzhu import clock
from hongzhu.programme import OncePer
from hongzhu.testing.examples import MONDAY
from hongzhu_registry.activities.models import Activity
from hongzhu_registry.database import database
from hongzhu_registry.programmes import service as programmes
from hongzhu_registry.schools.models import School
from hongzhu_registry.signed_in import SESSION
from hongzhu_registry.tasks.consumers import on_task_due

GIFT, LECTURE = "carers.gift", "carers.lecture"


@pytest.fixture
def carers(county: County) -> County:
    clock.stand_on(WEDNESDAY)
    county.http.cookies.set(SESSION, token_of("carers"))
    return county


def owed(code: str, *subjects: str, day: date = MONDAY, **said: object) -> None:
    with database.transaction() as session:
        programmes.declare(session, promise(code, resolved_by=code.partition(".")[2], assignee="agency", **said))
        session.flush()
        programmes.approve(session, BUREAU, code, MONDAY)
        on_task_due(session, due(code, *subjects, day=day))


def text(county: County, path: str = "/agency") -> str:
    answer = county.http.get(path, headers=ENGLISH)
    assert answer.status_code == 200, answer.text
    return answer.text


def test_an_agency_sees_its_own_programmes_with_what_each_shows_and_why_and_nobody_else_s(carers: County) -> None:
    html = text(carers)
    assert "Grade: to help the child learn" in html
    assert "In registered poverty: to give the child what it is entitled to" in html
    assert "lawyers.counsellor" not in html


def test_an_agency_declines_with_a_reason_and_accepts_and_says_that_the_child_was_helped(carers: County) -> None:
    refused = carers.http.post("/agency/referrals/referral-own", data={"step": "decline"}, headers=ENGLISH)
    assert refused.status_code == 422
    assert "Say why" in refused.text
    for step in ("accept", "done"):
        assert carers.http.post("/agency/referrals/referral-own", data={"step": step}).status_code == 200
    assert carers.get("carers", "/referrals/referral-own")["state"] == "done"
    assert carers.http.post("/agency/referrals/referral-other", data={"step": "accept"}).status_code == 404


def test_an_agency_files_a_record_by_its_programme_s_form_once_for_each_school(carers: County) -> None:
    owed(GIFT, *OWN)
    path = f"/agency/record/{GIFT}"
    html = text(carers, path)
    assert sorted(offered(html)) == sorted(OWN)
    (key,) = re.findall(r'name="key" value="([^"]+)"', html)
    form = {"key": key, "child": OWN, "occurred_on": str(TUESDAY), "data.topic": TOPIC}
    for _ in range(2):
        assert "Recorded for 2" in carers.http.post(path, data=form, headers=ENGLISH).text
    assert len(carers.get("bureau", "/records?kind=gift")["items"]) == 1
    assert {each["state"] for each in carers.get("carers", f"/tasks?programme={GIFT}")["items"]} == {"done"}
    assert carers.http.get(f"/agency/record/{TALK}").status_code == 404, "a teacher does that"


def test_an_agency_files_at_once_for_a_child_that_changed_schools_meanwhile(carers: County) -> None:
    owed(GIFT, *OWN, day=MONDAY - timedelta(days=7))
    moved = carers.ask("bureau", "POST", "/children/child-mate/transfer", {"school_id": "school-other"})
    assert moved.status_code == 201, moved.text
    path = f"/agency/record/{GIFT}"
    form = a_form(text(carers, path), OWN)
    for _ in range(2):
        assert "Recorded for 2" in carers.http.post(path, data=form, headers=ENGLISH).text
    filed = carers.get("bureau", "/records?kind=gift")["items"]
    assert sorted(each["school_id"] for each in filed) == ["school-other", "school-own"]
    assert {each["state"] for each in carers.get("carers", f"/tasks?programme={GIFT}")["items"]} == {"late"}


def test_an_agency_files_at_once_for_children_of_two_schools_of_one_name(carers: County) -> None:
    owed(GIFT, "child-own")
    with database.transaction() as session:
        on_task_due(session, due(GIFT, "child-other", school_id="school-other"))
        session.get_one(School, "school-other").name = session.get_one(School, "school-own").name
    path = f"/agency/record/{GIFT}"
    sent = a_form(text(carers, path), ["child-own", "child-other"])
    assert "Recorded for 2" in carers.http.post(path, data=sent, headers=ENGLISH).text
    assert len(carers.get("bureau", "/records?kind=gift")["items"]) == 2


def test_an_agency_files_an_activity_at_a_school(carers: County) -> None:
    owed(LECTURE, "school-own", subject="school", form=None, fields=set(), trigger=OncePer(period="term"))
    path = f"/agency/record/{LECTURE}"
    html = text(carers, path)
    assert "school-other小学" not in html, "it is owed nothing"
    (key,) = re.findall(r'name="key" value="([^"]+)"', html)
    form = {"key": key, "occurred_on": str(TUESDAY), "data.school_id": "school-own", "data.attendance": "80"}
    for _ in range(2):
        assert carers.http.post(path, data=form).status_code == 200
    with database.transaction() as session:
        (held,) = session.scalars(select(Activity).where(Activity.kind == "lecture")).all()
        assert (held.organisation, held.school_id, held.attendance) == ("carers", "school-own", 80)
    assert {each["state"] for each in carers.get("carers", f"/tasks?programme={LECTURE}")["items"]} == {"done"}


def test_an_agency_files_what_a_former_version_asked_for_by_that_versions_form(carers: County) -> None:
    owed(GIFT, *OWN)
    with database.transaction() as session:
        programmes.declare(session, promise(GIFT, resolved_by="parcel", assignee="agency"))
        session.flush()
        programmes.approve(session, BUREAU, GIFT, WEDNESDAY)
    path = f"/agency/record/{GIFT}~gift"
    assert path in text(carers)
    assert offered(text(carers, f"/agency/record/{GIFT}")) == [], "it is owed by the former form alone"
    html = text(carers, path)
    assert sorted(offered(html)) == sorted(OWN)
    (key,) = re.findall(r'name="key" value="([^"]+)"', html)
    sent = {"key": key, "child": OWN, "occurred_on": str(TUESDAY), "data.topic": TOPIC}
    for _ in range(2):
        assert "Recorded for 2" in carers.http.post(path, data=sent, headers=ENGLISH).text
    assert {each["state"] for each in carers.get("carers", f"/tasks?programme={GIFT}")["items"]} == {"done"}
    assert path not in text(carers)
