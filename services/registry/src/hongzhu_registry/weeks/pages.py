"""``/w/…``: the page behind a notice's link.  Its holder acts as that teacher, for that week, and no further."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from hongzhu.clock import today
from hongzhu.errors import InvalidError, MissingError
from hongzhu_registry.access.policy import Principal
from hongzhu_registry.pages import render
from hongzhu_registry.records import service as records
from hongzhu_registry.records.models import Record
from hongzhu_registry.rest import InTransaction, on_record
from hongzhu_registry.weeks import drafts
from hongzhu_registry.weeks.drafts import Draft, draft_of, new_draft
from hongzhu_registry.weeks.forms import fields_of
from hongzhu_registry.weeks.links import supporter_of
from hongzhu_registry.weeks.queries import DONE, Filed, Need, Week, filed_by, week_of

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
    return render(request, "week.html", week=week, token=token, today=today())


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
    confirmed = filed_by(session, supporter_id, filed) if filed else None
    return _form(request, token, week, _need(week, programme), tick=tick, filed=confirmed, already=already)


@router.post("/w/{token}/{programme}")
def file_record(
    *, session: InTransaction, request: Request, token: str, programme: str, supporter_id: Holder, sent: Sent
) -> Response:
    """File one record for the children that were ticked; those for whom it was done meanwhile need no second one."""
    week = week_of(session, supporter_id, today(), filing_for=sent.get(drafts.CHILDREN, ()))
    need = _need(week, programme)
    fields = fields_of(need.programme.form or {})
    draft = draft_of(sent, fields)
    record_id = draft.record_id(supporter_id)
    if session.get(Record, record_id) is not None:
        return _confirmation(token, need, record_id)
    children = drafts.read_children(draft, need)
    waiting = [each for each in children if each.state not in DONE]
    if waiting or not draft.right:
        day = drafts.read_day(draft, waiting, today())
        data = drafts.read_data(draft, fields)
        if day and draft.right:
            _file(
                session,
                week,
                draft,
                kind=need.programme.resolved_by,
                occurred_on=day,
                data=data,
                child_ids=[each.child_id for each in waiting],
                record_id=record_id,
            )
    if not draft.right:
        return _form(request, token, week, need, draft=draft)
    return _confirmation(token, need, record_id, already=len(children) - len(waiting))


def _file(session: Session, week: Week, draft: Draft, **record: Any) -> None:
    """File at the desk where the API files, as somebody of that school; what the desk refuses is noted on the draft."""
    try:
        with session.begin_nested():
            records.file(session, Principal(week.supporter_id, "school", school_id=week.school_id), **record)
    except InvalidError as error:
        draft.refuse(error)


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
    chosen = (child.child_id for each in need.classes if each.code == tick for child in each.children)
    return render(
        request,
        "need.html",
        status=InvalidError.status if draft else 200,
        week=week,
        need=need,
        fields=fields_of(need.programme.form or {}),
        draft=draft or new_draft(today(), frozenset(chosen)),
        token=token,
        filed=filed,
        already=already,
        today=today(),
    )


def _confirmation(token: str, need: Need, record_id: str, *, already: int = 0) -> Response:
    # Only ids and counts: an address may end up in a history or a log.
    and_already = f"&already={already}" if already else ""
    return RedirectResponse(f"/w/{token}/{need.programme.code}?filed={record_id}{and_already}", status_code=303)


def _need(week: Week, programme: str) -> Need:
    for need in week.needs:
        if need.programme.code == programme:
            return need
    raise MissingError
