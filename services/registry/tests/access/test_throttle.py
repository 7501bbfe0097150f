"""Whoever guesses passwords is slowed; the owner of the account is not kept out by it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from county import PASSWORD, County
from fastapi.testclient import TestClient
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import func, select, update

from hongzhu import clock
from hongzhu.testing.databases import Configure
from hongzhu_registry.access import passwords
from hongzhu_registry.access import service as access
from hongzhu_registry.access.models import Account, Attempts, KnownAddress
from hongzhu_registry.access.service import forget_tokens
from hongzhu_registry.access.throttle import ADDRESS, BROWSER, PAIR, STRANGERS, forget
from hongzhu_registry.app import make_app
from hongzhu_registry.audit.models import AuditEntry
from hongzhu_registry.database import database

OWNERS, PROXY = "198.51.100.7", "203.0.113.9"
Try = Callable[..., httpx.Response]


def attackers(number: int) -> str:
    return f"192.0.2.{number}"


@pytest.fixture
def attempt(request: pytest.FixtureRequest, configure: Configure, monkeypatch: pytest.MonkeyPatch) -> Try:
    """Tries a password from an address, through a trusted proxy that says so; hashing is made cheap."""
    name = next(each for each in ("county", "sqlite_county", "postgres_county") if each in request.fixturenames)
    request.getfixturevalue(name)
    configure(trusted_proxies=PROXY)
    monkeypatch.setattr(passwords, "_hasher", PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),)))
    monkeypatch.setattr(passwords, "NOBODY", passwords.hashed("nobody's"))
    with database.transaction() as session:
        session.execute(
            update(Account).where(Account.username == "bureau").values(password_hash=passwords.hashed(PASSWORD))
        )
    http = TestClient(make_app(), client=(PROXY, 1))

    def tried(address: str, password: str = "wrong", username: str = "bureau") -> httpx.Response:
        return http.post(
            "/api/v1/token",
            data={"username": username, "password": password},
            headers={"X-Forwarded-For": f"10.0.0.1, {address}", "Accept-Language": "en"},
        )

    return tried


def test_guessing_from_one_address_is_told_to_wait_even_with_the_right_password(county: County, attempt: Try) -> None:
    assert [attempt(attackers(1)).status_code for _ in range(PAIR.amount)] == [401] * PAIR.amount
    refused = attempt(attackers(1), PASSWORD)
    assert refused.status_code == 429
    assert refused.headers["content-type"] == "application/problem+json"
    assert 0 < int(refused.headers["retry-after"]) <= PAIR.get_expiry()
    assert "15 minutes" in refused.json()["detail"]
    assert attempt(attackers(1), PASSWORD, "nobody").status_code == 401  # another account is another counter
    with database.transaction() as session:
        session.execute(update(Attempts).values(expires_at=clock.now().timestamp() - 1))
    assert attempt(attackers(1), PASSWORD).status_code == 200


def test_whoever_guesses_behind_the_owners_own_address_does_not_keep_the_owner_out(county: County) -> None:
    right = {"username": "bureau", "password": PASSWORD}
    wrong = right | {"password": "wrong"}
    owner, pupil = (TestClient(make_app(), follow_redirects=False) for _ in range(2))
    assert owner.post("/sign-in", data=right).status_code == 303
    assert {pupil.post("/sign-in", data=wrong).status_code for _ in range(PAIR.amount + 1)} == {401, 429}
    assert [owner.post("/sign-in", data=right).status_code for _ in range(3)] == [303] * 3
    assert pupil.post("/sign-in", data=right).status_code == 429

    # Nobody guesses longer for being known, nor with what was given to somebody else or made up.
    assert [owner.post("/sign-in", data=wrong).status_code for _ in range(PAIR.amount + 1)][-1] == 429
    with database.transaction() as session:
        access.open_account(session, "another", "auditor", password=PASSWORD)
    another = TestClient(make_app(), follow_redirects=False)
    assert another.post("/sign-in", data=right | {"username": "another"}).status_code == 303
    assert another.post("/sign-in", data=right).status_code == 429
    for made_up in ("x", "WyJ4Il0.x", ""):
        pupil.cookies.set(BROWSER, made_up)
        assert pupil.post("/sign-in", data=right).status_code == 429


def test_an_attacker_from_many_addresses_does_not_keep_the_owner_out(county: County, attempt: Try) -> None:
    assert attempt(OWNERS, PASSWORD).status_code == 200
    answers = [attempt(attackers(number)).status_code for number in range(STRANGERS.amount + 10)]
    tried, denied = len(answers), answers.count(429)
    owner = [attempt(OWNERS, PASSWORD).status_code for _ in range(20)]
    print(
        f"tried={tried} checked={answers.count(401)} denied={denied} owner_in={owner.count(200)} owner_out={owner.count(429)}"
    )
    assert answers == [401] * STRANGERS.amount + [429] * 10
    assert owner == [200] * 20
    assert attempt(attackers(200), PASSWORD).status_code == 429  # a stranger, as long as it goes on


def test_the_owner_at_one_address_with_the_attacker_is_let_in_after_the_wait(county: County, attempt: Try) -> None:
    assert attempt(OWNERS, PASSWORD).status_code == 200
    for _ in range(PAIR.amount):
        attempt(OWNERS)
    assert attempt(OWNERS, PASSWORD).status_code == 429
    assert attempt(OWNERS, PASSWORD, "nobody").status_code == 401


def test_one_address_does_not_try_its_luck_on_all_accounts(sqlite_county: County, attempt: Try) -> None:
    answers = [attempt(attackers(1), username=f"name{number}").status_code for number in range(ADDRESS.amount + 1)]
    assert answers == [401] * ADDRESS.amount + [429]
    assert attempt(attackers(2), username="name1").status_code == 401


def test_who_signs_in_rightly_is_never_slowed(sqlite_county: County, attempt: Try) -> None:
    assert {attempt(OWNERS, PASSWORD).status_code for _ in range(ADDRESS.amount // 4)} == {200}
    with database.transaction() as session:
        assert not session.scalar(select(func.sum(Attempts.count)))


def test_ten_at_once_are_counted_one_by_one(postgres_county: County, attempt: Try) -> None:
    with ThreadPoolExecutor(10) as pool:
        answers = [each.status_code for each in pool.map(lambda _: attempt(attackers(1)), range(PAIR.amount * 2))]
    assert sorted(answers) == [401] * PAIR.amount + [429] * PAIR.amount


def test_a_whole_network_of_ipv6_is_one_address(sqlite_county: County, attempt: Try) -> None:
    answers = [attempt(f"2001:db8:0:1::{number:x}").status_code for number in range(PAIR.amount + 1)]
    assert answers == [401] * PAIR.amount + [429]
    assert attempt("2001:db8:0:2::1").status_code == 401


def test_nobody_says_where_they_come_from_unless_they_are_a_trusted_proxy(sqlite_county: County) -> None:
    def attempt(number: int) -> int:
        headers = {"X-Forwarded-For": attackers(number)}
        sent = {"username": "bureau", "password": "wrong"}
        return sqlite_county.http.post("/api/v1/token", data=sent, headers=headers).status_code

    assert [attempt(number) for number in range(PAIR.amount + 1)][-1] == 429


def test_failures_are_on_record_without_the_names_of_nobody_and_without_addresses(county: County, attempt: Try) -> None:
    attempt(OWNERS)
    attempt(OWNERS, "wrong", "my-own-secret-password")
    attempt(OWNERS, PASSWORD)
    with database.transaction() as session:
        entries = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
        rows = [(each.role, each.action, each.subject_id, each.outcome) for each in entries]
        kept = [bytes(each) for each in session.scalars(select(Attempts.key))]
        kept += [bytes(each) for each in session.scalars(select(KnownAddress.address))]
    action = "POST /token"
    assert rows == [
        ("bureau", action, None, "denied"),
        ("nobody", action, None, "denied"),
        ("bureau", action, None, "done"),
    ]
    assert "my-own-secret" not in str([vars(each) for each in entries])
    assert kept
    assert all(len(each) == 32 and OWNERS.encode() not in each for each in kept)


def test_what_is_over_is_forgotten(county: County, attempt: Try) -> None:
    attempt(OWNERS, PASSWORD)
    attempt(OWNERS)
    with database.transaction() as session:
        session.execute(update(Attempts).values(expires_at=0))
        session.execute(update(KnownAddress).values(last_at=clock.now().replace(year=2000)))
        forget(session)
        forget_tokens(session)
        assert [session.scalar(select(func.count()).select_from(each)) for each in (Attempts, KnownAddress)] == [0, 0]
