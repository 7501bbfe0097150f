"""``/agencies`` as a page: whether each is there, how far behind, and letting one in or out."""

from typing import Annotated, Literal

from fastapi import Form, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import select

from hongzhu.errors import ConflictError, InvalidError
from hongzhu.i18n import Text, _
from hongzhu.settings import settings
from hongzhu_registry.access.sight import in_sight
from hongzhu_registry.agencies import service, standing
from hongzhu_registry.agencies.models import Agency
from hongzhu_registry.agencies.provision import end_broker_account
from hongzhu_registry.rest import InTransaction
from hongzhu_registry.signed_in import Pages, Reading, see_other, show

router = Pages()

Done = Literal["suspended", "resumed", "revoked", "revoked_here", "titled"]


@router.get("/agencies")
def list_agencies(
    request: Request, session: InTransaction, reader: Reading, done: Done | None = None, name: str | None = None
) -> HTMLResponse:
    """Show how each agency is doing."""
    reader.must_be("bureau")
    return _shown(request, session, reader, done=done, name=name)


@router.post("/agencies/{name}/suspend")
def suspend(request: Request, session: InTransaction, reader: Reading, name: str) -> Response:
    """Close an agency for a while."""
    reader.must_be("admin")
    try:
        service.suspend(session, name)
    except ConflictError as error:
        return _shown(request, session, reader, error=error)
    return see_other("/agencies", done="suspended", name=name)


@router.post("/agencies/{name}/resume")
def resume(request: Request, session: InTransaction, reader: Reading, name: str) -> Response:
    """Let a suspended agency back in."""
    reader.must_be("admin")
    try:
        service.resume(session, name)
    except ConflictError as error:
        return _shown(request, session, reader, error=error)
    return see_other("/agencies", done="resumed", name=name)


@router.post("/agencies/{name}/revoke")
def revoke(session: InTransaction, reader: Reading, name: str) -> Response:
    """End an agency's tokens for good, and its account on the broker where that may be done from here."""
    reader.must_be("admin")
    service.revoke(session, name)
    ended = end_broker_account(name) or settings().embedded
    return see_other("/agencies", done="revoked" if ended else "revoked_here", name=name)


@router.post("/agencies/{name}/titles")
def agree_to_titles(
    request: Request,
    session: InTransaction,
    reader: Reading,
    name: str,
    titles: Annotated[tuple[str, ...], Form()] = (),
) -> Response:
    """Let an agency see what is written under the titles that it asks for."""
    reader.must_be("bureau")
    try:
        service.agree_to_titles(session, name, titles)
    except (ConflictError, InvalidError) as error:
        return _shown(request, session, reader, error=error)
    return see_other("/agencies", done="titled", name=name)


def _shown(
    request: Request,
    session: InTransaction,
    reader: Reading,
    *,
    done: Done | None = None,
    name: str | None = None,
    error: ConflictError | InvalidError | None = None,
) -> HTMLResponse:
    columns = Agency.__table__.c
    rows = session.execute(select(*columns).where(in_sight("agency", reader)).order_by(columns.name)).mappings()
    found = standing.of(session, [dict(each) for each in rows])
    titles = {each["name"]: str(Text(zh=each["title_zh"], en=each["title_en"])) for each in found}
    return show(
        request,
        "agencies.html",
        status=422 if error else 200,
        agencies=sorted(found, key=lambda each: titles[each["name"]]),
        titles=titles,
        done=_said(done, titles[name]) if done and name in titles else None,
        error=error,
    )


def _said(done: Done, agency: str) -> str:
    said = {
        "suspended": _("{agency} is suspended. Messages to it wait until it is let back in.", agency=agency),
        "resumed": _("{agency} is let back in and catches up with what waited.", agency=agency),
        "titled": _("{agency} now sees what is written under its titles.", agency=agency),
        "revoked": _("All access of {agency} has ended.", agency=agency),
        "revoked_here": _(
            "The tokens of {agency} have ended. Its account on the broker is still there: run “hongzhu agency revoke” where "
            "the broker's administrator account is.",
            agency=agency,
        ),
    }
    return said[done]
