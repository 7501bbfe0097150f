"""Accounts: opened, changed and ended by an administrator; a teacher's own, by the link in her notice."""

import re
from collections.abc import Callable
from typing import Any, cast, get_args

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from hongzhu.database import take_turns
from hongzhu.errors import ConflictError, InvalidError, MissingError, SignInFailedError
from hongzhu_registry.access import passwords, totp
from hongzhu_registry.access import service as access
from hongzhu_registry.access.models import Account
from hongzhu_registry.access.policy import Role
from hongzhu_registry.agencies.models import Agency
from hongzhu_registry.schools.models import School
from hongzhu_registry.supporters.models import Supporter

PEOPLE = ("admin", "bureau", "school", "teacher", "agency", "auditor", "protection")
"""The roles that a person may be given; the others are machines' and links'."""
assert set(PEOPLE) <= set(get_args(Role))
COLUMNS = (
    Account.id,
    Account.version,
    Account.username,
    Account.role,
    Account.school_id,
    Account.agency,
    Account.supporter_id,
    Account.disabled,
    Account.totp_step.is_not(None).label("totp"),
)
"""What may be shown of an account; `totp` says whether a second factor is wanted."""
_NAME = re.compile(r"[\w.@+-]{2,50}")
_PLACES = {"school": ("school_id",), "teacher": ("school_id", "supporter_id"), "agency": ("agency",)}
"""Where a role has its place; all others stand for the whole county."""


def shown() -> Select[*tuple[Any, ...]]:
    """Select accounts as they are shown."""
    return select(*COLUMNS)


def open_for(session: Session, username: str, role: str, **place: str | None) -> tuple[Account, str]:
    """Open an account for somebody; return it with a password for the first sign-in."""
    _see_free(session, username)
    account = Account(username=username, role=role, **_placed(session, role, place))
    session.add(account)
    session.flush()
    return account, access.reset(session, account)


def open_own(session: Session, supporter_id: str, username: str, password: str) -> Account:
    """Open a teacher's own account, once, for the holder of her link; raises `ConflictError` when there is one."""
    take_turns(session, f"account of {supporter_id}")
    teacher = session.get(Supporter, supporter_id)
    if teacher is None or teacher.kind != "teacher" or teacher.school_id is None:
        raise MissingError
    if own(session, supporter_id) is not None:
        raise ConflictError("An account was opened with this link already; sign in with its password.")
    _see_free(session, username)
    account = Account(username=username, role="teacher", school_id=teacher.school_id, supporter_id=supporter_id)
    access.choose_password(account, password)
    session.add(account)
    session.flush()
    return account


def own(session: Session, supporter_id: str) -> Account | None:
    """Return a supporter's account."""
    return session.scalar(select(Account).where(Account.supporter_id == supporter_id))


def of(session: Session, account_id: str) -> Account:
    """Return an account, kept from others until the transaction ends; raises `MissingError`."""
    account = session.get(Account, account_id, with_for_update=True)
    if account is None:
        raise MissingError
    return account


def change(session: Session, by: str, account_id: str, changes: dict[str, Any], expect: Callable[[int], None]) -> None:
    """Change an account's role, place or use; `expect` is shown the version there is."""
    _take_turn(session, by)
    account = of(session, account_id)
    expect(account.version)
    if account.id == by:
        # So that there is always somebody left to open accounts.
        raise InvalidError("Nobody changes their own role or closes their own account; ask another administrator.")
    if changes.keys() - {"disabled"}:
        role = changes.get("role", account.role)
        if account.role not in PEOPLE or account.password_hash is None:
            raise InvalidError("This is a machine's account: it can be closed, not changed.", field="role")
        place = {name: changes.get(name, getattr(account, name)) for name in ("school_id", "agency", "supporter_id")}
        if "role" in changes:  # what the new role has no use for goes, unless it was asked for
            place = {name: value for name, value in place.items() if name in (*_PLACES.get(role, ()), *changes)}
        account.role = role
        for name, value in _placed(session, role, place).items():
            setattr(account, name, value)
    account.disabled = changes.get("disabled", account.disabled)
    account.version += 1
    session.flush()
    if account.disabled:
        access.revoke_tokens(session, account.id)


