"""A teacher's first sign-in, by the link in her notice."""

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from county import PASSWORD, County
from itsdangerous import TimestampSigner
from sqlalchemy import select, update

from hongzhu.testing.databases import Configure
from hongzhu_registry.access import service as access
from hongzhu_registry.access.models import Account
from hongzhu_registry.audit.models import AuditEntry
from hongzhu_registry.database import database
from hongzhu_registry.sealing import key_ring, new_key
from hongzhu_registry.weeks.links import LASTS, link_to_week

CHOSEN = "a candle in the window"
ENGLISH = {"Accept-Language": "en"}
PATH = "/api/v1/accounts/first-sign-in"


def link_of(supporter_id: str = "teacher-own") -> str:
    return urlsplit(link_to_week(supporter_id)).path.removeprefix("/w/")


def first(county: County, supporter_id: str = "teacher-own", **changes: Any) -> httpx.Response:
    body = {"link": link_of(supporter_id), "username": "李老师", "password": CHOSEN} | changes
    return county.http.post(PATH, json=body, headers=ENGLISH)


def page(county: County, supporter_id: str = "teacher-own") -> str:
    answer = county.http.get(f"/w/{link_of(supporter_id)}/account", headers=ENGLISH)
    assert answer.status_code == 200, answer.text
    return answer.text


def send(county: County, link: str | None = None, headers: dict[str, str] | None = None, **form: str) -> httpx.Response:
    form = {"username": "李老师", "password": CHOSEN} | form
    return county.http.post(
        f"/w/{link or link_of()}/account", data=form, headers=ENGLISH | (headers or {}), follow_redirects=False
    )


def accounts() -> list[tuple[str, str | None, str | None]]:
    with database.transaction() as session:
        rows = session.scalars(select(Account).where(Account.role == "teacher").order_by(Account.username)).all()
    return [(each.username, each.school_id, each.supporter_id) for each in rows if each.password_hash]


def test_the_holder_of_a_link_opens_the_teachers_own_account_once(county: County) -> None:
    made = first(county)
    assert made.status_code == 201, made.text
    assert made.json()["role"] == "teacher"
    token = county.http.post("/api/v1/token", data={"username": "李老师", "password": CHOSEN}).json()["access_token"]
    me = county.http.get("/api/v1/accounts/me", headers={"Authorization": f"Bearer {token}"}).json()
    assert (me["role"], me["supporter_id"], me["school_id"]) == ("teacher", "teacher-own", "school-own")
    again = first(county, username="somebody-else")
    assert again.status_code == 409
    assert "already" in again.json()["detail"]
    assert accounts() == [("李老师", "school-own", "teacher-own")]


def test_of_several_at_once_one_gets_the_account(postgres_county: County) -> None:
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda n: first(postgres_county, username=f"name{n}").status_code, range(6)))
    assert sorted(answers) == [201] + [409] * 5
    assert len(accounts()) == 1


@pytest.mark.parametrize("supporter", ["carer", "nobody"])
def test_only_a_teacher_has_an_account_by_link(sqlite_county: County, supporter: str) -> None:
    assert first(sqlite_county, supporter).status_code == 404
    assert accounts() == []


