"""Who may ask what: every route of the API, asked by every role about its own, another's and nobody's.

A route that is added without a line in `POLICY` fails here.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import httpx
import pytest
from county import COUNSELLOR, PEOPLE, TALK, County, of_task, promise
from crowd import BUREAU, Tally
from fastapi import FastAPI

from hongzhu.testing.examples import CALENDAR, MONDAY

EVERYBODY = set(PEOPLE) - {"auditor", "protection", "guardian"}
"""Whoever has to do with the programmes; the auditor has only to do with the audit."""
PERSONAL = {"bureau", "school", "teacher", "carers"}
"""Those who see `child-own`; of the schools only its own, of the agencies only the one that owes it something."""
OFFICES = {"bureau", "school", "carers", "lawyers", "other_school"}
STAFF = OFFICES | {"teacher"}

DAY = str(MONDAY)
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
RESOURCES: dict[str, dict[str, Any]] = {
    "activities": {"kind": "birthday", "name": "生日", "held_on": DAY},
    "assessments": {"child_id": "child-{own}", "tested_on": DAY, "subject": "数学", "mark": 90},
    "documents": {"title": "文件"},
    "enrolments": {"child_id": "child-{own}", "kind": "after_school"},
    "facilities": {"organisation": "", "kind": "home", "name": "家"},
    "referrals": {"child_id": "child-{own}", "organisation": "关爱会", "referred_on": DAY},
    "subsidies": {"child_id": "child-{own}", "teacher": "师", "taught_on": DAY, "transport": 1, "meals": 1},
}
SINGULAR = {name: re.sub("ies$", "y", name).removesuffix("s") for name in RESOURCES}
CHANGES: dict[str, dict[str, Any]] = {
    "activities": {"note": "改"},
    "assessments": {"mark": 59},
    "documents": {"year": 2020},
    "enrolments": {"note": "改"},
    "facilities": {"town": "燕东"},
    "referrals": {"cause": "改"},
    "subsidies": {"paid": False},
}
OWNERS: dict[str, set[str]] = {
    "activities": {"bureau", "school", "carers"},
    "assessments": {"bureau", "school", "teacher"},
    "documents": {"bureau"},
    "enrolments": {"bureau", "school", "teacher"},
    "facilities": {"bureau", "carers"},
    "referrals": {"bureau", "school", "carers"},
    "subsidies": {"bureau", "school"},
}
"""Who sees the row called ``…-own``."""
ADDERS: dict[str, set[str]] = {
    "activities": {"bureau", "school", "other_school", "carers", "lawyers"},
    "assessments": {"bureau", "school"},
    "documents": {"bureau"},
    "enrolments": {"bureau", "school"},
    "facilities": {"bureau", "carers", "lawyers"},
    "referrals": {"bureau", "school", "carers"},
    "subsidies": {"bureau", "school"},
}
"""Who may add the example of `RESOURCES`, which is about ``child-own``."""

# (method, path): (who gets through, the body sent).  In paths and bodies {own} is replaced by own, other and nobody.
POLICY: dict[tuple[str, str], tuple[set[str], Any]] = {
    ("GET", "/accounts"): ({"admin"}, None),
    ("POST", "/accounts"): ({"admin"}, {"username": "new", "role": "auditor"}),
    ("GET", "/accounts/me"): (set(PEOPLE) - {"guardian"}, None),
    ("GET", "/accounts/account-{account}"): ({"admin"}, None),
    ("GET", "/agencies"): (STAFF, None),
    ("PATCH", "/accounts/account-{account}"): ({"admin"}, {"disabled": True}),
    ("POST", "/accounts/account-{account}/revoke"): ({"admin"}, None),
    ("POST", "/accounts/account-{account}/reset"): ({"admin"}, None),
    ("PUT", "/agencies/{agency}"): ({"bureau", "carers"}, {"name": "{agency}", "title": {"zh": "会", "en": "carers"}}),
    ("GET", "/agencies/{agency}"): ({"bureau", "carers"}, None),
    ("POST", "/agencies/{agency}/suspend"): ({"admin"}, None),
    ("POST", "/agencies/{agency}/resume"): ({"admin"}, None),
    ("POST", "/agencies/{agency}/revoke"): ({"admin"}, None),
    ("GET", "/parked"): ({"admin"}, None),
    ("GET", "/audit"): ({"bureau", "auditor"}, None),
    ("GET", "/calendar"): (EVERYBODY, None),
    ("PUT", "/calendar"): ({"bureau"}, CALENDAR.model_dump(mode="json")),
    ("GET", "/children"): (STAFF, None),
    ("GET", "/children/child-{own}"): (PERSONAL, None),
    ("POST", "/children"): (
        {"bureau", "school"},
        {"school_id": "school-{own}", "name": "新来的", "id_number": "350481201003030012"},
    ),
    ("GET", "/children/child-{own}/timeline"): (PERSONAL, None),
    ("GET", "/children/child-{own}/consent"): ({"bureau", "school"}, None),
    ("POST", "/children/child-{own}/consent"): ({"bureau", "school"}, {"basis": "statutory_duty"}),
    ("POST", "/children/child-{own}/consent/withdraw"): ({"bureau", "school"}, {}),
    ("POST", "/children/child-{own}/transfer"): ({"bureau", "school"}, {"school_id": "school-own"}),
    ("POST", "/children/child-{own}/leave"): ({"bureau", "school"}, {"reason": "moved_away"}),
    ("POST", "/children/child-{own}/return"): ({"bureau", "school"}, {}),
    ("GET", "/children/child-{own}/export"): ({"bureau", "school"}, None),
    ("POST", "/children/child-{own}/guardian-link"): ({"bureau", "school"}, None),
    ("DELETE", "/children/child-{own}/guardian-link"): ({"bureau", "school"}, None),
    ("PATCH", "/children/child-{own}"): ({"bureau", "school"}, {"note": "改"}),
    ("POST", "/recipients"): (
        {"notifier"},
        {"school_id": "school-own", "assignee": "class_teacher", "subjects": ["child-own"]},
    ),
    ("GET", "/conflicts"): ({"bureau"}, None),
    ("GET", "/imports/import-{own}"): ({"bureau"}, None),
    ("GET", "/imports/import-{own}/errors"): ({"bureau"}, None),
    ("GET", "/leaders"): ({"bureau", "school", "other_school"}, None),
    ("GET", "/mandatory_reports"): (STAFF | {"protection"}, None),
    ("POST", "/mandatory_reports"): (PERSONAL, {"child_id": "child-{own}", "what": "淤青"}),
    ("GET", "/mandatory_reports/report-{own}"): ({"school", "carers", "protection"}, None),
    ("POST", "/mandatory_reports/report-{own}/answer"): (
        {"carers", "protection"},
        {"outcome": "unfounded", "note": "已走访"},
    ),
    ("GET", "/notices"): ({"bureau", "school", "teacher", "other_school"}, None),
    ("GET", "/pairings"): (STAFF, None),
    ("GET", "/pairings/pairing-{own}"): ({"bureau", "school", "teacher"}, None),
    ("PATCH", "/pairings/pairing-{own}"): ({"bureau", "school"}, {"ended_on": DAY}),
    ("POST", "/pairings"): (
        {"bureau", "carers"},
        {"kind": "love_parent", "supporter_id": "carer", "child_id": "child-{own}"},
    ),
    ("GET", "/photos"): ({"bureau", "school", "teacher", "other_school"}, None),
    ("GET", "/photos/record-{own}"): ({"bureau", "school", "teacher"}, None),
    ("PUT", "/photos/record-{own}"): ({"bureau", "school"}, {"image": PIXEL}),
    ("DELETE", "/photos/record-{own}"): ({"bureau", "school"}, None),
    ("GET", "/programmes"): (EVERYBODY, None),
    ("GET", "/programmes/{code}"): (EVERYBODY, None),
    ("PUT", "/programmes/{code}"): ({"bureau", "carers"}, promise().model_dump(mode="json", by_alias=True)),
    ("POST", "/programmes/{code}/approve"): ({"bureau"}, {}),
    ("POST", "/programmes/{code}/tune"): ({"bureau"}, {"trigger": {"due": 5}}),
    ("POST", "/programmes/{code}/suspend"): ({"bureau"}, None),
    ("GET", "/records"): ({"bureau", "school", "teacher", "other_school"}, None),
    ("POST", "/records"): (
        {"bureau", "school", "teacher", "carers"},
        {"kind": "talk", "occurred_on": DAY, "data": {"topic": "学习|Learning"}, "child_ids": ["child-{own}"]},
    ),
    ("GET", "/reports"): ({"bureau"}, None),
    ("POST", "/reports"): ({"bureau"}, {"from": "2020-09-01", "to": "2020-11-23"}),
    ("GET", "/schools"): (STAFF, None),
    ("GET", "/schools/school-{own}"): (STAFF - {"other_school"}, None),
    ("GET", "/stats/overview"): ({"bureau"}, None),
    ("GET", "/stats/coverage"): (OFFICES, None),
    ("GET", "/supporters"): (STAFF, None),
    ("GET", "/supporters/{supporter}"): ({"bureau", "carers"}, None),
    ("POST", "/supporters"): (OFFICES, {"kind": "volunteer", "name": "新来的"}),
    ("PATCH", "/supporters/{supporter}"): ({"bureau", "carers"}, {"town": "燕东"}),
    ("GET", "/records/record-{own}"): ({"bureau", "school", "teacher"}, None),
    ("PATCH", "/records/record-{own}"): ({"bureau", "school"}, {"occurred_on": DAY}),
    ("POST", "/records/record-{own}/withdraw"): ({"bureau", "school"}, {"reason": "错"}),
    ("POST", "/pairings/pairing-{own}/withdraw"): ({"bureau", "school"}, {"reason": "错"}),
    ("GET", "/children/child-{own}/pauses"): ({"bureau", "school"}, None),
    ("POST", "/children/child-{own}/pauses"): ({"bureau", "school"}, {"from": "2021-03-01", "reason": "病"}),
    ("POST", "/children/child-{own}/pauses/pause-{own}/end"): ({"bureau", "school"}, {"on": "2020-08-30"}),
    ("DELETE", "/children/child-{own}/pauses/pause-{own}"): ({"bureau", "school"}, None),
    ("POST", "/tasks/{task}/excuse"): ({"bureau", "school"}, {"reason": "病"}),
    ("DELETE", "/tasks/{task}/excuse"): ({"bureau", "school"}, None),
    ("GET", "/tasks"): (STAFF, None),
    ("GET", "/tasks/{task}"): (PERSONAL, None),
}
for name, body in RESOURCES.items():
    POLICY["GET", f"/{name}"] = (OFFICES | (OWNERS[name] & {"teacher"}), None)
    POLICY["POST", f"/{name}"] = (ADDERS[name], body)
    POLICY["GET", f"/{name}/{SINGULAR[name]}-{{own}}"] = (OWNERS[name], None)
    POLICY["PATCH", f"/{name}/{SINGULAR[name]}-{{own}}"] = (OWNERS[name] - {"teacher"}, CHANGES[name])

for name, (who, body) in {
    "accept": ({"bureau", "carers"}, {}),
    "decline": ({"bureau", "carers"}, {"reason": "忙"}),
    "done": ({"bureau", "carers"}, {}),
    "withdraw": ({"bureau", "school"}, {"reason": "不需要了"}),
}.items():
    POLICY["POST", f"/referrals/referral-{{own}}/{name}"] = (who, body)

for name in ("activities", "enrolments"):
    POLICY["POST", f"/{name}/{SINGULAR[name]}-{{own}}/withdraw"] = (OWNERS[name] - {"teacher"}, {"reason": "错"})

ELSEWHERE = {
    ("POST", "/imports"),  # takes a file
    # Want the days, or a report that was closed: reports/test_reports.py
    ("GET", "/reports/implementation"),
    ("GET", "/reports/figures/{}/rows"),
    ("GET", "/reports/{}"),
    ("POST", "/reports/{}/sign"),
    # Want a message that is parked: parked/test_parked.py
    ("POST", "/parked/{}/replay"),
    ("POST", "/parked/{}/{}/replay"),
    ("POST", "/conflicts/{}/settle"),  # wants a conflict: conflicts/test_conflicts.py
    ("POST", "/token"),
    ("POST", "/accounts/first-sign-in"),  # for whoever holds a link
    # What everybody does with an account of their own, and what signs them out.
    ("DELETE", "/token"),
    ("POST", "/accounts/me/password"),
    ("POST", "/accounts/me/revoke"),
    ("POST", "/accounts/me/totp"),
    ("POST", "/accounts/me/totp/confirm"),
}
"""Routes with tests of their own."""

MEANT = {
    "own": {
        "{own}": "own",
        "{account}": "bureau",
        "{agency}": "carers",
        "{code}": TALK,
        "{supporter}": "carer",
        "{task}": of_task(TALK, "child-own"),
    },
    "other": {
        "{own}": "other",
        "{account}": "school",
        "{agency}": "lawyers",
        "{code}": COUNSELLOR,
        "{supporter}": "teacher-other",
        "{task}": of_task(COUNSELLOR, "school-other"),
    },
    "nobody": {
        "{own}": "nobody",
        "{account}": "nobody",
        "{agency}": "nobody",
        "{code}": "nobodys.talk",
        "{supporter}": "nobody",
        "{task}": of_task(TALK, "nobody"),
    },
}


def filled(template: Any, meant: str) -> Any:
    """Put one's own, another's or nobody's name into the places of a path or a body."""
    if isinstance(template, dict):
        return {key: filled(value, meant) for key, value in template.items()}
    if isinstance(template, list):
        return [filled(each, meant) for each in template]
    if isinstance(template, str):
        for place, value in MEANT[meant].items():
            template = template.replace(place, value)
    return template


