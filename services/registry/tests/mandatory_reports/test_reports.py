"""Suspected harm is told in confidence: nobody learns of a report whose office it is not, and somebody must answer it in time."""

import json
import logging
from typing import Any

import httpx
import pytest
from county import PEOPLE, TALK, County, due
from sqlalchemy import select, text

from hongzhu.messages import SubjectEvent
from hongzhu.programme import Days, OnEvent
from hongzhu.testing.examples import MONDAY, programme
from hongzhu_registry.access.policy import Principal
from hongzhu_registry.audit.models import AuditEntry
from hongzhu_registry.children.models import Child
from hongzhu_registry.database import database, narrow
from hongzhu_registry.events.service import announce
from hongzhu_registry.evidence.models import Evidence
from hongzhu_registry.mandatory_reports.models import MandatoryReport
from hongzhu_registry.programmes import service as programmes
from hongzhu_registry.retention.service import _empty_reports
from hongzhu_registry.tasks.consumers import on_task_due
from hongzhu_registry.tasks.models import Task

WHAT, NOTE = "背部有鞭痕，邻居王桂英电话13959990001", "已立案，移送检察院"
CODE = "carers.harm_answer"
BUREAU = Principal("bureau", "bureau")
AUDIENCE = {"carers", "protection"}


@pytest.fixture
def answering(county: County) -> County:
    """A county in which the carers must answer reports within a day."""
    asked = programme(
        CODE,
        subject="agency",
        trigger=OnEvent(event="mandatory_report", due_after=Days(days=1)),
        assignee="agency",
        resolved_by="mandatory_report_answered",
        urgent=True,
    )
    with database.transaction() as session:
        programmes.declare(session, asked)
        session.flush()
        programmes.approve(session, BUREAU, CODE, MONDAY)
    return county


def reported(county: County, who: str = "teacher", child: str = "child-own") -> dict[str, Any]:
    if who == "teacher":  # she has to do with the child by a pairing
        assert county.get("teacher", "/children")["items"]
    answer = county.ask(who, "POST", "/mandatory_reports", {"child_id": child, "what": WHAT})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def see(county: County, who: str, report_id: str) -> httpx.Response:
    return county.ask(who, "GET", f"/mandatory_reports/{report_id}")


@pytest.mark.parametrize("who", ["school", "carers", "bureau"])
def test_whoever_reports_sees_that_it_was_received_and_its_number(answering: County, who: str) -> None:
    found = reported(answering, who)
    assert found.keys() == {"id", "number", "reported_at"}
    assert found["number"].startswith("20201123-")
    if who != "carers":  # it is the carers' office to see it whole
        seen = see(answering, who, found["id"]).json()
        assert (seen.keys(), seen["number"]) == (found.keys(), found["number"])
        mine = next(each for each in answering.get(who, "/mandatory_reports")["items"] if each["id"] == found["id"])
        assert {name for name, value in mine.items() if value is not None} == {"id", "number", "reported_at"}


def test_those_whose_office_it_is_see_who_what_and_when(answering: County) -> None:
    report_id = reported(answering, "school")["id"]
    for who in AUDIENCE:
        seen = see(answering, who, report_id).json()
        assert (seen["child_id"], seen["child"]["name"], seen["what"], seen["outcome"]) == (
            "child-own",
            "孩子-own",
            WHAT,
            None,
        )


def test_to_everybody_else_there_is_no_such_report_not_even_to_the_bureau(answering: County) -> None:
    report_id = reported(answering, "school")["id"]
    for who in set(PEOPLE) - AUDIENCE - {"school", "guardian"}:
        denied, missing = see(answering, who, report_id), see(answering, who, "nobody")
        assert (denied.status_code, denied.content) == (404, missing.content), who
        for path in ("/mandatory_reports", "/tasks", "/audit", "/notices", "/children/child-own/timeline"):
            if who != "auditor":
                assert report_id not in answering.ask(who, "GET", path).text, (who, path)


@pytest.mark.parametrize("who", ["other_school", "lawyers", "auditor", "notifier", "protection"])
def test_nobody_reports_of_a_child_out_of_sight(answering: County, who: str) -> None:
    sent = {"child_id": "child-own", "what": WHAT}
    assert answering.ask(who, "POST", "/mandatory_reports", sent).status_code == 404


def test_the_bus_hears_that_the_agency_must_answer_and_nothing_of_whom(answering: County) -> None:
    report_id = reported(answering, "school")["id"]
    [event] = [
        SubjectEvent.model_validate_json(body) for topic, body in answering.said() if topic == SubjectEvent.topic
    ]
    assert (event.kind, event.event, [each.subject_id for each in event.subjects]) == (
        "mandatory_report",
        report_id,
        ["carers"],
    )
    said = json.dumps(answering.said(), ensure_ascii=False)
    assert "child-own" not in said
    assert "school-own" not in said
    with database.transaction() as session:
        announce(session)
    again = [SubjectEvent.model_validate_json(body) for topic, body in answering.said() if topic == SubjectEvent.topic]
    assert [each.event for each in again if each.kind == "mandatory_report"].count(report_id) == 2


