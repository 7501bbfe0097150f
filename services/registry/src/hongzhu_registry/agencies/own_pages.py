"""``/agency``: an agency's own desk: its programmes and what they show it, what was passed on to it, and filing what it did."""

from datetime import date, timedelta
from typing import Annotated, Literal

from fastapi import Form, Query, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from hongzhu.clock import today
from hongzhu.errors import HongzhuError, InvalidError, MissingError
from hongzhu.period import monday
from hongzhu_registry.access.policy import DOSSIER, Principal
from hongzhu_registry.agencies import own_filing, own_work
from hongzhu_registry.copies.words import fields as field_words
from hongzhu_registry.copies.words import purposes as purpose_words
from hongzhu_registry.referrals import service as referrals
from hongzhu_registry.referrals.steps import StepName
from hongzhu_registry.rest import InTransaction
from hongzhu_registry.schools.overview import by_programme
from hongzhu_registry.schools.queries import names_in_sight
from hongzhu_registry.signed_in import Pages, Reading, SentForm, see_other, show
from hongzhu_registry.weeks.drafts import Draft, new_draft
from hongzhu_registry.weeks.need import Need, former_key

router = Pages()

Typed = Annotated[str, Form(max_length=500)]
Done = Literal["accept", "decline", "done"]


@router.get("/agency")
def show_agency(request: Request, session: InTransaction, reader: Reading, done: Done | None = None) -> HTMLResponse:
    """Show an agency what it promised, what it owes, and what was passed on to it."""
    reader.must_be("agency")
    return _shown(request, session, reader, done=done)


@router.post("/agency/referrals/{referral_id}")
def take_step(
    request: Request,
    session: InTransaction,
    reader: Reading,
    referral_id: str,
    *,
    step: Annotated[Literal["accept", "decline", "done"] | None, Form()] = None,
    reason: Typed = "",
) -> Response:
    """Take a child on, decline with the reason, or file that it was helped."""
    reader.must_be("agency")
    if step is None:
        raise InvalidError("Choose one.", field="step")
    name: StepName = step
    try:
        with session.begin_nested():
            referrals.take(session, reader, referral_id, name, None, reason.strip() or None)
    except MissingError:
        raise
    except HongzhuError as error:
        return _shown(request, session, reader, error=error, at=referral_id)
    return see_other("/agency", done=step)


@router.get("/agency/record/{programme}")
def show_form(
    request: Request,
    session: InTransaction,
    reader: Reading,
    programme: str,
    *,
    tick: str | None = None,
    filed: Annotated[int, Query(ge=0)] = 0,
) -> HTMLResponse:
    """Show the form by which an agency files what it did."""
    reader.must_be("agency")
    form = own_filing.form_of(session, reader, _own(session, reader, programme))
    chosen = (child.child_id for each in form.need.classes if each.code == tick for child in each.children)
    return _record(request, form, new_draft(today(), frozenset(chosen)), filed=filed)


@router.post("/agency/record/{programme}")
def file_form(request: Request, session: InTransaction, reader: Reading, programme: str, sent: SentForm) -> Response:
    """File a record for the children that were ticked, or an activity that was held."""
    reader.must_be("agency")
    form, draft, count = own_filing.file(session, reader, _own(session, reader, programme), sent)
    if not draft.right:
        return _record(request, form, draft)
    return see_other(f"/agency/record/{programme}", filed=count)


def _own(session: Session, reader: Principal, key: str) -> Need:
    """Return one of an agency's running programmes that it files by hand, or a former version; raises `MissingError`."""
    for programme, status in own_work.programmes(session, str(reader.agency)):
        if (programme.code, status) == (key, "approved") and own_work.way_of(programme):
            return Need(programme)
    for programme in own_work.former(session, str(reader.agency)):
        if former_key(programme) == key:
            return Need(programme, former=True)
    raise MissingError


def _record(request: Request, form: own_filing.Form, draft: Draft, *, filed: int = 0) -> HTMLResponse:
    return show(
        request,
        "agency-record.html",
        status=200 if draft.right else InvalidError.status,
        need=form.need,
        fields=form.fields,
        draft=draft,
        action=f"/agency/record/{form.need.key}",
        filed_for=filed,
    )


def _shown(
    request: Request,
    session: Session,
    reader: Principal,
    *,
    done: Done | None = None,
    error: HongzhuError | None = None,
    at: str | None = None,
) -> HTMLResponse:
    day: date = today()
    counts = by_programme(session, reader, day)
    promised = own_work.programmes(session, str(reader.agency))
    words, why = field_words(), purpose_words()
    return show(
        request,
        "agency.html",
        status=error.status if error else 200,
        done=done,
        error=error,
        at=at,
        programmes=[(each, status, own_work.way_of(each)) for each, status in promised],
        shown={
            each.code: [(words.get(name, name), why[DOSSIER[name]]) for name in DOSSIER if name in each.fields]
            for each, _status in promised
        },
        former=[
            (each.code, former_key(each))
            for each in own_work.former(session, str(reader.agency))
            if own_work.owed_to(session, reader, each)
        ],
        counts=counts,
        total={each: sum(getattr(some, each) for some in counts.values()) for each in ("this_week", "overdue", "done")},
        to_vet=own_work.to_vet(session, reader),
        referrals=own_work.referrals(session, reader),
        schools=names_in_sight(session, reader),
        monday=monday(day),
        sunday=monday(day) + timedelta(days=6),
    )
