"""``/w/…``: the page behind a notice's link.  Its holder acts as that teacher, for that week, and no further."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from hongzhu.clock import now, today
from hongzhu.errors import InvalidError
from hongzhu.period import monday
from hongzhu_registry.access.policy import Principal
from hongzhu_registry.pages import SECURITY_HEADERS, STATIC, render
from hongzhu_registry.rest import InTransaction, on_record
from hongzhu_registry.weeks import drafts, filing
from hongzhu_registry.weeks.drafts import Draft
from hongzhu_registry.weeks.links import supporter_of
from hongzhu_registry.weeks.need import Need
from hongzhu_registry.weeks.queries import Filed, Week, filed_by, week_of

router = APIRouter(include_in_schema=False)

MOST_FIELDS = 2000
"""More ticks than the largest school has children."""


def _holder(request: Request, session: InTransaction, token: str) -> Iterator[str]:
    supporter_id = supporter_of(session, token)
    with on_record(request, session, Principal(supporter_id, "link")):
        yield supporter_id


Holder = Annotated[str, Depends(_holder, scope="function")]
"""Whose link it is; what is seen and done with it is on record."""


async def _sent(request: Request, _holder: Holder) -> Mapping[str, list[str]]:
    """Read a form, once the link has opened; a file that somebody attached is not part of it."""
    async with request.form(max_files=0, max_fields=MOST_FIELDS) as form:
        return {name: [each for each in form.getlist(name) if isinstance(each, str)] for name in form}


Sent = Annotated[Mapping[str, list[str]], Depends(_sent)]


@router.get("/w/worker.js")
def worker() -> Response:
    """Give a phone the script that shows a week without a line; its address is what lets it see no page but these."""
    script = (STATIC / "worker.js").read_bytes()
    return Response(script, media_type="text/javascript", headers={"Cache-Control": "no-cache", **SECURITY_HEADERS})


@router.get("/w/{token}")
def show_week(
    *,
    session: InTransaction,
    request: Request,
    token: str,
    supporter_id: Holder,
    tick: str | None = None,
) -> HTMLResponse:
    """Show the week: its one programme at once, or the list of them, the largest need first."""
    week = week_of(session, supporter_id, today())
    if len(week.needs) == 1:
        return _form(request, token, week, week.needs[0], tick=tick)
    return _render(request, "week.html", week=week, need=None, token=token)


@router.get("/w/{token}/{programme}")
def show_need(
    *,
    session: InTransaction,
    request: Request,
    token: str,
    programme: str,
    supporter_id: Holder,
    tick: str | None = None,
    filed: str | None = None,
    already: Annotated[int, Query(ge=0)] = 0,
) -> HTMLResponse:
    """Show one programme's children with its form, and above it what was just filed."""
    week = week_of(session, supporter_id, today())
    confirmed = filed_by(session, week, filed) if filed else None
    return _form(
        request,
        token,
        week,
        week.need(programme, filed=confirmed is not None or already > 0),
        tick=tick,
        filed=confirmed,
        already=already,
    )


@router.post("/w/{token}/{programme}")
def file_record(
    *, session: InTransaction, request: Request, token: str, programme: str, supporter_id: Holder, sent: Sent
) -> Response:
    """File one record for the children that were ticked; those for whom it was done meanwhile need no second one."""
    week = week_of(session, supporter_id, today(), filing_for=sent.get(drafts.CHILDREN, ()))
    need = week.need(programme, filed=True)
    # At the desk where the API files, as somebody of that school.
    done = filing.file(session, Principal(week.supporter_id, "school", school_id=week.school_id), week, need, sent)
    if not done.draft.right:
        return _form(request, token, week, need, draft=done.draft)
    # Only ids and counts: an address may end up in a history or a log.
    and_already = f"&already={done.already}" if done.already else ""
    return RedirectResponse(f"/w/{token}/{programme}?filed={done.record_id}{and_already}", status_code=303)


def _form(
    request: Request,
    token: str,
    week: Week,
    need: Need,
    *,
    draft: Draft | None = None,
    tick: str | None = None,
    filed: Filed | None = None,
    already: int = 0,
) -> HTMLResponse:
    """Show a programme's form: as it was sent when something is to be mended, else a new one, with a class ticked."""
    return _render(
        request,
        "need.html",
        status=InvalidError.status if draft else 200,
        week=week,
        need=need,
        fields=filing.fields(need),
        draft=draft or filing.begin(need, tick),
        action=f"/w/{token}/{need.key}",
        token=token,
        filed=filed,
        already=already,
    )


def _render(request: Request, template: str, **values: Any) -> HTMLResponse:
    """Render a page and tell the phone how long it may keep it: to the end of the Monday after its week, as the link does."""
    # Counted from today, for an installation's day may be another than the phone's.
    until = (now() + (monday(today()) + timedelta(days=8) - today())).isoformat(timespec="seconds")
    page = render(request, template, keep_until=until, **values)
    page.headers["Hongzhu-Keep-Until"] = until
    return page
