"""The conventions of pages for those who sign in: a session in a cookie, one transaction, the menu, forms and their answers."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any
from urllib.parse import quote, urlsplit

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel, field_validator

from hongzhu.errors import NotSignedInError
from hongzhu.settings import settings
from hongzhu_registry import pages
from hongzhu_registry.access import throttle
from hongzhu_registry.access.policy import Principal
from hongzhu_registry.access.service import PERSON_TOKEN
from hongzhu_registry.menu import menu_of, place_of
from hongzhu_registry.rest import InTransaction, Route, come_in, in_place

SESSION = "hongzhu_session"
"""The cookie that holds a person's token.  No script reads it, and no other site's form sends it."""


class Pages(APIRouter):
    """The pages of one noun, each request one transaction in one thread, as in the API."""

    def __init__(self, **more: Any) -> None:
        super().__init__(
            route_class=Route,
            include_in_schema=False,
            dependencies=[Depends(in_place(pages.from_our_own_page))],
            **more,
        )


async def reading(request: Request, session: InTransaction) -> Principal:
    """Find out who reads a page, by the session's cookie; raises `NotSignedInError`."""
    token = request.cookies.get(SESSION)
    if not token:
        raise NotSignedInError
    request.state.reader = principal = come_in(request, session, token)
    return principal


Reading = Annotated[Principal, Depends(reading)]

MOST_FIELDS = 2000
"""More ticks than the largest school has children."""


async def sent_form(request: Request, _reader: Reading) -> Mapping[str, list[str]]:
    """Read a form whose fields only a programme knows; a file that somebody attached is not part of it."""
    async with request.form(max_files=0, max_fields=MOST_FIELDS) as form:
        return {name: [each for each in form.getlist(name) if isinstance(each, str)] for name in form}


SentForm = Annotated[Mapping[str, list[str]], Depends(sent_form)]


class Narrowing(BaseModel):
    """The filters of a list as a form sends them: a field left empty narrows nothing."""

    @field_validator("*", mode="before")
    @classmethod
    def _empty_is_none(cls, value: Any) -> Any:
        return None if value == "" else value


def show(request: Request, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """Render a page inside the reader's menu."""
    reader: Principal = request.state.reader
    here, menu = request.url.path, menu_of(reader.role)
    back = here + (f"?{request.url.query}" if request.url.query else "")
    return pages.render(
        request, template, status=status, reader=reader, menu=menu, place=place_of(menu, here), back=back, **values
    )


def see_other(path: str, **query: str | int) -> Response:
    """Lead to another page after a form was carried out (RFC 9110 15.4.4): loading it again then does nothing twice."""
    return RedirectResponse(with_query(path, query), status_code=303)


def with_query(path: str, query: Mapping[str, object]) -> str:
    """Write an address with the parameters that have a value."""
    pairs = [f"{quote(name)}={quote(str(value))}" for name, value in query.items() if value not in (None, "")]
    return path + ("?" + "&".join(pairs) if pairs else "")


def keep_session(response: Response, request: Request, token: str) -> None:
    """Give a browser its session: for as long as the token opens, and no longer."""
    _keep(response, request, SESSION, token, PERSON_TOKEN)


def know_again(response: Response, request: Request, username: str) -> None:
    """Let the browser in which somebody signed in be known again, so that others' failures do not keep them out."""
    _keep(response, request, throttle.BROWSER, throttle.new_browser(username), throttle.REMEMBERED)


def _keep(response: Response, request: Request, name: str, value: str, lasts: timedelta) -> None:
    response.set_cookie(
        name,
        value,
        max_age=int(lasts.total_seconds()),
        httponly=True,
        samesite="lax",
        # The proxy in front may not say by which scheme it was asked; the address that people are given does.
        secure="https" in (request.url.scheme, urlsplit(settings().public_url or "").scheme),
    )


def own_path(path: str | None) -> str | None:
    """Return an address of this host as it is, and nothing for one that would lead elsewhere."""
    return path if path and path.startswith("/") and not path.startswith(("//", "/\\")) else None
