"""``/w/…/account``: a teacher sets a password by the link in her notice; ``/sign-in``: from then on it does without one."""

from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from hongzhu.errors import ConflictError, HongzhuError, InvalidError, SignInFailedError, TooManyError
from hongzhu_registry.access.models import Account
from hongzhu_registry.access.policy import Principal
from hongzhu_registry.access.service import Given
from hongzhu_registry.access.signing_in import sign_in as let_in
from hongzhu_registry.accounts import service
from hongzhu_registry.pages import render
from hongzhu_registry.rest import InTransaction, on_record
from hongzhu_registry.weeks.links import link_to_week, supporter_of

router = APIRouter(include_in_schema=False)

Typed = Annotated[str, Form(max_length=1000)]


def _holder(request: Request, session: InTransaction, token: str) -> Iterator[str]:
    supporter_id = supporter_of(session, token)
    with on_record(request, session, Principal(supporter_id, "link")):
        yield supporter_id


Holder = Annotated[str, Depends(_holder, scope="function")]
"""Whose link it is; what is done with it is on record."""


@router.get("/w/{token}/account")
def show_account(session: InTransaction, request: Request, token: str, supporter_id: Holder) -> HTMLResponse:
    """Ask for a user name and a password, or say that there are some already."""
    account = service.own(session, supporter_id)
    if account is not None:
        return render(request, "account.html", token=token, account=account)
    return _form(request, token)


@router.post("/w/{token}/account")
def open_account(
    *,
    session: InTransaction,
    request: Request,
    token: str,
    supporter_id: Holder,
    username: Typed = "",
    password: Typed = "",
) -> Response:
    """Open the account; the page that is shown next says so."""
    username = username.strip()
    if service.own(session, supporter_id) is None:
        try:
            service.open_own(session, supporter_id, username, password)
        except (InvalidError, ConflictError) as error:
            return _form(request, token, username, error)
    return RedirectResponse(f"/w/{token}/account", status_code=303)


@router.get("/sign-in")
def ask_to_sign_in(request: Request) -> HTMLResponse:
    """Ask who somebody is."""
    return render(request, "sign-in.html", username="", error=None)


@router.post("/sign-in")
def sign_in(
    request: Request,
    username: Typed = "",
    password: Typed = "",
    totp: Typed = "",
    new_password: Typed = "",
) -> Response:
    """Let somebody in with a password and give them a fresh link to their week."""
    username = username.strip()
    error: HongzhuError
    try:
        given = Given(username, password, totp.strip() or None, new_password or None)
        link = let_in(request, given, _own_week)
        if link is not None:
            return RedirectResponse(link, status_code=303)
        error = InvalidError("There is no page for this account; it is for programs and the bureau's own tools.")
    except (InvalidError, SignInFailedError, TooManyError) as refused:
        error = refused
    page = render(request, "sign-in.html", status=error.status, username=username, error=error)
    page.headers.update({name: value for name, value in error.headers.items() if name == "Retry-After"})
    return page


def _own_week(_session: Session, account: Account) -> str | None:
    return link_to_week(account.supporter_id) if account.supporter_id is not None else None


def _form(request: Request, token: str, username: str = "", error: Any = None) -> HTMLResponse:
    return render(
        request,
        "first-sign-in.html",
        status=error.status if error else 200,
        token=token,
        username=username,
        error=error,
    )
