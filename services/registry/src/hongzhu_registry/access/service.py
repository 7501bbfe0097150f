"""Signing in: passwords become tokens, tokens become principals."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, bindparam, case, delete, or_, select, update
from sqlalchemy.orm import Session

from hongzhu.clock import now
from hongzhu.direct import Direct, Prepared, kind_of
from hongzhu.errors import MissingError, NotSignedInError, SignInFailedError
from hongzhu.installation import hash_of
from hongzhu.settings import settings
from hongzhu_registry.access import passwords, totp
from hongzhu_registry.access.models import Account, Token
from hongzhu_registry.access.policy import BUREAU, Principal, Role
from hongzhu_registry.agencies.models import OPEN, Agency
from hongzhu_registry.database import EVERYTHING, narrowed, narrowing

PERSON_TOKEN = timedelta(hours=12)
MACHINE_TOKEN = timedelta(days=365)
CHANGEOVER = timedelta(days=7)
"""How long a machine's old token still opens once it has a new one."""

NOTED = timedelta(minutes=1)
"""How often at most it is noted that an agency's token was used."""

ONE_TIME = timedelta(days=7)
"""How long a password that somebody else gave waits to be changed."""


@dataclass(frozen=True, slots=True)
class Given:
    """What somebody gives to sign in; `totp` and `new_password` only when they are asked for."""

    username: str
    password: str = field(repr=False)
    totp: str | None = field(default=None, repr=False)
    new_password: str | None = field(default=None, repr=False)


def authenticate(session: Session, given: Given) -> Account:
    """Return whose account it is; raises `SignInFailedError`, the same for a wrong name and a wrong password.

    With the right password it names as field what is still wanted: ``totp``, or a ``new_password``.
    """
    account, too_old = session.execute(
        select(Account, Account.password_until < now()).where(Account.username == given.username, is_open())
    ).one_or_none() or (None, None)
    right, better = passwords.verify(given.password, account.password_hash if account else None)
    if not right or account is None:
        raise SignInFailedError("The user name or the password is wrong.")
    looked_at = account.password_hash
    # Whoever resets or closes the account waits from here on; whoever did while the password was looked at was first.
    session.refresh(account, with_for_update=True)
    if account.disabled or account.password_hash != looked_at:
        raise SignInFailedError("The user name or the password is wrong.")
    if account.totp_step is not None and not given.totp:
        raise SignInFailedError("Send the code of your authenticator as well, as totp.", field="totp")
    if account.totp_step is not None and not totp.accept(session, account, given.totp or ""):
        raise SignInFailedError("That code is wrong or was used already; wait for the next one.", field="totp")
    if account.password_until is not None:
        if too_old:
            raise SignInFailedError("The password you were given is too old. Ask for another one.")
        if not given.new_password:
            raise SignInFailedError(
                "That password was given to you by somebody else: choose one of your own.",
                field="new_password",
            )
        choose_password(account, given.new_password, field="new_password")
    elif better:
        account.password_hash = better
    return account


def is_open() -> ColumnElement[bool]:
    """Say of an account whether it opens anything: it is not closed, nor is the agency it belongs to."""
    account, agency = Account.__table__.c, Agency.__table__.c
    shut = select(agency.name).where(agency.name == account.agency, agency.standing != OPEN)
    return account.disabled.is_(False) & ~shut.exists()


def choose_password(account: Account, password: str, *, field: str = "password") -> None:
    """Let an account's holder choose a password; raises `InvalidError`."""
    passwords.check(password, account.username, field)
    account.password_hash, account.password_until = passwords.hashed(password), None


def reset(session: Session, account: Account) -> str:
    """Return a password for one sign-in; what was there before ends: the password, the second factor, every token."""
    password = passwords.one_time()
    account.password_hash, account.password_until = passwords.hashed(password), now() + ONE_TIME
    account.totp, account.totp_step = None, None
    revoke_tokens(session, account.id)
    return password


def issue_token(session: Session, account_id: str, lasts: timedelta) -> str:
    """Make a token for an account."""
    token = secrets.token_urlsafe(32)
    keep_token(session, account_id, bytes.fromhex(hash_of(token)), lasts)
    return token


def keep_token(session: Session, account_id: str, token_hash: bytes, lasts: timedelta) -> None:
    """Keep the hash of a token; a token that is known already keeps its time."""
    if session.get(Token, token_hash) is None:
        session.add(Token(hash=token_hash, account_id=account_id, expires_at=now() + lasts))


