"""Accounts: opened, changed and ended by an administrator; what everybody may do with their own."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Thread
from typing import Any

import httpx
import pytest
from county import PASSWORD, PEOPLE, County, token_of
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from hongzhu import clock
from hongzhu.installation import hash_of
from hongzhu_registry.access import passwords
from hongzhu_registry.access import service as access
from hongzhu_registry.access.models import Account, Token
from hongzhu_registry.accounts import service as accounts
from hongzhu_registry.answers.models import Answered
from hongzhu_registry.database import database
from hongzhu_registry.sealing import key_ring

TEACHER = {"username": "li", "role": "teacher", "school_id": "school-own", "supporter_id": "teacher-own"}
CHOSEN = "a candle in the window"


def sign_in(county: County, **sent: str) -> httpx.Response:
    return county.http.post("/api/v1/token", data=sent)


def id_of(username: str) -> str:
    with database.transaction() as session:
        return session.scalars(select(Account.id).where(Account.username == username)).one()


def test_only_an_administrator_sees_and_opens_accounts(county: County) -> None:
    account = id_of("school")
    for who in set(PEOPLE) - {"admin"}:
        for method, path, body in (
            ("GET", "/accounts", None),
            ("POST", "/accounts", TEACHER),
            ("GET", f"/accounts/{account}", None),
            ("PATCH", f"/accounts/{account}", {"disabled": True}),
            ("POST", f"/accounts/{account}/revoke", None),
            ("POST", f"/accounts/{account}/reset", None),
        ):
            assert county.ask(who, method, path, body, If_Match="*").status_code == 404, (who, path)
    shown = county.get("admin", "/accounts?role=school")["items"]
    assert {each["username"] for each in shown} == {"school", "other_school"}
    assert set(shown[0]) == {
        "id", "version", "username", "role", "school_id", "agency", "supporter_id", "disabled", "totp"
    }  # fmt: skip


def test_an_opened_account_signs_in_once_with_what_it_was_given_and_then_with_its_own(county: County) -> None:
    made = county.ask("admin", "POST", "/accounts", TEACHER)
    assert made.status_code == 201, made.text
    assert made.headers["cache-control"] == "no-store"
    given = made.json()["password"]
    asked = sign_in(county, username="li", password=given)
    assert (asked.status_code, asked.json()["field"]) == (401, "new_password")
    weak = sign_in(county, username="li", password=given, new_password="short")
    assert (weak.status_code, weak.json()["field"]) == (422, "new_password")
    token = sign_in(county, username="li", password=given, new_password=CHOSEN).json()["access_token"]
    me = county.http.get("/api/v1/accounts/me", headers={"Authorization": f"Bearer {token}"}).json()
    assert (me["username"], me["role"], me["supporter_id"]) == ("li", "teacher", "teacher-own")
    assert sign_in(county, username="li", password=given).status_code == 401
    assert sign_in(county, username="li", password=CHOSEN).status_code == 200


def test_a_given_password_ends_after_a_week(sqlite_county: County) -> None:
    given = sqlite_county.ask("admin", "POST", "/accounts", TEACHER).json()["password"]
    with database.transaction() as session:
        session.execute(update(Account).where(Account.username == "li").values(password_until=clock.now()))
    assert sign_in(sqlite_county, username="li", password=given, new_password=CHOSEN).status_code == 401


def test_an_account_is_opened_once_and_its_password_told_once_and_kept_nowhere(county: County) -> None:
    first, again = (county.ask("admin", "POST", "/accounts", TEACHER, Idempotency_Key="k").json() for _ in range(2))
    password = first.pop("password")
    assert first == again
    with database.transaction() as session:
        kept = session.scalars(select(Answered)).one()
        said = key_ring().open(kept.answer, "answered", f"answer.{kept.key}", kept.account_id)
        assert first["id"] in str(said)
        assert password not in str(said)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"role": "school"}, "school_id"),
        ({"role": "school", "school_id": "nowhere"}, "school_id"),
        ({"role": "bureau", "school_id": "school-own"}, "school_id"),
        ({"role": "agency", "agency": "nobody"}, "agency"),
        ({"role": "teacher", "school_id": "school-other", "supporter_id": "teacher-own"}, "supporter_id"),
        ({"role": "notifier"}, "role"),
        ({"role": "bureau", "username": "agency-carers2"}, "username"),
        ({"role": "bureau", "username": "two words"}, "username"),
    ],
)
def test_a_role_has_the_place_it_needs_and_no_other(sqlite_county: County, body: Any, field: str) -> None:
    answer = sqlite_county.ask("admin", "POST", "/accounts", {"username": "li"} | body)
    assert (answer.status_code, answer.json()["field"]) == (422, field)


def test_a_name_is_taken_once(sqlite_county: County) -> None:
    answer = sqlite_county.ask("admin", "POST", "/accounts", {"username": "bureau", "role": "bureau"})
    assert (answer.status_code, answer.json()["field"]) == (409, "username")


def test_an_account_changes_only_as_it_was_read(county: County) -> None:
    path = f"/accounts/{id_of('bureau')}"
    tag = county.ask("admin", "GET", path).headers["etag"]
    assert county.ask("admin", "PATCH", path, {"role": "auditor"}).status_code == 428
    assert county.ask("admin", "PATCH", path, {"role": "auditor"}, If_Match=tag).json()["role"] == "auditor"
    assert county.ask("admin", "PATCH", path, {"role": "bureau"}, If_Match=tag).status_code == 412
    assert county.ask("bureau", "GET", "/children").status_code == 404  # what it is now counts at once


def test_another_role_leaves_the_old_place(sqlite_county: County) -> None:
    sqlite_county.ask("admin", "POST", "/accounts", TEACHER)
    path = f"/accounts/{id_of('li')}"
    changed = sqlite_county.ask("admin", "PATCH", path, {"role": "school"}, If_Match="*").json()
    assert (changed["school_id"], changed["supporter_id"]) == ("school-own", None)
    assert sqlite_county.ask("admin", "PATCH", path, {"role": "agency"}, If_Match="*").json()["field"] == "agency"


def test_a_closed_account_is_out_at_once_and_its_old_tokens_stay_ended(county: County) -> None:
    path = f"/accounts/{id_of('bureau')}"
    assert county.ask("bureau", "GET", "/accounts/me").status_code == 200
    assert county.ask("admin", "PATCH", path, {"disabled": True}, If_Match="*").status_code == 200
    assert county.ask("bureau", "GET", "/accounts/me").status_code == 401
    assert sign_in(county, username="bureau", password=PASSWORD).status_code == 401
    assert county.ask("admin", "PATCH", path, {"disabled": False}, If_Match="*").status_code == 200
    assert county.ask("bureau", "GET", "/accounts/me").status_code == 401
    assert sign_in(county, username="bureau", password=PASSWORD).status_code == 200


def test_there_is_always_an_administrator_left(sqlite_county: County) -> None:
    path = f"/accounts/{id_of('admin')}"
    assert sqlite_county.ask("admin", "PATCH", path, {"disabled": True}, If_Match="*").status_code == 422
    assert sqlite_county.ask("admin", "PATCH", path, {"role": "bureau"}, If_Match="*").status_code == 422
    assert sqlite_county.ask("admin", "POST", f"{path}/reset").status_code == 422


def test_of_two_administrators_who_close_each_other_at_once_one_is_left(
    postgres_county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = postgres_county.ask("admin", "POST", "/accounts", {"username": "second", "role": "admin"}).json()
    sent = {"username": "second", "password": given["password"], "new_password": CHOSEN}
    second = {"Authorization": f"Bearer {sign_in(postgres_county, **sent).json()['access_token']}", "If-Match": "*"}
    first = second | {"Authorization": f"Bearer {token_of('admin')}"}
    both, real = Barrier(2), accounts._take_turn

    def at_once(session: Session, by: str) -> None:
        both.wait(10)  # both were let in as administrators
        real(session, by)

    monkeypatch.setattr(accounts, "_take_turn", at_once)

    def close(headers: dict[str, str], account_id: str) -> int:
        path = f"/api/v1/accounts/{account_id}"
        return postgres_county.http.patch(path, json={"disabled": True}, headers=headers).status_code

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(close, (first, second), (given["id"], id_of("admin"))))
    assert sorted(answers) == [200, 404]
    with database.transaction() as session:
        left = session.scalars(select(Account.id).where(Account.role == "admin", Account.disabled.is_(False))).all()
    assert len(left) == 1


@pytest.mark.parametrize("how", ["reset", "close", "change"])
def test_nothing_that_is_signed_in_with_the_old_password_outlives_a_reset(
    postgres_county: County, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """Whichever comes between the look at the password and the token."""
    path, real, ended = f"/accounts/{id_of('bureau')}", passwords.verify, []

    def end() -> None:
        acts = {
            "reset": ("admin", "POST", f"{path}/reset", None),
            "close": ("admin", "PATCH", path, {"disabled": True}),
            "change": ("bureau", "POST", "/accounts/me/password", {"current": PASSWORD, "new": CHOSEN}),
        }
        ended.append(postgres_county.ask(*acts[how], If_Match="*").status_code)

    def overtaken(password: str, kept: str | None) -> tuple[bool, str | None]:
        right = real(password, kept)
        monkeypatch.setattr(passwords, "verify", real)
        thread = Thread(target=end)
        thread.start()
        thread.join()
        return right

    monkeypatch.setattr(passwords, "verify", overtaken)
    answer = sign_in(postgres_county, username="bureau", password=PASSWORD)
    assert ended[0] in (200, 204)
    assert answer.status_code == 401


def test_a_reset_that_comes_while_a_token_is_made_ends_it(
    postgres_county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, resetting = access.issue_token, []

    def slow(*of: Any) -> str:
        path = f"/accounts/{id_of('bureau')}/reset"
        resetting.append(Thread(target=lambda: postgres_county.ask("admin", "POST", path)))
        resetting[0].start()
        resetting[0].join(0.5)
        assert resetting[0].is_alive(), "it waits for the token"
        return real(*of)

    monkeypatch.setattr(access, "issue_token", slow)
    token = sign_in(postgres_county, username="bureau", password=PASSWORD).json()["access_token"]
    resetting[0].join()
    headers = {"Authorization": f"Bearer {token}"}
    assert postgres_county.http.get("/api/v1/accounts/me", headers=headers).status_code == 401


def test_a_machines_account_can_be_closed_but_not_made_a_persons(sqlite_county: County) -> None:
    path = f"/accounts/{id_of('carers')}"
    assert sqlite_county.ask("admin", "PATCH", path, {"role": "admin"}, If_Match="*").status_code == 422
    assert sqlite_county.ask("admin", "POST", f"{path}/reset").status_code == 422
    assert sqlite_county.ask("admin", "PATCH", path, {"disabled": True}, If_Match="*").status_code == 200
    assert sqlite_county.ask("carers", "GET", "/accounts/me").status_code == 401


def test_a_reset_lets_somebody_in_again_and_everybody_else_out(county: County) -> None:
    enrolled = county.ask("bureau", "POST", "/accounts/me/totp", {"password": PASSWORD})
    assert enrolled.status_code == 200
    given = county.ask("admin", "POST", f"/accounts/{id_of('bureau')}/reset").json()["password"]
    assert county.ask("bureau", "GET", "/accounts/me").status_code == 401
    assert sign_in(county, username="bureau", password=PASSWORD).status_code == 401
    assert sign_in(county, username="bureau", password=given, new_password=CHOSEN).status_code == 200
    with database.transaction() as session:
        assert session.scalars(select(Account.totp).where(Account.username == "bureau")).one() is None


def test_a_new_password_ends_every_token_and_takes_the_old_one(county: County) -> None:
    wrong = county.ask("bureau", "POST", "/accounts/me/password", {"current": "wrong", "new": CHOSEN})
    assert (wrong.status_code, wrong.json()["field"]) == (401, "password")
    assert county.ask("bureau", "GET", "/accounts/me").status_code == 200
    changed = county.ask("bureau", "POST", "/accounts/me/password", {"current": PASSWORD, "new": CHOSEN})
    assert changed.status_code == 204
    assert county.ask("bureau", "GET", "/accounts/me").status_code == 401
    assert sign_in(county, username="bureau", password=CHOSEN).status_code == 200


def test_a_found_token_does_not_guess_the_password(sqlite_county: County) -> None:
    body = {"current": "x" * 5000, "new": CHOSEN}
    assert sqlite_county.ask("bureau", "POST", "/accounts/me/password", body).status_code == 422
    body = {"current": "x" * 500, "new": CHOSEN}
    answers = [sqlite_county.ask("bureau", "POST", "/accounts/me/password", body).status_code for _ in range(12)]
    assert answers[-2:] == [429, 429]


def test_one_signs_out_here_or_everywhere(county: County) -> None:
    tokens = [sign_in(county, username="bureau", password=PASSWORD).json()["access_token"] for _ in range(3)]
    headers = [{"Authorization": f"Bearer {each}"} for each in tokens]

    def alive() -> list[int]:
        return [county.http.get("/api/v1/accounts/me", headers=each).status_code for each in headers]

    assert county.http.delete("/api/v1/token", headers=headers[0]).status_code == 204
    assert alive() == [401, 200, 200]
    assert county.http.post("/api/v1/accounts/me/revoke", headers=headers[1]).status_code == 204
    assert alive() == [401, 401, 401]
    assert county.ask("bureau", "GET", "/accounts/me").status_code == 401


WATCH = """
import sys, time
from hongzhu.errors import NotSignedInError
from hongzhu_registry.access.service import principal_of
from hongzhu_registry.accounts import service as accounts
from hongzhu_registry.database import database
seen = 0
while True:
    try:
        with database.transaction() as session:
            principal_of(session, sys.argv[1])
    except NotSignedInError:
        print(seen, time.time(), flush=True)
        break
    seen += 1
    if seen == 1:
        print("in", flush=True)
    time.sleep(0.02)
