"""The second factor, from enrolling to losing it."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pyotp
import pytest
from county import PASSWORD, County
from sqlalchemy import select

from hongzhu import clock
from hongzhu_registry.access import totp
from hongzhu_registry.access.models import Account
from hongzhu_registry.database import database


@pytest.fixture
def moment(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The time of day that codes go by."""
    held = [clock.now()]
    monkeypatch.setattr(totp, "now", lambda: held[0])
    return held


def sign_in(county: County, code: str | None = None, password: str = PASSWORD) -> httpx.Response:
    sent = {"username": "bureau", "password": password} | ({"totp": code} if code else {})
    return county.http.post("/api/v1/token", data=sent)


def enrol(county: County) -> pyotp.TOTP:
    answer = county.ask("bureau", "POST", "/accounts/me/totp", {"password": PASSWORD})
    assert answer.status_code == 200, answer.text
    uri = urlsplit(answer.json()["uri"])
    assert (uri.scheme, uri.netloc) == ("otpauth", "totp")
    return pyotp.TOTP(parse_qs(uri.query)["secret"][0])


def test_once_a_code_has_confirmed_it_signing_in_takes_a_code_and_each_is_good_once(
    county: County, moment: list[Any]
) -> None:
    authenticator = enrol(county)
    assert sign_in(county).status_code == 200  # not confirmed yet: nobody is locked out by half an enrolment
    first = authenticator.at(moment[0])
    assert county.ask("bureau", "POST", "/accounts/me/totp/confirm", {"code": first}).status_code == 204
    asked = sign_in(county)
    assert (asked.status_code, asked.json()["field"]) == (401, "totp")
    assert sign_in(county, first).status_code == 401  # it confirmed, and is used up
    moment[0] += timedelta(seconds=30)
    second = authenticator.at(moment[0])
    assert sign_in(county, second, "wrong").json().get("field") is None  # a code says nothing without the password
    assert sign_in(county, second).status_code == 200
    assert sign_in(county, second).status_code == 401
    assert sign_in(county, first).status_code == 401  # nor does an older one open any more
    assert county.get("bureau", "/accounts/me")["totp"] is True


def test_a_code_is_good_for_half_a_minute_more_or_less(sqlite_county: County, moment: list[Any]) -> None:
    authenticator = enrol(sqlite_county)
    for late in (90, -90):
        code = authenticator.at(moment[0] + timedelta(seconds=late))
        assert sqlite_county.ask("bureau", "POST", "/accounts/me/totp/confirm", {"code": code}).status_code == 422
    code = authenticator.at(moment[0] - timedelta(seconds=30))
    assert sqlite_county.ask("bureau", "POST", "/accounts/me/totp/confirm", {"code": code}).status_code == 204


def test_the_secret_is_sealed_and_nobody_changes_it_with_a_token_alone(county: County, moment: list[Any]) -> None:
    authenticator = enrol(county)
    code = authenticator.at(moment[0])
    assert county.ask("bureau", "POST", "/accounts/me/totp/confirm", {"code": code}).status_code == 204
    with database.transaction() as session:
        kept = session.scalars(select(Account.totp).where(Account.username == "bureau")).one()
    assert kept is not None
    assert authenticator.secret.encode() not in kept
    wrong = county.ask("bureau", "POST", "/accounts/me/totp", {"password": "wrong"})
    assert (wrong.status_code, wrong.json()["field"]) == (401, "password")
    assert county.ask("bureau", "POST", "/accounts/me/totp", {"password": PASSWORD}).status_code == 409
    assert county.ask("carers", "POST", "/accounts/me/totp", {"password": ""}).status_code == 401


@pytest.mark.parametrize("code", ["", "000000", "１２３４５６", "é", "12345678901234567890"])
def test_no_code_is_too_strange_to_be_refused(sqlite_county: County, moment: list[Any], code: str) -> None:
    enrol(sqlite_county)
    assert sqlite_county.ask("bureau", "POST", "/accounts/me/totp/confirm", {"code": code}).status_code == 422