def reset(session: Session, by: str, account_id: str) -> str:
    """Return a password for one sign-in to somebody else's account."""
    _take_turn(session, by)
    account = of(session, account_id)
    if account.id == by:
        raise InvalidError("Nobody resets their own account; change the password instead.")
    if account.role not in PEOPLE or account.password_hash is None:
        raise InvalidError("This is a machine's account: it can be closed, not changed.")
    return access.reset(session, account)


def _take_turn(session: Session, by: str) -> None:
    """Let one administrator act at a time: of two who close each other the second is none any more, and one is always left."""
    take_turns(session, "administrators")
    account = session.get(Account, by, populate_existing=True)
    if account is None or account.disabled or account.role != "admin":
        raise MissingError


def change_password(session: Session, account_id: str, current: str, new: str) -> None:
    """Give an account the password its holder chose, and end every token; raises `SignInFailedError` for a wrong one."""
    account = of(session, account_id)
    see_password(account, current)
    access.choose_password(account, new)
    access.revoke_tokens(session, account.id)


def enrol(session: Session, account_id: str, password: str) -> str:
    """Begin a second factor; return the otpauth address.  It is wanted from the first code on that confirms it."""
    account = of(session, account_id)
    see_password(account, password)
    if account.totp_step is not None:
        raise ConflictError("There is an authenticator already. An administrator can reset the account.")
    return totp.enrol(account)


def confirm(session: Session, account_id: str, code: str) -> None:
    """Confirm a second factor with its first code."""
    account = of(session, account_id)
    if account.totp_step is not None or not totp.accept(session, account, code):
        raise InvalidError("That code is wrong or was used already; wait for the next one.", field="code")


def see_password(account: Account, password: str) -> None:
    """See that somebody who is signed in knows the password too: a token alone must not be enough to stay."""
    right, _better = passwords.verify(password, account.password_hash)
    if not right:
        raise SignInFailedError("The password is wrong.", field="password")


def see_persons(username: str) -> None:
    """See that a name is none that the configuration opens a machine's account under; raises `InvalidError`."""
    if username.startswith("agency-") or username == "notifier":
        raise InvalidError("Names of that kind are for machines; choose another.", field="username")


def _see_free(session: Session, username: str) -> None:
    if not _NAME.fullmatch(username):
        raise InvalidError(
            "A user name has 2 to 50 letters or digits, without spaces, such as your name or telephone.",
            field="username",
        )
    see_persons(username)
    if session.scalar(select(Account.id).where(Account.username == username)) is not None:
        raise ConflictError("That user name is taken; choose another.", field="username")


def _placed(session: Session, role: str, place: dict[str, str | None]) -> dict[str, Any]:
    """See that a role has the place it needs and no other."""
    wanted = _PLACES.get(role, ())
    for name, value in place.items():
        if value is not None and name not in wanted:
            raise InvalidError("An account of the role {role} has no {name}.", field=name, role=role, name=name)
    if wanted and place.get(wanted[0]) is None:
        raise InvalidError("An account of the role {role} needs {name}.", field=wanted[0], role=role, name=wanted[0])
    for name, model in (("school_id", School), ("agency", Agency), ("supporter_id", Supporter)):
        value = place.get(name)
        found = session.get(cast("Any", model), value) if value is not None else None
        if value is not None and found is None:
            raise InvalidError("There is no such thing here.", field=name)
        if isinstance(found, Supporter) and found.school_id != place.get("school_id"):
            raise InvalidError("That supporter is of another school.", field=name)
    return {name: place.get(name) for name in ("school_id", "agency", "supporter_id")}
