"""``/accounts`` as pages: an administrator opens accounts, lets people in again, and closes what is not to be used any more."""

from typing import Annotated, Any

from fastapi import Form, Query, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import Select

from hongzhu.errors import ConflictError, HongzhuError, InvalidError, MissingError
from hongzhu_registry.access import service as access
from hongzhu_registry.access import titles
from hongzhu_registry.access.models import Account
from hongzhu_registry.accounts import service
from hongzhu_registry.agencies.queries import names_of_all as agency_names
from hongzhu_registry.rest import InTransaction, Paging
from hongzhu_registry.schools.queries import names as school_names
from hongzhu_registry.signed_in import Narrowing, Pages, Reading, see_other, show

router = Pages()

Typed = Annotated[str, Form(max_length=100)]
OPENED_HERE = ("admin", "bureau", "school", "agency", "auditor", "protection")
"""A teacher opens her own account by the link in her notice."""
PLACES = {"school": "school_id", "agency": "agency"}


class Filters(Narrowing):
    """What the list may be narrowed by."""

    role: str | None = None
    disabled: bool | None = None
    name: str | None = None


@router.get("/accounts")
def list_accounts(
    request: Request, session: InTransaction, reader: Reading, page: Paging, filters: Annotated[Filters, Query()]
) -> HTMLResponse:
    """Show the accounts by user name."""
    reader.must_be("admin")
    statement = _accounts()
    if filters.name is not None:
        statement = statement.where(Account.username.icontains(filters.name, autoescape=True))
    for column, value in ((Account.role, filters.role), (Account.disabled, filters.disabled)):
        if value is not None:
            statement = statement.where(column == value)
    return show(
        request,
        "accounts.html",
        found=page.of(session, statement, Account.__table__.c.username),
        **_named(session),
    )


@router.get("/accounts/new")
def ask_for_account(request: Request, session: InTransaction, reader: Reading) -> HTMLResponse:
    """Ask for whom an account is to be opened."""
    reader.must_be("admin")
    return _form(request, session)


@router.post("/accounts/new")
def open_account(
    request: Request,
    session: InTransaction,
    reader: Reading,
    *,
    username: Typed = "",
    role: Typed = "",
    school_id: Typed = "",
    agency: Typed = "",
) -> Response:
    """Open an account and show the password for its first sign-in, this once."""
    reader.must_be("admin")
    typed = {"username": username.strip(), "role": role, "school_id": school_id, "agency": agency}
    try:
        if role not in OPENED_HERE:
            raise InvalidError("Choose one.", field="role")
        place = {name: typed[name] or None for of, name in PLACES.items() if of == role}
        account, password = service.open_for(session, typed["username"], role, **place)
    except (InvalidError, ConflictError) as error:
        return _form(request, session, typed, error)
    return _told(request, account, password)


@router.get("/accounts/{account_id}")
def show_account(
    request: Request, session: InTransaction, reader: Reading, account_id: str, done: str | None = None
) -> HTMLResponse:
    """Show one account and what may be done with it."""
    reader.must_be("admin")
    return _shown(request, session, account_id, done=done)


@router.post("/accounts/{account_id}/reset")
def reset(request: Request, session: InTransaction, reader: Reading, account_id: str) -> Response:
    """Let somebody in again who is locked out: show a password for one sign-in, this once."""
    reader.must_be("admin")
    try:
        password = service.reset(session, reader.account_id, account_id)
    except InvalidError as error:
        return _shown(request, session, account_id, error=error)
    return _told(request, service.of(session, account_id), password)


@router.post("/accounts/{account_id}/close")
def close(request: Request, session: InTransaction, reader: Reading, account_id: str) -> Response:
    """Close an account; nobody comes in by it any more."""
    return _change(request, session, reader, account_id, disabled=True)


@router.post("/accounts/{account_id}/open")
def open_again(request: Request, session: InTransaction, reader: Reading, account_id: str) -> Response:
    """Open a closed account again."""
    return _change(request, session, reader, account_id, disabled=False)


@router.post("/accounts/{account_id}/revoke")
def revoke(session: InTransaction, reader: Reading, account_id: str) -> Response:
    """End every sign-in of an account, at once."""
    reader.must_be("admin")
    access.revoke_tokens(session, service.of(session, account_id).id)
    return see_other(f"/accounts/{account_id}", done="revoked")


def _change(request: Request, session: InTransaction, reader: Reading, account_id: str, *, disabled: bool) -> Response:
    reader.must_be("admin")
    try:
        service.change(session, reader.account_id, account_id, {"disabled": disabled}, lambda _version: None)
    except InvalidError as error:
        return _shown(request, session, account_id, error=error)
    return see_other(f"/accounts/{account_id}", done="closed" if disabled else "opened")


def _accounts() -> Select[Any]:
    return service.shown().add_columns(Account.password_until, Account.password_hash.is_(None).label("machine"))


def _named(session: InTransaction) -> dict[str, Any]:
    return {"roles": titles.of_roles(), "schools": school_names(session), "agencies": agency_names(session)}


def _form(
    request: Request,
    session: InTransaction,
    typed: dict[str, str] | None = None,
    error: HongzhuError | None = None,
) -> HTMLResponse:
    return show(
        request,
        "account-new.html",
        status=422 if error else 200,
        typed=typed or dict.fromkeys(("username", "role", "school_id", "agency"), ""),
        error=error,
        offered=OPENED_HERE,
        **_named(session),
    )


def _shown(
    request: Request,
    session: InTransaction,
    account_id: str,
    *,
    done: str | None = None,
    error: HongzhuError | None = None,
) -> HTMLResponse:
    account = session.execute(_accounts().where(Account.id == account_id)).one_or_none()
    if account is None:
        raise MissingError
    return show(
        request,
        "account-shown.html",
        status=422 if error else 200,
        account=account,
        done=done,
        error=error,
        **_named(session),
    )


def _told(request: Request, account: Account, password: str) -> HTMLResponse:
    # In the answer itself: what leads to another page would have to keep the password until then.
    return show(request, "account-password.html", account=account, password=password)
