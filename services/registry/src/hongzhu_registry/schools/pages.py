"""``/school``: a school's own desk: what is owed this week, its classes, and recording for any of its children."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated

from fastapi import Query, Request
from fastapi.responses import HTMLResponse, Response

from hongzhu.clock import today
from hongzhu.errors import InvalidError
from hongzhu.period import monday
from hongzhu.programme import Programme
from hongzhu_registry.programmes.queries import definitions
from hongzhu_registry.rest import InTransaction
from hongzhu_registry.schools import overview
from hongzhu_registry.schools.queries import names_in_sight
from hongzhu_registry.signed_in import Pages, Reading, SentForm, see_other, show
from hongzhu_registry.weeks import drafts, filing
from hongzhu_registry.weeks.drafts import Draft
from hongzhu_registry.weeks.need import Need
from hongzhu_registry.weeks.queries import Filed, Week, filed_by, week_of_school

router = Pages()


@router.get("/school")
def show_school(request: Request, session: InTransaction, reader: Reading) -> HTMLResponse:
    """Show what a school owes this week, and who does it."""
    reader.must_be("school")
    day = today()
    counts = overview.by_programme(session, reader, day)
    to_record: defaultdict[str, list[Need]] = defaultdict(list)
    week = week_of_school(session, reader.account_id, str(reader.school_id), day)
    for each in sorted(week.needs, key=lambda need: need.former):
        to_record[each.programme.code].append(each)
    return show(
        request,
        "school.html",
        name=names_in_sight(session, reader).get(str(reader.school_id), ""),
        counts=counts,
        total={each: sum(getattr(some, each) for some in counts.values()) for each in ("this_week", "overdue", "done")},
        programmes={each.code: each for each in sorted(definitions(session), key=lambda each: _pressing(counts, each))},
        to_record=to_record,
        classes=overview.classes(session, reader, day),
        monday=monday(day),
        sunday=monday(day) + timedelta(days=6),
        next_monday=monday(day) + timedelta(days=7),
    )


def _pressing(counts: Mapping[str, overview.Counts], programme: Programme) -> int:
    """Say where a programme stands: what is overdue first, then what is due this week, then the rest."""
    count = counts.get(programme.code, overview.Counts())
    return 0 if count.overdue else 1 if count.this_week else 2


@router.get("/school/record/{programme}")
def show_form(
    request: Request,
    session: InTransaction,
    reader: Reading,
    programme: str,
    *,
    tick: str | None = None,
    filed: str | None = None,
    already: Annotated[int, Query(ge=0)] = 0,
) -> HTMLResponse:
    """Show a programme's form for the whole school, and above it what was just filed."""
    reader.must_be("school")
    week = week_of_school(session, reader.account_id, str(reader.school_id), today())
    confirmed = filed_by(session, week, filed) if filed else None
    return _form(
        request,
        week,
        week.need(programme, filed=confirmed is not None or already > 0),
        tick=tick,
        filed=confirmed,
        already=already,
    )


@router.post("/school/record/{programme}")
def file_form(request: Request, session: InTransaction, reader: Reading, programme: str, sent: SentForm) -> Response:
    """File a record for the children that were ticked, an activity with who came, or that the roster is right."""
    reader.must_be("school")
    children = sent.get(drafts.CHILDREN, ())
    week = week_of_school(session, reader.account_id, str(reader.school_id), today(), filing_for=children)
    need = week.need(programme, filed=True)
    done = filing.file(session, reader, week, need, sent)
    if not done.draft.right:
        return _form(request, week, need, draft=done.draft)
    return see_other(f"/school/record/{programme}", filed=done.record_id, already=done.already or "")


def _form(
    request: Request,
    week: Week,
    need: Need,
    *,
    draft: Draft | None = None,
    tick: str | None = None,
    filed: Filed | None = None,
    already: int = 0,
) -> HTMLResponse:
    return show(
        request,
        "school-record.html",
        status=InvalidError.status if draft else 200,
        week=week,
        need=need,
        fields=filing.fields(need),
        draft=draft or filing.begin(need, tick),
        action=f"/school/record/{need.key}",
        filed=filed,
        already=already,
    )