def test_a_forged_and_an_expired_link_open_nothing_and_say_so_plainly(
    county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert first(county, link="forged").status_code == 404
    now = TimestampSigner.get_timestamp
    with monkeypatch.context() as patch:
        patch.setattr(TimestampSigner, "get_timestamp", lambda self: now(self) - LASTS - 1)
        link = link_of()
    assert first(county, link=link).status_code == 404
    shown = county.http.get(f"/w/{link}/account", headers=ENGLISH)
    assert (shown.status_code, "This link no longer opens" in shown.text) == (404, True)
    assert send(county, link).status_code == 404
    assert accounts() == []


@pytest.mark.parametrize(
    ("changes", "field", "status"),
    [
        ({"password": "short"}, "password", 422),
        ({"password": "李老师李老师李老师12"}, "password", 422),
        ({"username": "bureau"}, "username", 409),
        ({"username": "agency-far"}, "username", 422),
        ({"username": "notifier"}, "username", 422),
        ({"username": "a b"}, "username", 422),
    ],
)
def test_what_is_not_right_is_told_beside_its_field_and_opens_nothing(
    sqlite_county: County, changes: dict[str, str], field: str, status: int
) -> None:
    answer = first(sqlite_county, **changes)
    assert (answer.status_code, answer.json()["field"]) == (status, field)
    shown = send(sqlite_county, **changes)
    assert shown.status_code == status
    assert f'id="{field}-wrong"' in shown.text
    assert f'value="{changes.get("password", CHOSEN)}"' not in shown.text  # a password is never sent back
    assert accounts() == []


def test_the_week_page_leads_to_a_password_and_the_password_back_to_the_week(county: County) -> None:
    week = county.http.get(f"/w/{link_of()}", headers=ENGLISH).text
    (to_account,) = re.findall(r'href="(/w/[^"]+/account)"', week)
    assert 'type="password"' in county.http.get(to_account, headers=ENGLISH).text
    sent = send(county)
    assert (sent.status_code, sent.headers["location"].endswith("/account")) == (303, True)
    assert "李老师" in page(county)
    assert 'type="password"' not in page(county)
    assert send(county, username="other").status_code == 303  # sent twice, opened once
    assert accounts() == [("李老师", "school-own", "teacher-own")]
    form = {"username": "李老师", "password": CHOSEN}
    signed_in = county.http.post("/sign-in", data=form, follow_redirects=False)
    assert signed_in.status_code == 303
    assert county.http.get(urlsplit(signed_in.headers["location"]).path).status_code == 200


@pytest.mark.parametrize("how", ["close", "close and open", "revoke", "reset", "sign out", "new password"])
def test_a_link_opens_nothing_once_its_teachers_account_was_closed_or_its_tokens_ended(
    county: County, how: str
) -> None:
    account_id, link = first(county).json()["id"], link_of()
    assert county.http.get(f"/w/{link}").status_code == 200
    form = {"username": "李老师", "password": CHOSEN}
    hers = {"Authorization": f"Bearer {county.http.post('/api/v1/token', data=form).json()['access_token']}"}
    path = f"/accounts/{account_id}"
    if how == "revoke":
        assert county.ask("admin", "POST", f"{path}/revoke").status_code == 204
    elif how == "reset":
        assert county.ask("admin", "POST", f"{path}/reset").status_code == 200
    elif how == "sign out":
        assert county.http.post("/api/v1/accounts/me/revoke", headers=hers).status_code == 204
    elif how == "new password":
        sent = {"current": CHOSEN, "new": CHOSEN[::-1]}
        assert county.http.post("/api/v1/accounts/me/password", json=sent, headers=hers).status_code == 204
    else:
        assert county.ask("admin", "PATCH", path, {"disabled": True}, If_Match="*").status_code == 200
        assert county.http.get(f"/w/{link_of()}").status_code == 404, "nor does one of a later notice"
    if how == "close and open":
        assert county.ask("admin", "PATCH", path, {"disabled": False}, If_Match="*").status_code == 200
    for page_of_hers in ("", "/carers.talk", "/account"):
        shown = county.http.get(f"/w/{link}{page_of_hers}")
        assert (shown.status_code, "孩子" in shown.text) == (404, False)
    assert first(county, link=link).status_code == 404
    if how != "close":
        assert county.http.get(f"/w/{link_of()}").status_code == 200, "the next notice brings a new one"
    assert county.http.get(f"/w/{link_of('teacher-other')}").status_code == 200, "of somebody without an account"


def test_the_page_to_sign_in_asks_for_what_is_still_wanted(county: County) -> None:
    with database.transaction() as session:
        account = access.open_account(session, "li", "teacher", school_id="school-own", supporter_id="teacher-own")
        given = access.reset(session, account)

    def sign_in(**form: str) -> httpx.Response:
        return county.http.post("/sign-in", data=form, headers=ENGLISH, follow_redirects=False)

    wrong = sign_in(username="li", password="wrong")
    assert wrong.status_code == 401
    assert "www-authenticate" not in wrong.headers  # or the browser would ask in its own words
    asked = sign_in(username="li", password=given)
    assert (asked.status_code, 'name="new_password"' in asked.text, given in asked.text) == (401, True, False)
    assert sign_in(username="li", password=given, new_password=CHOSEN).status_code == 303
    at_her_desk = sign_in(username="bureau", password=PASSWORD)
    assert (at_her_desk.status_code, at_her_desk.headers["location"]) == (303, "/home")
    assert "HttpOnly" in at_her_desk.headers["set-cookie"]
    for _ in range(9):
        sign_in(username="li", password="wrong")
    refused = sign_in(username="li", password="wrong")
    for _ in range(3):
        refused = sign_in(username="li", password="wrong")
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) > 0


