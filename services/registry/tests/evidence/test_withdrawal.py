"""What is taken back, corrected, excused or kept back by a pause tells on tasks at once, and is never lost."""

from datetime import timedelta
from typing import Any

import pytest
from county import BUREAU, TALK, County, due, of_task, promise
from sqlalchemy import select

from hongzhu.messages import TOPICS
from hongzhu.testing.examples import MONDAY
from hongzhu_registry.database import database
from hongzhu_registry.evidence import service as evidence
from hongzhu_registry.evidence.models import EvidenceChange
from hongzhu_registry.excuses.models import Excuse
from hongzhu_registry.programmes import service as programmes
from hongzhu_registry.tasks.consumers import on_task_due

DAY, BEFORE, NEXT = MONDAY, MONDAY - timedelta(days=7), MONDAY + timedelta(days=7)
HOME = "carers.home"
TASK = f"/tasks/{of_task(TALK, 'child-own')}"
WHY = {"reason": "心里话：孩子病了"}


def talk(county: County, who: str = "school", **changes: Any) -> str:
    body = {"kind": "talk", "occurred_on": str(DAY), "data": {"topic": "学习|Learning"}, "child_ids": ["child-own"]}
    answer = county.ask(who, "POST", "/records", body | changes)
    assert answer.status_code == 201, answer.text
    return f"/records/{answer.json()['id']}"


def state(county: County, path: str = TASK) -> str:
    return str(county.get("bureau", path)["state"])


def acts(county: County, who: str = "bureau") -> list[str]:
    return [each["act"] for each in county.get(who, TASK)["history"]]


def said(county: County, topic: str) -> list[Any]:
    return [TOPICS[name].model_validate_json(payload) for name, payload in county.said() if name == topic]


def test_a_task_goes_back_to_what_the_other_evidence_says(county: County) -> None:
    first, second = talk(county), talk(county, occurred_on=str(DAY))
    assert county.ask("school", "POST", f"{first}/withdraw", WHY).status_code == 201
    assert state(county) == "done"
    assert county.ask("bureau", "POST", f"{second}/withdraw", WHY).status_code == 201
    assert state(county) == "due"
    assert county.ask("bureau", "POST", f"{second}/withdraw", WHY).status_code == 409
    withdrawn = said(county, "evidence.withdrawn.v1")
    assert [(each.kind, each.subject_id, each.version) for message in withdrawn for each in message.evidence] == [
        ("talk", "child-own", 2),
        ("talk", "child-own", 2),
    ]
    assert acts(county) == ["issued", "done", "withdrawn", "done", "withdrawn"]
    assert "心里话" not in "".join(payload for _, payload in county.said())


def test_whoever_filed_it_may_take_it_back_and_no_other_teacher(county: County) -> None:
    own = talk(county, "bureau")
    assert county.ask("teacher", "POST", f"{own}/withdraw", WHY).status_code == 404
    assert county.ask("other_school", "POST", f"{own}/withdraw", WHY).status_code == 404
    body = {"kind": "talk", "occurred_on": str(DAY), "data": {"topic": "学习|Learning"}, "child_ids": ["child-own"]}
    mine = county.ask("teacher", "POST", "/records", body)
    if mine.status_code == 201:
        path = f"/records/{mine.json()['id']}/withdraw"
        assert county.ask("teacher", "POST", path, WHY).status_code == 201


def test_a_record_is_corrected_under_its_own_id_by_whoever_read_it(county: County) -> None:
    with database.transaction() as session:
        on_task_due(session, due(TALK, "child-own", day=BEFORE))
    record = talk(county)
    last_week = f"/tasks/{of_task(TALK, 'child-own', BEFORE)}"
    tag = county.ask("school", "GET", record).headers["etag"]
    change = {"occurred_on": str(BEFORE), "data": {"topic": "生活|Life"}} | WHY
    assert county.ask("school", "PATCH", record, change).status_code == 428
    assert county.ask("school", "PATCH", record, change, If_Match='"9"').status_code == 412
    answer = county.ask("school", "PATCH", record, change, If_Match=tag)
    assert (answer.status_code, answer.json()["occurred_on"]) == (200, str(BEFORE))
    assert (state(county), state(county, last_week)) == ("due", "done")
    assert said(county, "evidence.filed.v1")[-1].evidence[0].version == 2
    assert [each["reason"] for each in county.get("bureau", TASK)["history"] if each["act"] == "corrected"] == [
        WHY["reason"]
    ]