@cache
def _holder(kind: str) -> Prepared:
    """Make what every request begins with, on a kind of database."""
    account, token = Account.__table__.c, Token.__table__.c
    # Each by itself: a list would be written into the statement anew with every request.
    level = case(*((account.role == each, EVERYTHING) for each in BUREAU), else_=account.role)
    place = {"school_id": account.school_id, "agency": account.agency, "supporter_id": account.supporter_id}
    holder = select(
        *(account.id, account.role, *place.values()),
        (account.agency.is_not(None) & _unnoted(token.used_at)).label("unnoted"),
        *narrowing(kind, level=level, account_id=account.id, **place),
    )
    return Prepared(
        holder.where(
            token.account_id == account.id,
            token.hash == bindparam("token_hash"),
            token.expires_at > bindparam("now"),
            is_open(),
        )
    )


def principal_of(session: Session | Direct, token: str) -> Principal:
    """Return who a token stands for, and narrow the session to it in the same statement; raises `NotSignedInError`."""
    said = {"token_hash": bytes.fromhex(hash_of(token)), "now": now(), "noted": now() - NOTED}
    rows = _holder(kind_of(session)).rows(session, said)
    if not rows:
        raise NotSignedInError
    (found,) = rows
    narrowed(session, found)
    if found["unnoted"]:
        _note_use(session, said)
    return Principal(found["id"], found["role"], found["school_id"], found["agency"], found["supporter_id"])


def _unnoted(used_at: ColumnElement[datetime]) -> ColumnElement[bool]:
    return or_(used_at.is_(None), used_at < bindparam("noted"))


def _note_use(session: Session | Direct, said: Mapping[str, Any]) -> None:
    # Past whoever notes it at the same moment, for no request waits for another one of its agency.
    token = Token.__table__
    mine = select(token.c.hash).where(token.c.hash == bindparam("token_hash"), _unnoted(token.c.used_at))
    first = token.c.hash.in_(mine.with_for_update(skip_locked=True))
    noting = update(token).where(first).values(used_at=bindparam("now"))  # type: ignore[arg-type]  # it is a Table
    session.connection().execute(noting, said)


def open_account(
    session: Session,
    username: str,
    role: Role,
    *,
    password: str | None = None,
    school_id: str | None = None,
    agency: str | None = None,
    supporter_id: str | None = None,
) -> Account:
    """Open an account, or give the one of that name a new role and place.

    A new password ends the old one, the second factor and every token, and opens an account again that was closed; without
    one it stays closed.
    """
    account = session.scalar(select(Account).where(Account.username == username)) or Account(username=username)
    account.role, account.school_id, account.agency = role, school_id, agency
    account.supporter_id = supporter_id
    if password is not None:
        account.disabled = False
        account.password_hash, account.password_until = passwords.hashed(password), None
        account.totp, account.totp_step = None, None
    session.add(account)
    session.flush()
    if password is not None:
        revoke_tokens(session, account.id)
    return account


def renew_token(session: Session, username: str) -> str:
    """Return a new token for a machine's account; those it has end after the `CHANGEOVER`."""
    account_id = session.scalar(select(Account.id).where(Account.username == username, Account.password_hash.is_(None)))
    if account_id is None:
        raise MissingError("There is no account {name} of a machine.", name=username)
    until = now() + CHANGEOVER
    session.execute(
        update(Token).where(Token.account_id == account_id, Token.expires_at > until).values(expires_at=until)
    )
    return issue_token(session, account_id, MACHINE_TOKEN)


def end_token(session: Session, token: str) -> None:
    """End one token."""
    session.execute(update(Token).where(Token.hash == bytes.fromhex(hash_of(token))).values(expires_at=now()))


def revoke_tokens(session: Session, account_id: str) -> None:
    """End every token of an account, and every link to its holder's week."""
    # Kept, though ended: one that the configuration still names must not come back to life.
    at = now()
    session.execute(update(Token).where(Token.account_id == account_id).values(expires_at=at))
    session.execute(update(Account).where(Account.id == account_id).values(revoked_at=at))


def forget_tokens(session: Session) -> None:
    """Drop people's tokens that have ended; a machine's stay, see `revoke_tokens`."""
    people = select(Account.id).where(Account.password_hash.is_not(None))
    session.execute(delete(Token).where(Token.expires_at < now(), Token.account_id.in_(people)))


def bring_in_accounts(session: Session) -> list[str]:
    """Open the accounts that the installation's configuration names, with the tokens it gave them; return the agencies'."""
    agencies = []
    for entry in filter(None, settings().accounts.split(",")):
        name, _, token_hash = entry.partition(":")
        agency = name.removeprefix("agency-") if name.startswith("agency-") else None
        account = open_account(session, name, "agency" if agency else "notifier", agency=agency)
        keep_token(session, account.id, bytes.fromhex(token_hash), MACHINE_TOKEN)
        if agency:
            agencies.append(agency)
    return agencies


def agencies_with_accounts(session: Session) -> list[str]:
    """Name the agencies that have an account."""
    return list(session.scalars(select(Account.agency).where(Account.agency.is_not(None)).distinct()))
