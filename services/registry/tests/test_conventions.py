"""The conventions that every endpoint keeps: problems, pages, doing once, changing only what was read."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from county import BUREAU, LOVE, TALK, TALKED, County, child, due, of_task, promise
from fastapi import FastAPI
from sqlalchemy import func, select, text, update

from hongzhu import clock
from hongzhu.testing.examples import MONDAY
from hongzhu_registry.answers.models import REMEMBERED, Answered
from hongzhu_registry.answers.ticks import forget_answers
from hongzhu_registry.children.models import Child
from hongzhu_registry.database import database, new_id
from hongzhu_registry.pairings.models import Pairing
from hongzhu_registry.programmes import service as programmes
from hongzhu_registry.records.models import Record
from hongzhu_registry.tasks.consumers import on_task_due

ONCE_IN_ITS_OWN_WAY = {
    "/api/v1/token": "every sign-in is another token",
    "/api/v1/recipients": "it only reads",
    "/api/v1/accounts/first-sign-in": "a teacher has one account",
    "/api/v1/accounts/me/password": "a password is changed from what it was",
    "/api/v1/accounts/me/revoke": "what has ended has ended",
    "/api/v1/accounts/me/totp": "the last secret counts",
    "/api/v1/accounts/me/totp/confirm": "each code is good once",
    "/api/v1/accounts/{account_id}/revoke": "what has ended has ended",
}


def _count(model: type[Any]) -> int:
    with database.transaction() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def _all_pages(county: County, path: str, limit: int) -> list[str]:
    ids, cursor = [], None
    while True:
        page = county.get("bureau", f"{path}?limit={limit}" + (f"&cursor={cursor}" if cursor else ""))
        assert len(page["items"]) <= limit
        ids += [item["id"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            return ids


@pytest.mark.parametrize("limit", [1, 7, 100, 200])
def test_pages_hold_everything_once_in_one_order(county: County, limit: int) -> None:
    with database.transaction() as session:
        session.add_all(child(f"more-{n:03}", "school-own", f"{n:018}") for n in range(97))
    ids = _all_pages(county, "/children", limit)
    assert len(ids) == 100
    assert ids == sorted(set(ids))


def test_a_page_is_not_shifted_by_what_comes_in_before_it(county: County) -> None:
    first = county.get("bureau", "/children?limit=2")
    with database.transaction() as session:
        session.add(child("a-newcomer", "school-own", "0" * 18))
    second = county.get("bureau", f"/children?limit=2&cursor={first['next']}")
    assert [each["id"] for each in first["items"] + second["items"]] == ["child-mate", "child-other", "child-own"]


def test_every_post_takes_an_idempotency_key(app: FastAPI) -> None:
    without = {
        path
        for path, methods in app.openapi()["paths"].items()
        if "post" in methods
        and "idempotency-key" not in {each["name"] for each in methods["post"].get("parameters", ())}
    }
    assert without == set(ONCE_IN_ITS_OWN_WAY)


def test_the_same_key_and_request_get_the_same_answer_and_have_one_effect(county: County) -> None:
    before = _count(Record)
    answers = [county.ask("school", "POST", "/records", TALKED, Idempotency_Key="k1") for _ in range(3)]
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert _count(Record) == before + 1
    said = [payload for topic, payload in county.said() if topic == "evidence.filed.v1"]
    assert len(said) == 1


def test_a_moment_is_told_in_utc_and_alike_whenever_it_is_told(county: County) -> None:
    harm = {"child_id": "child-own", "what": "淤青"}
    answers = [county.ask("school", "POST", "/mandatory_reports", harm, idempotency_key="a key") for _ in range(2)]
    told = [each.json() for each in answers]
    told.append(county.get("school", f"/mandatory_reports/{told[0]['id']}"))
    (at,) = {each["reported_at"] for each in told}
    assert at.endswith("Z")
    assert timedelta() <= clock.now() - datetime.fromisoformat(at) < timedelta(minutes=5)


def test_a_key_belongs_to_one_request_and_one_account(county: County) -> None:
    assert county.ask("school", "POST", "/records", TALKED, Idempotency_Key="k1").status_code == 201
    other = {**TALKED, "child_ids": ["child-mate"]}
    assert county.ask("school", "POST", "/records", other, Idempotency_Key="k1").status_code == 422
    assert county.ask("bureau", "POST", "/records", other, Idempotency_Key="k1").status_code == 201


def test_a_refused_request_leaves_its_key_free(county: County) -> None:
    bad = {**TALKED, "data": {}}
    assert county.ask("school", "POST", "/records", bad, Idempotency_Key="k1").status_code == 422
    assert county.ask("school", "POST", "/records", TALKED, Idempotency_Key="k1").status_code == 201


def test_without_a_key_every_request_is_an_act_of_its_own(county: County) -> None:
    before = _count(Record)
    for _ in range(2):
        assert county.ask("school", "POST", "/records", TALKED).status_code == 201
    assert _count(Record) == before + 2


@pytest.mark.postgres
def test_two_requests_with_one_key_at_the_same_time_have_one_effect(postgres_county: County) -> None:
    before, together = _count(Record), Barrier(6)

    def file(_: int) -> bytes:
        together.wait()
        answer = postgres_county.ask("school", "POST", "/records", TALKED, Idempotency_Key="k1")
        assert answer.status_code == 201
        return answer.content

    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(file, range(6)))) == 1
    assert _count(Record) == before + 1


@pytest.mark.parametrize(
    ("who", "path", "body", "word"),
    [
        ("school", "/children/child-own/pauses", {"from": "2020-11-24", "reason": "a-reason-in-clear"}, "reason"),
        ("carers", "/mandatory_reports/report-own/answer", {"outcome": "unfounded", "note": "a-note-in-clear"}, "note"),
    ],
)
def test_an_answer_that_may_be_given_again_is_kept_sealed(
    county: County, who: str, path: str, body: dict[str, str], word: str
) -> None:
    first, again = (county.ask(who, "POST", path, body, Idempotency_Key="k1").json() for _ in range(2))
    assert first == again
    assert again[word] == body[word]
    with database.transaction() as session:
        kept = session.execute(text("SELECT answer FROM answered")).scalars().all()
    assert len(kept) == 1
    assert body[word] not in str([bytes(each) if isinstance(each, memoryview) else each for each in kept])


def test_an_answer_opens_for_its_own_account_and_key_alone(county: County) -> None:
    for who in ("school", "bureau"):
        county.ask(who, "POST", "/records", TALKED, Idempotency_Key="k1")
    with database.transaction() as session:
        one, other = session.scalars(select(Answered)).all()
        one.answer, other.answer = other.answer, one.answer
    assert county.ask("school", "POST", "/records", TALKED, Idempotency_Key="k1").status_code == 500


def test_answers_are_forgotten_once_nobody_can_ask_for_them_again(county: County) -> None:
    county.ask("school", "POST", "/records", TALKED, Idempotency_Key="old")
    county.ask("school", "POST", "/records", TALKED, Idempotency_Key="new")
    with database.transaction() as session:
        old = clock.now() - REMEMBERED - timedelta(days=1)
        session.execute(update(Answered).where(Answered.key == "old").values(answered_at=old))
    forget_answers()
    with database.transaction() as session:
        assert session.scalars(select(Answered.key)).all() == ["new"]


def _version_of(county: County, path: str) -> str:
    answer = county.ask("bureau", "GET", path)
    tag = answer.headers["etag"]
    assert tag == f'"{answer.json()["version"]}"'
    return str(tag)


@pytest.mark.parametrize(
    ("path", "change"), [("/children/child-own", {"note": "改"}), ("/subsidies/subsidy-own", {"paid": False})]
)
def test_a_change_is_made_only_to_the_version_that_was_read(county: County, path: str, change: dict[str, Any]) -> None:
    tag = _version_of(county, path)
    unconditional = county.ask("school", "PATCH", path, change)
    assert (unconditional.status_code, unconditional.json()["field"]) == (428, "If-Match")
    first = county.ask("school", "PATCH", path, change, If_Match=tag)
    assert first.status_code == 200
    assert first.headers["etag"] != tag
    assert county.ask("school", "PATCH", path, {**change}, If_Match=tag).status_code == 412
    assert _version_of(county, path) == first.headers["etag"]


@pytest.mark.postgres
def test_of_several_changes_to_one_version_at_the_same_time_one_is_made(postgres_county: County) -> None:
    for path, field in (("/children/child-own", "note"), ("/documents/document-own", "issuer")):
        tag, together = _version_of(postgres_county, path), Barrier(5)

        def change(n: int, path: str = path, field: str = field, tag: str = tag, together: Barrier = together) -> int:
            together.wait()
            return postgres_county.ask("bureau", "PATCH", path, {field: str(n)}, If_Match=tag).status_code

        with ThreadPoolExecutor(5) as pool:
            assert sorted(pool.map(change, range(5))) == [200, 412, 412, 412, 412]


@pytest.mark.parametrize("changes", [{}, {"boarding": True}])
def test_a_change_that_changes_nothing_is_no_new_version(county: County, changes: dict[str, Any]) -> None:
    tag = _version_of(county, "/children/child-own")
    answer = county.ask("school", "PATCH", "/children/child-own", changes, If_Match=tag)
    assert (answer.status_code, answer.headers["etag"]) == (200, tag)
    assert county.said() == []


def test_a_changed_fact_is_said_once_with_its_new_version(county: County) -> None:
    tag = _version_of(county, "/children/child-own")
    county.ask("school", "PATCH", "/children/child-own", {"boarding": False}, If_Match=tag)
    [(topic, payload)] = county.said()
    assert topic == "child.changed.v1"
    [facts] = json.loads(payload)["children"]
    assert (facts["id"], facts["version"], facts["boarding"]) == ("child-own", 2, False)


def test_filters_narrow(county: County) -> None:
    with database.transaction() as session:
        session.execute(update(Child).where(Child.id == "child-mate").values(disability="听力", sex="male"))
    for query, found in {
        "disabled=true": {"child-mate"},
        "disabled=false": {"child-own", "child-other"},
        "sex=male": {"child-mate"},
        "id_number=350481201001010018": {"child-own"},
        "id_number=350481201001010019": set(),
        "school_id=school-other": {"child-other"},
        "q=%E5%AD%A9": {"child-own", "child-mate", "child-other"},
        "q=%25": set(),
        "status=left": set(),
        "stage=middle": set(),
        "grade=3&in_poverty=true&boarding=true&stage=primary&status=present": {
            "child-own",
            "child-mate",
            "child-other",
        },
    }.items():
        assert {each["id"] for each in county.get("bureau", f"/children?{query}")["items"]} == found, query


def test_a_record_for_a_school_that_is_not_there_is_for_nobody(county: County) -> None:
    sent = {**TALKED, "child_ids": [], "school_id": "nobody"}
    assert county.ask("bureau", "POST", "/records", sent).status_code == 404
    assert county.ask("school", "POST", "/records", {**sent, "school_id": "school-other"}).status_code == 404
    assert county.ask("school", "POST", "/records", {**sent, "school_id": "school-own"}).status_code == 201


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"occurred_on": "2020-11-24"}, "occurred_on"),
        ({"kind": "visit"}, "kind"),
        ({"data": {}}, "data"),
        ({"data": {"topic": "学习|Learning", "more": 1}}, "data"),
        ({"child_ids": []}, "child_ids"),
    ],
)
def test_a_record_that_does_not_fit_is_refused_and_nothing_of_it_stays(
    county: County, change: dict[str, Any], field: str
) -> None:
    before = _count(Record)
    answer = county.ask("school", "POST", "/records", TALKED | change, Idempotency_Key=new_id())
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert (_count(Record), county.said()) == (before, [])


def test_a_record_may_name_the_tasks_that_it_answers_in_place_of_their_children(county: County) -> None:
    both = [of_task(TALK, each) for each in ("child-own", "child-mate")]
    named = TALKED | {"child_ids": [], "task_ids": both}
    assert county.ask("school", "POST", "/records", named).status_code == 201
    assert {county.get("school", f"/tasks/{each}")["state"] for each in both} == {"done"}
    alike = TALKED | {"task_ids": both[:1]}
    assert county.ask("school", "POST", "/records", alike).status_code == 201
    for wrong in (
        {"child_ids": ["child-mate"]},
        {"school_id": "school-own", "child_ids": []},
        {"occurred_on": "2020-11-22"},
    ):
        answer = county.ask("school", "POST", "/records", alike | wrong)
        assert (answer.status_code, answer.json()["field"]) == (422, "task_ids"), wrong
    for who, task in (("other_school", both[0]), ("school", "nothing")):
        assert county.ask(who, "POST", "/records", named | {"task_ids": [task]}).status_code == 404


def test_a_record_that_names_a_school_s_task_is_of_the_school(county: County) -> None:
    with database.transaction() as session:
        programmes.declare(session, promise("carers.gate", subject="school", resolved_by="gate_talk", fields=set()))
        session.flush()
        programmes.approve(session, BUREAU, "carers.gate", MONDAY)
        on_task_due(session, due("carers.gate", "school-own"))
    task = of_task("carers.gate", "school-own")
    sent = {"kind": "gate_talk", "occurred_on": "2020-11-23", "data": TALKED["data"], "task_ids": [task]}
    answer = county.ask("bureau", "POST", "/records", sent)
    assert (answer.status_code, answer.json()["school_id"]) == (201, "school-own"), answer.text
    assert county.get("bureau", f"/tasks/{task}")["state"] == "done"


def test_a_record_of_children_of_two_schools_is_nobodys(county: County) -> None:
    sent = {**TALKED, "child_ids": ["child-own", "child-other"]}
    assert county.ask("bureau", "POST", "/records", sent).status_code == 404


def test_the_registry_tells_that_it_lives_and_that_its_database_does(county: County) -> None:
    assert county.http.get("/healthz").text == "ok"
    assert county.http.get("/readyz").text == "ok"
    assert county.http.get("/openapi.json").json()["openapi"].startswith("3.")


def test_the_calendar_is_kept_whole_and_said_when_it_is_another(county: County) -> None:
    calendar = county.get("bureau", "/calendar")
    version = calendar.pop("version")
    assert county.ask("bureau", "PUT", "/calendar", calendar).json()["version"] == version
    assert county.said() == []
    calendar["holidays"] = [{"name": "运动会", "first": "2020-11-27", "last": "2020-11-27"}]
    assert county.ask("bureau", "PUT", "/calendar", calendar).json()["version"] == version + 1
    assert [topic for topic, _ in county.said()] == ["calendar.changed.v1"]


def test_tasks_are_listed_with_their_state_today(county: County) -> None:
    assert {task["state"] for task in county.get("bureau", f"/tasks?programme={TALK}")["items"]} == {"due"}
    county.ask("school", "POST", "/records", TALKED)
    states = {task["subject_id"]: task["state"] for task in county.get("school", f"/tasks?programme={TALK}")["items"]}
    assert states == {"child-own": "done", "child-mate": "due"}
    assert [task["subject_id"] for task in county.get("carers", "/tasks?state=done")["items"]] == ["child-own"]
    assert county.get("carers", "/tasks?due_before=2020-11-28")["items"] == []
    assert len(county.get("carers", "/tasks?due_before=2020-11-29&due_after=2020-11-29")["items"]) == 2


def test_what_an_agency_proposes_does_not_fit_when_it_is_too_long(county: County) -> None:
    sent = promise().model_dump(mode="json", by_alias=True) | {"resolved_by": "x" * 31}
    assert county.ask("carers", "PUT", f"/programmes/{TALK}", sent).status_code == 422


def test_a_pairing_in_the_days_to_come_is_no_pairing_yet(county: County) -> None:
    with database.transaction() as session:
        on_task_due(session, due(LOVE, "child-own", version=1))
    sent = {"kind": "love_parent", "supporter_id": "carer", "child_id": "child-own", "began_on": "2020-12-01"}
    assert county.ask("carers", "POST", "/pairings", sent).json()["field"] == "began_on"
    assert _count(Pairing) == 2  # those there were


def test_the_description_says_in_which_formats_an_answer_may_come(county: County, app: FastAPI) -> None:
    days = "from=2020-11-23&to=2020-11-29"
    closed = county.ask("bureau", "POST", "/reports", {"from": "2020-11-16", "to": "2020-11-22"}).json()["id"]
    for path, asked in {
        "/reports/implementation": f"/reports/implementation?{days}",
        "/reports/{report_id}": f"/reports/{closed}?",
        "/children/{child_id}/export": "/children/child-own/export?",
    }.items():
        described = app.openapi()["paths"][f"/api/v1{path}"]["get"]
        (formats,) = (each["schema"]["enum"] for each in described["parameters"] if each["name"] == "format")
        answers = [county.ask("bureau", "GET", f"{asked}&format={each}") for each in formats]
        came = {answer.headers["content-type"].partition(";")[0] for answer in answers}
        assert (came, len(came)) == (set(described["responses"]["200"]["content"]), len(formats))


def test_the_description_names_the_nouns(app: FastAPI) -> None:
    described = app.openapi()["paths"]
    assert described["/api/v1/activities"]["get"]["summary"] == "List activities"
    assert described["/api/v1/subsidies"]["post"]["summary"] == "Add a subsidy"
    assert {each["name"] for each in described["/api/v1/activities"]["get"]["parameters"]} == {
        *("limit", "cursor", "school_id", "kind")
    }


@pytest.mark.parametrize(("language", "words"), [("zh-CN", "老师"), ("en", "Teachers")])
def test_the_front_door_says_where_to_go(sqlite_county: County, language: str, words: str) -> None:
    answer = sqlite_county.http.get("/", headers={"Accept-Language": language})
    assert (answer.status_code, words in answer.text, "/sign-in" in answer.text) == (200, True, True)
    style = sqlite_county.http.get("/static/week.css")
    assert style.headers["cache-control"] == "max-age=300"
    asked_by_its_content = re.search(r"/static/week\.css\?v=\w+", answer.text)
    assert asked_by_its_content
    kept = sqlite_county.http.get(asked_by_its_content[0])
    assert kept.headers["cache-control"] == "max-age=31536000, immutable"