def _ask(county: County, who: str | None, route: tuple[str, str], meant: str) -> httpx.Response:
    method, path = route
    body = filled(POLICY[route][1], meant)
    return county.ask(who, method, filled(path, meant), body, If_Match="*")


def _shape(path: str) -> str:
    return re.sub(r"\{\w+\}", "{}", re.sub(r"/[\w-]*\{\w+\}", "/{}", path))


def test_every_route_of_the_api_says_who_may_use_it(app: FastAPI) -> None:
    routes = {
        (method.upper(), _shape(path.removeprefix("/api/v1")))
        for path, methods in app.openapi()["paths"].items()
        for method in methods
    }
    assert {(method, _shape(path)) for method, path in POLICY} == routes - ELSEWHERE


ROUTES = [pytest.param(route, id=" ".join(route)) for route in POLICY]


@pytest.mark.parametrize("database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_every_route_gives_every_role_its_own_and_nothing_more(
    fresh_county: Callable[[str], County], database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    tally = matrix(lambda: fresh_county(database), POLICY)
    with capsys.disabled():
        print(f"\nisolation, {database}: {tally}")
    assert not tally.faults, "\n".join(tally.faults)


def matrix(fresh: Callable[[], County], routes: Iterable[tuple[str, str]]) -> Tally:
    """Ask every route as everybody about their own, another's and nobody's; each that changes something in a fresh county."""
    tally, county, changed = Tally(), fresh(), False
    for route in routes:
        if changed or route[0] != "GET":
            county = fresh()
        changed = route[0] != "GET"
        allowed = POLICY[route][0] | ({"admin"} if "bureau" in POLICY[route][0] else set())
        for who in sorted(set(PEOPLE) - allowed):  # before the others, who change things
            denied, missing = (_ask(county, who, route, meant) for meant in ("own", "nobody"))
            same = (denied.content, _stripped(denied)) == (missing.content, _stripped(missing))
            tally.count(who, denied, _ask_text(route, "own"), right=denied.status_code == 404 and same)
            tally.count(who, missing, _ask_text(route, "nobody"), right=missing.status_code == 404)
        # The bureau comes last: what it changes, it may change for everybody.
        for number, who in enumerate(sorted(allowed, key=lambda each: each in BUREAU)):
            if number and route[0] == "DELETE":  # what one has taken out for good is there for nobody else
                county = fresh()
            answer = _ask(county, who, route, "own")
            # That somebody was first, when several may, is no denial.
            through = answer.status_code < 300 or answer.status_code == 409
            tally.count(who, answer, _ask_text(route, "own"), right=through)
            if route[0] == "GET":
                tally.count(who, _ask(county, who, route, "nobody"), _ask_text(route, "nobody"))
        for who in sorted(set(PEOPLE) - BUREAU):
            tally.count(who, _ask(county, who, route, "other"), _ask_text(route, "other"))
    return tally


def _ask_text(route: tuple[str, str], meant: str) -> str:
    return f"{route[0]} {filled(route[1], meant)} {filled(POLICY[route][1], meant)}"


def _stripped(answer: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name != "date"}


@pytest.mark.parametrize("route", ROUTES)
def test_nobody_gets_in_without_a_token_that_is_known(sqlite_county: County, route: tuple[str, str]) -> None:
    for headers in ({}, {"Authorization": "Bearer nonsense"}):
        method, path = route
        answer = sqlite_county.http.request(
            method, f"/api/v1{filled(path, 'own')}", json=filled(POLICY[route][1], "own"), headers=headers
        )
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["www-authenticate"] == "Bearer"


def _lists(county: County, who: str) -> Iterator[tuple[str, Any]]:
    for method, path in POLICY:
        if method == "GET" and "{" not in path and path != "/calendar":
            answer = county.ask(who, "GET", path)
            if answer.status_code == 200:
                yield path, answer.text


@pytest.mark.parametrize("who", ["other_school", "lawyers"])
def test_no_list_names_what_is_out_of_sight(sqlite_county: County, who: str) -> None:
    seen = dict(_lists(sqlite_county, who))
    assert seen
    for path, text in seen.items():
        assert "child-own" not in text, path
        assert "child-mate" not in text, path
        if who == "other_school":
            assert "school-own" not in text, path
            assert "teacher-own" not in text, path


@pytest.mark.parametrize("who", sorted(PEOPLE))
def test_no_list_shows_what_is_sealed(sqlite_county: County, who: str) -> None:
    for path, text in _lists(sqlite_county, who):
        assert not re.search("id_number|phone|email|address|password|content_hash|identity|1395000", text), path


def test_an_agency_sees_of_a_child_what_the_programmes_that_owe_it_something_need(sqlite_county: County) -> None:
    always = {"id", "school_id", "version"}
    seen = sqlite_county.get("carers", "/children/child-own")
    known = {name for name, value in seen.items() if value is not None}
    # in_poverty belongs to the love parents' programme, which owes this child nothing.
    assert known == always | {"grade", "class_name"}
    assert [each["id"] for each in sqlite_county.get("carers", "/children")["items"]] == ["child-mate", "child-own"]
    assert sqlite_county.ask("carers", "GET", "/children/child-other").status_code == 404


@pytest.mark.parametrize(
    "filter_", ["q=孩", "sex=female", "boarding=true", "disabled=true", "id_number=350481201001010018"]
)
def test_an_agency_cannot_find_out_a_field_by_asking_for_it(sqlite_county: County, filter_: str) -> None:
    answer = sqlite_county.ask("carers", "GET", f"/children?{filter_}")
    assert answer.status_code == 422
    assert answer.json()["field"] == filter_.partition("=")[0]
    assert f"“{answer.json()['field']}”" in answer.json()["detail"]
    # Of a field that one of its programmes sees, only the children of that programme.
    assert sqlite_county.get("carers", "/children?in_poverty=true")["items"] == []
    assert len(sqlite_county.get("carers", "/children?grade=3")["items"]) == 2


def test_an_agency_cannot_give_the_evidence_that_another_one_promised(sqlite_county: County) -> None:
    body = {"kind": "law_counsellor", "supporter_id": "carer", "school_id": "school-own"}
    answer = sqlite_county.ask("carers", "POST", "/pairings", body)
    assert (answer.status_code, answer.json()["field"]) == (422, "kind")


def test_a_suspended_programme_opens_no_dossier(sqlite_county: County) -> None:
    assert sqlite_county.ask("bureau", "POST", f"/programmes/{TALK}/suspend").status_code == 200
    assert sqlite_county.get("carers", "/children")["items"] == []
    assert sqlite_county.ask("carers", "GET", "/children/child-own").status_code == 404
