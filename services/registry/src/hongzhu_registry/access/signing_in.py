"""One attempt to sign in, wherever the door is: throttled before, on record after.

It opens its own transactions, for an attempt counts and stays on record though it fails.
"""

from collections.abc import Callable
from typing import TypeVar, cast

from fastapi import Request
from sqlalchemy import select
from sqlalchemy.orm import Session

from hongzhu.errors import SignInFailedError
from hongzhu_registry.access import service, throttle
from hongzhu_registry.access.models import Account
from hongzhu_registry.access.policy import Principal, Role
from hongzhu_registry.access.service import Given
from hongzhu_registry.audit import service as audit
from hongzhu_registry.audit.service import Asked
from hongzhu_registry.database import database

Issued = TypeVar("Issued")


def sign_in(request: Request, given: Given, issue: Callable[[Session, Account], Issued]) -> Issued:
    """Return what `issue` makes for whose account it is; raises `SignInFailedError` and `TooManyError`.

    It is made in the very transaction that saw the password, so that a reset ends it or keeps it from being made.
    """
    address = throttle.place_of(request, given.username)
    with database.transaction() as session:
        throttle.admit(session, given.username, address)
    try:
        with database.transaction() as session:
            account = service.authenticate(session, given)
            throttle.welcome(session, account, address)
            audit.write(session, _asked(request, account), "done")
            return issue(session, account)
    except SignInFailedError:
        with database.transaction() as session:
            audit.write(session, _asked(request, _named(session, given.username)), "denied")
        raise


def _named(session: Session, username: str) -> Account | None:
    return session.scalar(select(Account).where(Account.username == username))


def _asked(request: Request, account: Account | None) -> Asked:
    # Of nobody's name nothing is kept: it may be a password, typed into the wrong field.
    by = Principal(account.id, cast("Role", account.role)) if account else Principal("nobody", cast("Role", "nobody"))
    return Asked(by, f"{request.method} {request.scope['route'].path}", None)