def test_a_pairing_made_in_error_never_was(county: County) -> None:
    body = {"kind": "proxy_parent", "supporter_id": "teacher-too", "child_id": "child-own"}
    made = county.ask("school", "POST", "/pairings", body).json()["id"]
    answer = county.ask("school", "POST", f"/pairings/{made}/withdraw", WHY)
    assert (answer.status_code, answer.json()["ended_on"], answer.json()["withdrawn_on"]) == (201, str(DAY), str(DAY))
    facts = said(county, "child.changed.v1")[-1].children[0]
    assert facts.has_proxy_parent is False
    assert county.ask("school", "POST", "/pairings", body).status_code == 201


def test_an_excused_task_stays_so_and_keeps_what_comes_later_until_the_excuse_is_taken_back(county: County) -> None:
    assert county.ask("teacher", "POST", f"{TASK}/excuse", WHY).status_code == 404
    answer = county.ask("school", "POST", f"{TASK}/excuse", WHY)
    assert (answer.status_code, answer.json()["state"]) == (201, "excused")
    assert county.ask("school", "POST", f"{TASK}/excuse", WHY).status_code == 409
    talk(county)
    assert state(county) == "excused"
    assert county.ask("bureau", "DELETE", f"{TASK}/excuse").json()["state"] == "done"
    assert [(each.version, each.lifted) for m in said(county, "task.excused.v1") for each in m.excuses] == [
        (1, False),
        (2, True),
    ]
    assert county.ask("school", "POST", f"{TASK}/excuse", WHY).status_code == 409
    assert [each["reason"] for each in county.get("carers", TASK)["history"]] == [None] * 4


def test_nothing_is_owed_in_a_pause_and_all_that_it_kept_open_is_again_when_it_ends_early(county: County) -> None:
    path = "/children/child-own/pauses"
    answer = county.ask("school", "POST", path, {"from": str(DAY)} | WHY)
    assert (answer.status_code, answer.json()["reason"], state(county)) == (201, WHY["reason"], "excused")
    pause = f"{path}/{answer.json()['id']}"
    with database.transaction() as session:
        on_task_due(session, due(TALK, "child-own", day=NEXT))
    later = f"/tasks/{of_task(TALK, 'child-own', NEXT)}"
    assert state(county, later) == "excused"
    assert county.ask("school", "POST", path, {"from": str(NEXT)} | WHY).status_code == 409
    assert county.ask("school", "POST", f"{pause}/end", {"on": str(BEFORE)}).status_code == 422
    sunday = str(DAY + timedelta(days=6))
    assert county.ask("school", "POST", f"{pause}/end", {"on": sunday}).status_code == 201
    assert (state(county), state(county, later)) == ("excused", "due")
    assert county.ask("school", "DELETE", pause).status_code == 200
    assert state(county) == "due"
    assert acts(county) == ["issued", "excused", "taken_back"]
    kinds = {each["kind"] for each in county.get("school", "/children/child-own/timeline")["items"]}
    assert "pause_taken_back" in kinds
    assert "心里话" not in "".join(payload for _, payload in county.said())


def test_tasks_are_listed_by_whoever_is_told_of_them(county: County) -> None:
    with database.transaction() as session:
        programmes.declare(session, promise(HOME, subject="school", assignee="school_coordinator", fields=set()))
        session.flush()
        programmes.approve(session, BUREAU, HOME, MONDAY)
        on_task_due(session, due(HOME, "school-own"))

    def told(supporter_id: str) -> set[str]:
        return {each["subject_id"] for each in county.get("bureau", f"/tasks?assignee_id={supporter_id}")["items"]}

    assert told("teacher-own") == {"child-own", "child-mate"}
    assert (told("coordinator-own"), told("teacher-too"), told("nobody")) == ({"school-own"}, set(), set())


def test_a_workbook_handed_in_again_brings_nothing_back_that_was_taken_back(county: County) -> None:
    with database.transaction() as session:
        evidence.file_for(session, "birthday", [("a", "child-own", DAY)])
        evidence.amend(session, "a", {"child-own": None}, by=None)
        evidence.file_for(session, "birthday", [("a", "child-own", DAY)])
        assert evidence.shown_by(session, "a") == {}


@pytest.mark.parametrize("table", [EvidenceChange, Excuse])
def test_why_is_kept_sealed(county: County, table: Any) -> None:
    record = talk(county)
    county.ask("school", "POST", f"{record}/withdraw", WHY)
    county.ask("school", "POST", f"{TASK}/excuse", WHY)
    with database.transaction() as session:
        reasons = [bytes(each.reason) for each in session.scalars(select(table)) if each.reason]
    assert reasons
    assert not any(WHY["reason"].encode() in each for each in reasons)
