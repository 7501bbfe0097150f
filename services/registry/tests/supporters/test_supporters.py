"""Supporters are added and vetted by those they help for, and nobody is matched before."""

from typing import Any

import pytest
from county import LOVE, PHONE, County, child, due
from sqlalchemy import select

from hongzhu_registry.database import database
from hongzhu_registry.pairings.models import Pairing
from hongzhu_registry.sealing import key_ring
from hongzhu_registry.supporters.models import Supporter
from hongzhu_registry.tasks.consumers import on_task_due
from hongzhu_registry.weeks.links import link_to_week

NEW = {"kind": "love_parent", "name": "新来的大人", "phone": PHONE, "town": "燕东", "capacity": 2}


def in_need(*children: str) -> None:
    with database.transaction() as session:
        session.add_all(child(each, "school-own", f"{number:018}") for number, each in enumerate(children))
        session.flush()
        on_task_due(session, due(LOVE, *children))


def pair(county: County, supporter_id: str, child_id: str) -> int:
    body = {"kind": "love_parent", "supporter_id": supporter_id, "child_id": child_id}
    return county.ask("carers", "POST", "/pairings", body).status_code


def test_an_agency_adds_a_volunteer_who_meets_nobody_until_it_is_vetted(county: County) -> None:
    in_need("a", "b")
    answer = county.ask("carers", "POST", "/supporters", NEW, Idempotency_Key="once")
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert (made["status"], made["vetted"], made["organisation"], made["paired"]) == ("applied", False, "carers", 0)
    assert county.ask("carers", "POST", "/supporters", NEW, Idempotency_Key="once").json()["id"] == made["id"]
    path = f"/supporters/{made['id']}"
    assert pair(county, made["id"], "a") == 422

    assert county.ask("carers", "PATCH", path, {"status": "vetted"}).status_code == 428
    assert county.ask("carers", "PATCH", path, {"status": "vetted"}, If_Match='"7"').status_code == 412
    vetted = county.ask("carers", "PATCH", path, {"status": "vetted"}, If_Match=f'"{made["version"]}"')
    assert (vetted.status_code, vetted.json()["status"]) == (200, "vetted")
    assert [pair(county, made["id"], each) for each in "ab"] == [201, 201]

    said = len(county.said())
    rejected = county.ask("carers", "PATCH", path, {"status": "rejected"}, If_Match=vetted.headers["etag"])
    assert (rejected.json()["status"], rejected.json()["paired"]) == ("rejected", 0)
    assert [topic for topic, _ in county.said()[said:]] == ["child.changed.v1"] * 2, "each is owed another one"
    assert pair(county, made["id"], "a") == 422
    assert made["id"] not in [each["id"] for each in county.get("carers", "/supporters?vetted=true")["items"]]
    with database.transaction() as session:
        lasting = select(Pairing).where(Pairing.supporter_id == made["id"], Pairing.ended_on.is_(None))
        assert session.scalars(lasting).all() == []


def test_a_telephone_is_kept_sealed_and_shown_to_nobody(county: County) -> None:
    made = county.ask("carers", "POST", "/supporters", NEW).json()
    county.ask("carers", "PATCH", f"/supporters/{made['id']}", {"phone": "13950000009"}, If_Match="*")
    shown = county.ask("bureau", "GET", f"/supporters/{made['id']}").text
    assert "1395000" not in shown
    with database.transaction() as session:
        kept = session.get_one(Supporter, made["id"]).phone
    assert b"1395000" not in bytes(kept or b"")
    assert key_ring().open(kept, "supporter", "phone", made["id"]) == "13950000009"


def test_a_school_adds_its_teachers_and_answers_for_them(county: County) -> None:
    teacher = {"kind": "teacher", "name": "新老师", "duty": "class_teacher", "grade": 3, "class_name": "2班"}
    made = county.ask("school", "POST", "/supporters", teacher)
    assert made.status_code == 201, made.text
    assert (made.json()["status"], made.json()["school_id"]) == ("vetted", "school-own")
    helper = county.ask("school", "POST", "/supporters", {"kind": "proxy_parent", "name": "新家长"})
    assert helper.json()["status"] == "applied"
    moved = county.ask("school", "PATCH", f"/supporters/{made.json()['id']}", {"class_name": "1班"}, If_Match="*")
    assert moved.json()["class_name"] == "1班"
    assert county.ask("other_school", "GET", f"/supporters/{made.json()['id']}").status_code == 404


@pytest.mark.parametrize(
    ("who", "body", "status"),
    [
        ("carers", {"organisation": "lawyers"}, 404),
        ("carers", {"school_id": "school-own"}, 404),
        ("carers", {"duty": "coordinator"}, 422),
        ("carers", {"status": "holy"}, 422),
        ("school", {"school_id": "school-other"}, 404),
        ("school", {"organisation": "carers"}, 404),
        ("bureau", {"organisation": "carers", "school_id": "school-own"}, 422),
        ("bureau", {"school_id": "nowhere"}, 404),
        ("bureau", {"organisation": "carers"}, 201),
        ("teacher", {}, 404),
    ],
)
def test_nobody_is_added_where_they_are_not_ones_own(
    sqlite_county: County, who: str, body: dict[str, str], status: int
) -> None:
    assert sqlite_county.ask(who, "POST", "/supporters", NEW | body).status_code == status


def test_nobody_vets_anothers(sqlite_county: County) -> None:
    for who in ("lawyers", "school", "teacher"):
        answer = sqlite_county.ask(who, "PATCH", "/supporters/carer-unvetted", {"status": "vetted"}, If_Match="*")
        assert answer.status_code == 404, who


def test_a_teacher_who_turns_out_not_to_suit_is_shown_no_child_any_more(county: County) -> None:
    with database.transaction() as session:
        session.get_one(Supporter, "teacher-too").duty = "coordinator"
    week = "/w/" + link_to_week("teacher-own").rpartition("/")[2]
    assert "孩子-own" in county.http.get(week).text
    assert [each["id"] for each in county.get("teacher", "/children")["items"]] == ["child-mate", "child-own"]
    question = {"school_id": "school-own", "assignee": "class_teacher", "subjects": ["child-own"]}
    assert recipients(county, question) == ["teacher-own"]
    for each in ("teacher-own", "teacher-too"):
        refused = county.ask("school", "PATCH", f"/supporters/{each}", {"status": "rejected"}, If_Match="*")
        assert refused.status_code == 200, refused.text
    assert "孩子-own" not in county.http.get(week).text
    assert county.get("teacher", "/children")["items"] == []
    assert recipients(county, question) == ["coordinator-own"]
    again = county.ask("school", "PATCH", "/supporters/teacher-own", {"duty": "class_teacher"}, If_Match="*")
    assert (again.status_code, again.json()["field"]) == (422, "duty")


def recipients(county: County, question: dict[str, Any]) -> list[str]:
    return [each["recipient_id"] for each in county.ask("notifier", "POST", "/recipients", question).json()["items"]]