@pytest.mark.parametrize(
    ("given_to_people", "kept_to_tls"),
    [(None, False), ("http://10.0.0.1:8000", False), ("https://hongzhu.example", True)],
)
def test_where_people_come_by_tls_no_browser_sends_a_session_without(
    sqlite_county: County, configure: Configure, given_to_people: str | None, kept_to_tls: bool
) -> None:
    # The proxy in front asks in clear.
    configure(public_url=given_to_people)
    said = {"username": "bureau", "password": PASSWORD}
    cookie = sqlite_county.http.post("/sign-in", data=said, follow_redirects=False).headers["set-cookie"]
    assert cookie.count("HttpOnly") == cookie.count("SameSite=lax") == 2
    assert cookie.count("Secure") == (2 if kept_to_tls else 0)


@pytest.mark.parametrize(
    ("headers", "let_in"),
    [
        ({}, True),
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Origin": "http://testserver"}, True),
        ({"Origin": "https://hongzhu.example"}, True),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "same-site", "Origin": "http://testserver"}, False),
        ({"Origin": "https://evil.example"}, False),
        ({"Origin": "null"}, False),
    ],
)
def test_no_page_of_somebody_elses_sends_a_form_in_a_teachers_name(
    sqlite_county: County, configure: Configure, headers: dict[str, str], let_in: bool
) -> None:
    configure(public_url="https://hongzhu.example")
    assert (send(sqlite_county, headers=headers).status_code == 303) is let_in
    assert (accounts() != []) is let_in
    form = {"username": "bureau", "password": PASSWORD}
    answer = sqlite_county.http.post("/sign-in", data=form, headers=headers, follow_redirects=False)
    assert (answer.status_code == 303) is let_in
    week = sqlite_county.http.post(f"/w/{link_of()}/nothing.here", data={}, headers=headers)
    assert week.status_code == 404


def test_pages_run_and_load_nothing_but_our_own_files_and_are_not_kept(sqlite_county: County) -> None:
    for answer in (
        sqlite_county.http.get(f"/w/{link_of()}/account"),
        sqlite_county.http.get("/sign-in"),
        send(sqlite_county, password="x"),
    ):
        assert answer.headers["content-security-policy"].startswith("default-src 'self';")
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] == "no-store"
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?! src=)|javascript:", answer.text)


def test_what_the_link_did_is_on_record(sqlite_county: County) -> None:
    first(sqlite_county)
    with database.transaction() as session:
        entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert entry is not None
    assert (entry.account_id, entry.role, entry.outcome) == ("teacher-own", "link", "done")
    assert "first-sign-in" in entry.action


def test_a_link_outlives_the_rotation_of_the_keys_that_seal(sqlite_county: County, configure: Configure) -> None:
    from hongzhu.settings import settings

    link, held = link_of(), settings().secret_keys
    assert held is not None
    configure(secret_keys=f"second:{new_key()},{held.get_secret_value()}")
    key_ring.cache_clear()
    assert first(sqlite_county, link=link).status_code == 201


def test_a_closed_account_does_not_come_back_by_the_link(sqlite_county: County) -> None:
    first(sqlite_county)
    with database.transaction() as session:
        session.execute(update(Account).where(Account.username == "李老师").values(disabled=True))
    assert first(sqlite_county, username="again").status_code == 404
    form = {"username": "李老师", "password": CHOSEN}
    assert sqlite_county.http.post("/sign-in", data=form, follow_redirects=False).status_code == 401
