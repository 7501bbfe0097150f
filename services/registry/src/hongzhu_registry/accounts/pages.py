"""``/w/…/account``: a teacher sets a password by the link in her notice, and from then on signs in without one."""

from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from hongzhu.errors import ConflictError, InvalidError
from hongzhu_registry.access.policy import Principal
from hongzhu_registry.accounts import service
from hongzhu_registry.pages import render
from hongzhu_registry.rest import InTransaction, on_record
from hongzhu_registry.weeks.links import supporter_of

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


def _form(request: Request, token: str, username: str = "", error: Any = None) -> HTMLResponse:
    return render(
        request,
        "first-sign-in.html",
        status=error.status if error else 200,
        token=token,
        username=username,
        error=error,
    )
