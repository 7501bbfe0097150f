"""Signing in, and what a token is worth."""

from datetime import timedelta

import pytest
from county import PASSWORD, County, token_of
from sqlalchemy import select, update

from hongzhu import clock
from hongzhu.installation import hash_of
from hongzhu.testing.databases import Configure
from hongzhu_registry.access import service as access
from hongzhu_registry.access.models import Account, Token
from hongzhu_registry.database import database


def _sign_in(county: County, username: str, password: str) -> tuple[int, str]:
    answer = county.http.post("/api/v1/token", data={"username": username, "password": password})
    return answer.status_code, answer.text


def test_whoever_knows_the_password_gets_a_token_that_works(county: County) -> None:
    answer = county.http.post("/api/v1/token", data={"username": "bureau", "password": PASSWORD})
    told = answer.json()
    assert (answer.status_code, told["token_type"]) == (200, "bearer")
    assert told["expires_in"] == access.PERSON_TOKEN.total_seconds()
    headers = {"Authorization": f"Bearer {told['access_token']}"}
    assert county.http.get("/api/v1/children", headers=headers).status_code == 200


def test_a_wrong_name_a_wrong_password_and_a_closed_account_are_told_alike(county: County) -> None:
    wrong = _sign_in(county, "bureau", "wrong")
    with database.transaction() as session:
        access.open_account(session, "closed", "bureau", password="right").disabled = True
    assert wrong[0] == 401
    assert wrong == _sign_in(county, "nobody", "wrong")
    assert wrong == _sign_in(county, "carers", "wrong")  # an account without a password
    assert wrong == _sign_in(county, "closed", "right")


def test_a_token_ends(county: County) -> None:
    with database.transaction() as session:
        session.execute(update(Token).values(expires_at=clock.now() - timedelta(seconds=1)))
    assert county.ask("bureau", "GET", "/children").status_code == 401


def test_a_closed_accounts_tokens_are_worth_nothing(county: County) -> None:
    with database.transaction() as session:
        session.execute(update(Account).where(Account.username == "school").values(disabled=True))
    assert county.ask("school", "GET", "/children").status_code == 401
    assert county.ask("bureau", "GET", "/children").status_code == 200


def test_tokens_are_kept_as_hashes_only(county: County) -> None:
    with database.transaction() as session:
        kept = session.scalars(select(Token.hash)).all()
    assert bytes.fromhex(hash_of(token_of("bureau"))) in kept
    assert not any(token_of("bureau").encode() in each for each in kept)


def test_a_revoked_token_stays_ended_even_when_the_configuration_still_names_it(
    county: County, configure: Configure
) -> None:
    configure(accounts=f"agency-carers:{hash_of('configured')},notifier:{hash_of('of the notifier')}")
    headers = {"Authorization": "Bearer configured"}
    with database.transaction() as session:
        assert access.bring_in_accounts(session) == ["carers"]
    assert county.http.get("/api/v1/tasks", headers=headers).status_code == 200
    with database.transaction() as session:
        account = session.scalars(select(Account).where(Account.username == "agency-carers")).one()
        access.revoke_tokens(session, account.id)
    assert county.http.get("/api/v1/tasks", headers=headers).status_code == 401
    with database.transaction() as session:
        access.bring_in_accounts(session)
    assert county.http.get("/api/v1/tasks", headers=headers).status_code == 401


def test_a_machines_account_that_an_administrator_closed_stays_closed_though_the_configuration_names_it(
    county: County, configure: Configure
) -> None:
    configure(accounts=f"agency-carers:{hash_of('configured')}")
    with database.transaction() as session:
        access.bring_in_accounts(session)
        account_id = session.scalars(select(Account.id).where(Account.username == "agency-carers")).one()
    closed = county.ask("admin", "PATCH", f"/accounts/{account_id}", {"disabled": True}, If_Match="*")
    assert closed.json()["disabled"] is True
    with database.transaction() as session:
        access.bring_in_accounts(session)
    assert county.get("admin", f"/accounts/{account_id}")["disabled"] is True


@pytest.mark.parametrize("token", ["", " ", "x" * 100_000, "å"])
def test_no_token_is_too_strange_to_be_refused(county: County, token: str) -> None:
    answer = county.http.get("/api/v1/children", headers={"Authorization": f"Bearer {token}".encode()})
    assert answer.status_code == 401


def test_a_failed_sign_in_is_not_a_missing_token(sqlite_county: County) -> None:
    sent = {"username": "bureau", "password": "wrong"}
    answer = sqlite_county.http.post("/api/v1/token", data=sent, headers={"Accept-Language": "en"})
    assert answer.json()["title"] == "Sign-in failed."
