"""What is wrong is told as a problem: in the reader's language, with the field named, and never with what was sent."""

import json
from typing import Any

import pytest
from county import TALKED, County, token_of


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/children/nobody", 404),
        ("GET", "/no-such-thing", 404),
        ("DELETE", "/children", 405),
        ("GET", "/children?limit=201", 422),
        ("GET", "/children?limit=0", 422),
        ("GET", "/children?grade=99999999999999999999", 422),
        ("GET", "/tasks?state=forgotten", 422),
        ("PATCH", "/children/child-own", 422),
    ],
)
def test_every_error_is_a_problem_in_the_readers_language(
    sqlite_county: County, method: str, path: str, status: int
) -> None:
    titles = set()
    for language in ("zh-CN,zh;q=0.9", "en-GB,en"):
        answer = sqlite_county.ask("bureau", method, path, Accept_Language=language)
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        told = answer.json()
        assert told["status"] == status
        assert told["detail"]
        assert ("field" in told) == (status == 422)
        titles.add(told["title"])
    assert len(titles) == 2


def test_a_problem_names_the_field_and_never_repeats_what_was_sent(sqlite_county: County) -> None:
    sent = {**TALKED, "occurred_on": "张三丰", "child_ids": ["child-own"]}
    answer = sqlite_county.ask("school", "POST", "/records", sent)
    assert (answer.status_code, answer.json()["field"]) == (422, "occurred_on")
    assert "张三丰" not in answer.text
    sent = {**TALKED, "data": {"topic": "张三丰"}}
    answer = sqlite_county.ask("school", "POST", "/records", sent)
    assert (answer.status_code, answer.json()["field"]) == (422, "data.topic")
    assert "张三丰" not in answer.text


@pytest.mark.parametrize(
    "path", ["/children?q=%00", "/tasks?programme=%00", "/children?cursor=%00", "/records?kind=%00"]
)
def test_what_the_database_cannot_hold_is_the_askers_fault_not_ours(county: County, path: str) -> None:
    assert county.ask("bureau", "GET", path).status_code in {200, 422}


@pytest.mark.parametrize("value", ["\\ud800", "\\u0000", 10**30, -(2**63) - 1])
def test_half_a_character_and_a_number_without_end_are_the_askers_fault_too(county: County, value: Any) -> None:
    given = {"kind": "birthday", "name": "生日", "held_on": "2020-11-23"}
    field = "attendance" if isinstance(value, int) else "school_id"
    body = json.dumps(given | {field: value}).replace("\\\\u", "\\u")
    headers = {"Authorization": f"Bearer {token_of('bureau')}", "Content-Type": "application/json"}
    answer = county.http.post("/api/v1/activities", content=body, headers=headers)
    assert 400 <= answer.status_code < 500, answer.text


def test_what_breaks_down_tells_neither_the_asker_nor_the_log_what_it_was_about(
    sqlite_county: County, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def break_down(*_: object, **__: object) -> None:
        raise ValueError("张三 350481201001010018")

    monkeypatch.setattr("hongzhu_registry.children.queries.filtered", break_down)
    answer = sqlite_county.ask("bureau", "GET", "/children?q=张三")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    for text in (answer.text, caplog.text):
        assert "张三" not in text
        assert "350481" not in text
    assert "ValueError" in caplog.text


def test_a_database_that_is_away_is_no_breakdown(sqlite_county: County, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object, **__: object) -> None:
        raise rest_error

    from sqlalchemy.exc import OperationalError

    rest_error = OperationalError("SELECT", {}, Exception("gone"))
    monkeypatch.setattr("hongzhu_registry.children.queries.filtered", away)
    assert sqlite_county.ask("bureau", "GET", "/children?grade=3").status_code == 503


def test_a_misspelt_filter_is_refused_and_named(sqlite_county: County) -> None:
    for path in (
        "/children?shool_id=school-own",
        "/activities?child_id=child-own",
        "/calendar?limit=1",
        "/audit?who=x",
    ):
        answer = sqlite_county.ask("bureau", "GET", path)
        name = path.partition("?")[2].partition("=")[0]
        assert (answer.status_code, answer.json()["field"]) == (422, name), path
        assert name in answer.json()["detail"]
    for path in ("/activities?kind=birthday&limit=1", "/children?school_id=school-own&cursor=a", "/documents?limit=2"):
        assert sqlite_county.ask("bureau", "GET", path).status_code == 200, path


def test_what_is_no_json_is_called_so(sqlite_county: County) -> None:
    headers = {"Authorization": f"Bearer {token_of('bureau')}", "Accept-Language": "en"}
    headers["Content-Type"] = "application/json"
    answer = sqlite_county.http.post("/api/v1/records", content=b"{kind", headers=headers)
    assert (answer.status_code, answer.json()["detail"]) == (422, "The body is not JSON.")
