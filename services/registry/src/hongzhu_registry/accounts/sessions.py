"""``/sign-in`` and ``/sign-out``: a person's session, and the language they read in."""

from typing import Annotated, Literal, cast

from fastapi import Form, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from hongzhu.errors import HongzhuError, InvalidError, MissingError, SignInFailedError, TooManyError
from hongzhu_registry import pages
from hongzhu_registry.access import service as access
from hongzhu_registry.access.models import Account
from hongzhu_registry.access.policy import Role
from hongzhu_registry.access.service import Given
from hongzhu_registry.access.signing_in import sign_in as let_in
from hongzhu_registry.menu import menu_of
from hongzhu_registry.pages import render
from hongzhu_registry.rest import InTransaction
from hongzhu_registry.signed_in import SESSION, Pages, Reading, keep_session, know_again, own_path, see_other
from hongzhu_registry.weeks.links import link_to_week

router = Pages()

Typed = Annotated[str, Form(max_length=1000)]


@router.get("/home")
def arrive(reader: Reading) -> Response:
    """Lead somebody to where their work begins."""
    for place in menu_of(reader.role):
        return see_other(place.path)
    raise MissingError


@router.get("/sign-in")
def ask_to_sign_in(request: Request, next: str | None = None) -> HTMLResponse:  # noqa: A002  # as it stands in the address
    """Ask who somebody is."""
    return render(request, "sign-in.html", username="", error=None, leads_to=own_path(next))


@router.post("/sign-in")
def sign_in(
    request: Request,
    *,
    username: Typed = "",
    password: Typed = "",
    totp: Typed = "",
    new_password: Typed = "",
    leads_to: Typed = "",
) -> Response:
    """Let somebody in with a password: a teacher to her week, everybody else to their desk."""
    username = username.strip()
    error: HongzhuError
    try:
        given = Given(username, password, totp.strip() or None, new_password or None)
        link, token = let_in(request, given, _opening)
        if link is not None or token is not None:
            answer = see_other(link or own_path(leads_to) or "/home")
            if token is not None:
                keep_session(answer, request, token)
            know_again(answer, request, username)
            return answer
        error = InvalidError("There is no page for this account; it is for programs.")
    except (InvalidError, SignInFailedError, TooManyError) as refused:
        error = refused
    page = render(
        request, "sign-in.html", status=error.status, username=username, error=error, leads_to=own_path(leads_to)
    )
    page.headers.update({name: value for name, value in error.headers.items() if name == "Retry-After"})
    return page


@router.post("/sign-out")
def sign_out(request: Request, session: InTransaction, _reader: Reading) -> Response:
    """End the session, in the browser and here."""
    access.end_token(session, request.cookies[SESSION])
    answer = see_other("/")
    answer.delete_cookie(SESSION)
    return answer


@router.post("/language")
def choose_language(chosen: Annotated[Literal["zh_CN", "en"], Form()], back: Typed = "/") -> Response:
    """Read in another language from now on."""
    answer = see_other(own_path(back) or "/")
    answer.set_cookie(pages.LANGUAGE, chosen, max_age=365 * 86_400, samesite="lax")
    return answer


def _opening(session: Session, account: Account) -> tuple[str | None, str | None]:
    """Return the link that leads a teacher to her week, or a token for somebody with a desk."""
    if account.supporter_id is not None:
        return link_to_week(account.supporter_id), None
    if not menu_of(cast("Role", account.role)):
        return None, None
    return None, access.issue_token(session, account.id, access.PERSON_TOKEN)
