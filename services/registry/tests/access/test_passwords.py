"""Which passwords are good enough, and how they are kept."""

import unicodedata
from concurrent.futures import ThreadPoolExecutor
from threading import Condition

import pytest
from argon2 import PasswordHasher
from county import PASSWORD, County
from sqlalchemy import update

from hongzhu.errors import InvalidError
from hongzhu_registry.access import passwords
from hongzhu_registry.access import service as access
from hongzhu_registry.access.models import Account
from hongzhu_registry.database import database


@pytest.mark.parametrize(
    "password",
    ["", "short", "123456789", "0123456789", "1234567890", "aaaaaaaaaaaa", "abababababab", "teacherli", "teacherli123",
     "TeacherLi-88", "hongzhu2020", "password123", "qwertyuiop12", "x" * 201, "１２３４５６７８９０"],
)  # fmt: skip
def test_what_somebody_would_guess_first_is_refused_without_being_repeated(password: str) -> None:
    with pytest.raises(InvalidError) as refused:
        passwords.check(password, "teacherli")
    assert refused.value.field == "password"
    assert not password or password not in str(refused.value)


@pytest.mark.parametrize(
    "password", ["correct horse battery", "红烛照着回家的山路弯弯", "mT7-qaZ9vv", "a" * 100 + " candle"]
)
def test_a_short_sentence_is_good_whatever_it_is_made_of(password: str) -> None:
    passwords.check(password, "teacherli")


def test_a_password_is_kept_as_argon2id_and_told_however_it_was_typed() -> None:
    kept = passwords.hashed("café de la gare")
    assert kept.startswith("$argon2id$")
    assert passwords.verify("cafe\u0301 de la gare", kept)[0]
    assert not passwords.verify("cafe de la gare", kept)[0]
    assert not passwords.verify("anything", None)[0]


@pytest.mark.parametrize(
    "password",
    [
        "e\u0301a\u0302" * 60 + " seven horses",
        "\u1f82".join("abcdefgh") * 12 + " seven horses",
        "ﷺ" * 10 + " seven horses",
    ],
)
@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKC", "NFKD"])
def test_a_password_that_is_accepted_opens_in_whatever_form_it_is_typed(password: str, form: str) -> None:
    passwords.check(password, "teacherli")
    assert passwords.verify(unicodedata.normalize(form, password), passwords.hashed(password))[0]


def test_what_is_too_long_in_its_normal_form_is_refused_and_opens_nothing() -> None:
    long = "ﷺ" * 12  # eighteen characters each
    with pytest.raises(InvalidError):
        passwords.check(long, "teacherli")
    assert not passwords.verify(long, passwords.hashed(long))[0]
    assert not passwords.verify("x" * 1_000_000, passwords.hashed("x" * 200))[0]


def test_a_password_that_was_kept_more_weakly_is_kept_anew_when_it_is_next_given(county: County) -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    with database.transaction() as session:
        session.execute(update(Account).where(Account.username == "bureau").values(password_hash=weak))

    def kept() -> str:
        with database.transaction() as session:
            return access.authenticate(session, access.Given("bureau", PASSWORD)).password_hash or ""

    first = kept()
    assert "m=8192,t=1,p=1" in weak
    assert "m=8192,t=1,p=1" not in first
    assert first.startswith("$argon2id$")
    assert kept() == first


def test_however_many_try_passwords_few_are_looked_at_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    room, begun, most = Condition(), 0, 0

    class Slow:
        """Looks at a password until as many others are looked at as ever will be."""

        def verify_and_update(self, *_: str) -> tuple[bool, None]:
            nonlocal begun, most
            with room:
                begun += 1
                most = max(most, begun)
                room.wait_for(lambda: most > passwords.AT_ONCE, timeout=0.2)
                begun -= 1
            return False, None

    monkeypatch.setattr(passwords, "_hasher", Slow())
    with ThreadPoolExecutor(3 * passwords.AT_ONCE) as everybody:
        list(everybody.map(lambda _: passwords.verify("a password", None), range(3 * passwords.AT_ONCE)))
    assert most == passwords.AT_ONCE