"""


@pytest.mark.parametrize("how", ["revoke", "disable", "sign out"])
def test_what_one_process_revokes_another_refuses_within_five_seconds(county: County, how: str) -> None:
    watcher = subprocess.Popen([sys.executable, "-c", WATCH, token_of("bureau")], stdout=subprocess.PIPE, text=True)
    assert watcher.stdout is not None
    try:
        assert watcher.stdout.readline() == "in\n"
        account, began = id_of("bureau"), time.time()
        answer = {
            "revoke": lambda: county.ask("admin", "POST", f"/accounts/{account}/revoke"),
            "disable": lambda: county.ask("admin", "PATCH", f"/accounts/{account}", {"disabled": True}, If_Match="*"),
            "sign out": lambda: county.ask("bureau", "DELETE", "/token"),
        }[how]()
        assert answer.status_code in (200, 204), answer.text
        seen, ended = watcher.stdout.readline().split()
    finally:
        watcher.kill()
        watcher.wait()
        watcher.stdout.close()
    print(f"{how}: seen={seen} seconds={float(ended) - began:.3f}")
    assert int(seen) >= 1
    assert float(ended) - began < 5


def test_a_machine_gets_a_new_token_before_the_old_one_ends(county: County) -> None:
    with database.transaction() as session:
        new = access.renew_token(session, "carers")
        old = session.get_one(Token, bytes.fromhex(hash_of(token_of("carers"))))
        left = old.expires_at.replace(tzinfo=clock.now().tzinfo) - clock.now()
    assert left <= access.CHANGEOVER
    assert county.ask("carers", "GET", "/accounts/me").status_code == 200
    headers = {"Authorization": f"Bearer {new}"}
    assert county.http.get("/api/v1/accounts/me", headers=headers).json()["agency"] == "carers"
