"""What could be stored and never be read again is refused at the door, of every body, however deep."""

import json
from typing import Any

import pytest
from county import County, token_of

from hongzhu.testing.examples import MONDAY

POISON = [
    '"\\ud800"',
    '"学习\\udfff"',
    '"\\u0000"',
    "NaN",
    "Infinity",
    "-Infinity",
    "1e999",
    "9223372036854775808",
    "-" + "9" * 40,
]
RECORD = {"kind": "talk", "occurred_on": str(MONDAY), "child_ids": ["child-own"]}


def send(county: County, who: str, method: str, path: str, body: str) -> Any:
    headers = {"Authorization": f"Bearer {token_of(who)}", "Content-Type": "application/json", "If-Match": "*"}
    return county.http.request(method, f"/api/v1{path}", content=body, headers=headers)


def with_data(data: str) -> str:
    return json.dumps(RECORD)[:-1] + f', "data": {data}}}'


@pytest.mark.parametrize("poison", POISON)
@pytest.mark.parametrize(
    ("data", "field"),
    [
        ('{"topic": "学习|Learning", "note": POISON}', "data.note"),
        ('{"topic": "学习|Learning", "note": [{"a": [POISON]}]}', "data.note.0.a.0"),
    ],
)
def test_no_record_holds_what_cannot_be_read_again(county: County, poison: str, data: str, field: str) -> None:
    before = county.get("bureau", "/records")
    answer = send(county, "school", "POST", "/records", with_data(data.replace("POISON", poison)))
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert county.get("bureau", "/records") == before


@pytest.mark.parametrize("name", ["\\ud800", "\\u0000"])
def test_nor_does_the_name_of_a_field(county: County, name: str) -> None:
    answer = send(county, "school", "POST", "/records", with_data(f'{{"{name}": 1}}'))
    assert (answer.status_code, answer.json()["field"]) == (422, "data")


@pytest.mark.parametrize("poison", POISON)
@pytest.mark.parametrize(
    ("method", "path", "field"),
    [
        ("PATCH", "/children/child-own", "note"),
        ("PATCH", "/subsidies/subsidy-own", "transport"),
        ("POST", "/subsidies", "transport"),
        ("POST", "/activities", "attendance"),
        ("PATCH", "/activities/activity-own", "attendance"),
    ],
)
def test_no_body_of_any_noun_does(sqlite_county: County, poison: str, method: str, path: str, field: str) -> None:
    answer = send(sqlite_county, "bureau", method, path, f'{{"{field}": {poison}}}')
    assert (answer.status_code, answer.json()["field"]) == (422, field)


def test_a_body_nested_without_end_is_the_askers_fault(sqlite_county: County) -> None:
    for depth in (900, 100_000):
        data = f'{{"note": {"[" * depth}{"]" * depth}}}'
        assert send(sqlite_county, "school", "POST", "/records", with_data(data)).status_code == 422


def test_what_can_be_kept_is_kept(county: County) -> None:
    note = "𠮷😀\\u0001 \\\\u0000 \\\\ud800 \\ud83d\\ude00"
    body = with_data(f'{{"topic": "学习|Learning", "note": "{note}"}}')
    filed = send(county, "school", "POST", "/records", body)
    assert filed.status_code == 201
    kept = {each["id"]: each["data"] for each in county.get("bureau", "/records")["items"]}
    assert kept[filed.json()["id"]]["note"] == json.loads(f'"{note}"')
