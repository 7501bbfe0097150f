"""``/programmes`` as pages: the catalogue by agency, and deciding on each of it."""

from datetime import date
from itertools import groupby
from typing import Annotated, Literal, NamedTuple

from fastapi import Form, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel, ConfigDict
from sqlalchemy.orm import Session

from hongzhu.clock import today
from hongzhu.errors import HongzhuError, InvalidError, MissingError
from hongzhu.programme import Programme
from hongzhu_registry.agencies.queries import names_of_all, titles_asked
from hongzhu_registry.programmes import queries, service, tuning_form, words
from hongzhu_registry.programmes.service import Tuned
from hongzhu_registry.rest import InTransaction
from hongzhu_registry.signed_in import Pages, Reading, see_other, show
from hongzhu_registry.tasks.queries import open_by_period
from hongzhu_registry.weeks import forms

router = Pages()

Typed = Annotated[str, Form(max_length=1000)]
Done = Literal["approved", "tuned", "suspended"]
MOST_MOVES = 10


class TuningForm(BaseModel):
    """The fields of a trigger as they were typed (`tuning_form` names them), and whether to carry them out."""

    model_config = ConfigDict(extra="allow")

    act: Literal["preview", "tune"] = "preview"

    @property
    def typed(self) -> dict[str, str]:
        """What was typed, by the field's name."""
        return {name: value for name, value in (self.model_extra or {}).items() if isinstance(value, str)}


class Preview(NamedTuple):
    """What tuning would come to: the periods that move, and the open tasks that get another due day and that keep theirs."""

    tuned: Tuned
    moving: int
    keeping: int


@router.get("/programmes")
def list_programmes(
    request: Request, session: InTransaction, reader: Reading, status: str | None = None
) -> HTMLResponse:
    """Show the catalogue, agency by agency; what waits for the bureau comes first."""
    reader.must_be("bureau")
    newest = queries.newest(session)
    known = [(each, Programme.model_validate(each.definition)) for each in newest]
    rows = [row for row in known if not status or row[0].status == status]
    return show(
        request,
        "programmes.html",
        agencies=[(agency, list(of_it)) for agency, of_it in groupby(rows, key=lambda row: row[0].agency)],
        titles=names_of_all(session),
        waiting=sum(each.status == "proposed" for each in newest),
        gone=queries.no_longer_declared(session),
        names={version.code: programme.name for version, programme in known},
        words=words,
    )


@router.get("/programmes/{code}")
def show_programme(
    request: Request, session: InTransaction, reader: Reading, code: str, done: Done | None = None
) -> HTMLResponse:
    """Show a programme: what it is, what it asks to see, its form, and what may be done with it."""
    reader.must_be("bureau")
    return _shown(request, session, code, done=done)


@router.post("/programmes/{code}/approve")
def approve(
    request: Request,
    session: InTransaction,
    reader: Reading,
    code: str,
    *,
    version: Annotated[int, Form()] = 0,
    effective_from: Typed = "",
    titles: Annotated[tuple[str, ...], Form()] = (),
) -> Response:
    """Approve the version whose fields were shown, or let a suspended one go on."""
    reader.must_be("bureau")
    try:
        with session.begin_nested():
            service.approve(session, reader, code, _day(effective_from), version=version, titles=titles)
    except HongzhuError as error:
        return _shown(request, session, code, error=error, effective_from=effective_from)
    return see_other(f"/programmes/{code}", done="approved")


@router.post("/programmes/{code}/tune")
def tune(
    request: Request, session: InTransaction, reader: Reading, code: str, form: Annotated[TuningForm, Form()]
) -> Response:
    """Say what tuning would move, or carry it out."""
    reader.must_be("bureau")
    running = queries.running(session, code)
    if running is None:
        raise MissingError
    preview = None
    try:
        with session.begin_nested():
            changes = tuning_form.read(Programme.model_validate(running.definition), form.typed)
            tuned = service.tune(session, reader, code, changes, dry_run=form.act == "preview")
        preview = _preview(session, code, tuned)
    except HongzhuError as error:
        return _shown(request, session, code, error=error, typed=form.typed)
    if form.act == "tune":
        return see_other(f"/programmes/{code}", done="tuned")
    return _shown(request, session, code, typed=form.typed, preview=preview)


@router.post("/programmes/{code}/suspend")
def suspend(request: Request, session: InTransaction, reader: Reading, code: str) -> Response:
    """Let nothing more of a programme fall due."""
    reader.must_be("bureau")
    try:
        with session.begin_nested():
            service.suspend(session, code)
    except HongzhuError as error:
        return _shown(request, session, code, error=error)
    return see_other(f"/programmes/{code}", done="suspended")


def _shown(
    request: Request,
    session: Session,
    code: str,
    *,
    error: HongzhuError | None = None,
    effective_from: str = "",
    typed: dict[str, str] | None = None,
    preview: Preview | None = None,
    done: Done | None = None,
) -> HTMLResponse:
    versions = queries.versions(session, code)
    if not versions:
        raise MissingError
    latest = versions[0]
    programme = Programme.model_validate(latest.definition)
    running = next((each for each in versions if each.status in queries.DECIDED), None)
    runs = Programme.model_validate(running.definition) if running else None
    return show(
        request,
        "programme.html",
        status=error.status if error else 200,
        latest=latest,
        programme=programme,
        versions=versions,
        counting=queries.counting(session, code),
        agency=names_of_all(session).get(latest.agency, latest.agency),
        titles=titles_asked(session, latest.agency),
        words=words,
        new_fields=programme.fields - runs.fields if runs else frozenset(),
        form=forms.fields_of(programme.form) if programme.form else None,
        tuning=tuning_form.fields_of(runs, typed) if runs and latest.status == "approved" else None,
        units=tuning_form.units(),
        periods=tuning_form.periods(),
        preview=preview,
        most_moves=MOST_MOVES,
        effective_from=effective_from or today().isoformat(),
        open_tasks=sum(open_by_period(session, code, today()).values()),
        error=error,
        error_at=_place(error),
        done=done,
    )


def _preview(session: Session, code: str, tuned: Tuned) -> Preview:
    """Count in the ledger whose day moves: the open tasks of a period that does; all others keep theirs."""
    moving = {each["period"] for each in tuned.moves}
    counts = open_by_period(session, code, today())
    count = sum(counts[period] for period in counts.keys() & moving)
    return Preview(tuned, count, sum(counts.values()) - count)


def _place(error: HongzhuError | None) -> str | None:
    """Return the field of the form that an error is about; the desk names those of a single trigger without a number."""
    if error is None or error.field is None or not error.field.startswith("trigger."):
        return error.field if error else None
    parts = [each for each in error.field.split(".")[1:] if each != "of"]
    return ".".join(parts[:2] if parts[0].isdecimal() else ["0", parts[0]])


def _day(typed: str) -> date | None:
    try:
        return forms.day_in(typed) if typed else None
    except InvalidError as error:
        error.field = "effective_from"
        raise