def test_an_answer_resolves_its_own_reports_task_and_no_other(answering: County) -> None:
    first, second = (reported(answering, "school")["id"] for _ in range(2))
    with database.transaction() as session:
        for each in (first, second):
            owed = due(TALK, "carers", school_id="carers").model_copy(
                update={"programme": CODE, "period": f"event:{each}", "period_start": MONDAY}
            )
            on_task_due(session, owed)
    sent = {"outcome": "case_opened", "note": NOTE}
    answer = answering.ask("carers", "POST", f"/mandatory_reports/{first}/answer", sent)
    assert (answer.status_code, answer.json()["outcome"], answer.json()["note"]) == (200, "case_opened", NOTE)
    with database.transaction() as session:
        done = {task.period: task.done_on for task in session.scalars(select(Task).where(Task.programme == CODE))}
        assert done == {f"event:{first}": MONDAY, f"event:{second}": None}
        [kind] = session.scalars(select(Evidence.kind).where(Evidence.id == first))
        assert kind == "mandatory_report_answered"
    assert answering.ask("protection", "POST", f"/mandatory_reports/{first}/answer", sent).status_code == 409
    assert answering.ask("school", "POST", f"/mandatory_reports/{first}/answer", sent).status_code == 404


def test_a_report_that_no_agency_waits_for_is_kept_for_the_officers_all_the_same(county: County) -> None:
    report_id = reported(county, "school")["id"]
    assert [topic for topic, _ in county.said()] == []
    assert see(county, "protection", report_id).json()["what"] == WHAT
    assert see(county, "carers", report_id).status_code == 404


def test_each_look_is_on_record_for_the_auditor_and_not_for_the_bureau(answering: County) -> None:
    report_id = reported(answering, "school")["id"]
    for who in ("protection", "bureau"):
        see(answering, who, report_id)
    with database.transaction() as session:
        looks = session.execute(
            select(AuditEntry.role, AuditEntry.outcome)
            .where(AuditEntry.subject_id == report_id)
            .order_by(AuditEntry.id)
        ).all()
    assert [tuple(each) for each in looks] == [("protection", "done"), ("bureau", "denied")]
    assert "mandatory_reports" in answering.ask("auditor", "GET", "/audit").text
    assert "mandatory_reports" not in answering.ask("bureau", "GET", "/audit?limit=200").text


def test_what_was_seen_is_sealed_and_no_log_tells_it(answering: County, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        report_id = reported(answering, "school")["id"]
        answering.ask("carers", "POST", f"/mandatory_reports/{report_id}/answer", {"outcome": "x" * 50, "note": NOTE})
        answering.ask(
            "carers", "POST", f"/mandatory_reports/{report_id}/answer", {"outcome": "unfounded", "note": NOTE}
        )
    with database.transaction() as session:
        kept = session.get_one(MandatoryReport, report_id)
        stored = (kept.what or b"") + (kept.note or b"")
    for word in ("鞭痕", "王桂英", "13959990001", "检察院"):
        assert word.encode() not in stored
        assert word not in caplog.text
        assert word not in json.dumps(answering.said(), ensure_ascii=False)


def test_the_words_go_with_the_dossier_once_somebody_answered(answering: County) -> None:
    first, second = (reported(answering, "school")["id"] for _ in range(2))
    sent = {"outcome": "unfounded", "note": NOTE}
    answering.ask("protection", "POST", f"/mandatory_reports/{first}/answer", sent)
    with database.transaction() as session:
        _empty_reports(session, ["child-own"])
        gone, kept = (session.get_one(MandatoryReport, each) for each in (first, second))
        assert (gone.what, gone.note, gone.outcome) == (None, None, "unfounded")
        assert kept.what is not None
        assert session.get_one(Child, "child-own").anonymised_at is None


@pytest.mark.postgres
def test_behind_the_second_wall_only_those_whose_office_it_is_and_the_reporter_see_it(postgres_county: County) -> None:
    seen = {
        Principal("b", "bureau"): set(),
        Principal("a", "admin"): set(),
        Principal("account-school", "school", school_id="school-own"): {"report-own"},
        Principal("s", "school", school_id="school-own"): set(),
        Principal("c", "agency", agency="carers"): {"report-own"},
        Principal("p", "protection"): {"report-own", "report-other"},
        Principal("u", "auditor"): set(),
        Principal("n", "notifier"): set(),
    }
    for principal, ids in seen.items():
        with database.unseeing() as session:
            narrow(session, principal.session)
            assert set(session.scalars(text("SELECT id FROM mandatory_report"))) == ids, principal
    with database.transaction() as session:
        assert len(session.scalars(text("SELECT id FROM mandatory_report")).all()) == 2
