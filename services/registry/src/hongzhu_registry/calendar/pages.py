"""``/calendar`` as a page: the school year at a glance, and editing it entry by entry."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated

from babel.dates import format_date, get_day_names
from fastapi import Form, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel
from sqlalchemy.orm import Session

from hongzhu.calendar import SchoolCalendar
from hongzhu.clock import today
from hongzhu.errors import HongzhuError, InvalidError
from hongzhu.i18n import CHINESE, _, language
from hongzhu.period import school_year
from hongzhu_registry.access.policy import Principal
from hongzhu_registry.calendar import editing, service
from hongzhu_registry.calendar.editing import Entry, Part
from hongzhu_registry.calendar.months import bounds, months_of, years_of
from hongzhu_registry.rest import InTransaction
from hongzhu_registry.schools.queries import names_in_sight as school_names
from hongzhu_registry.signed_in import Pages, Reading, see_other, show
from hongzhu_registry.weeks.forms import day_in

router = Pages()


class Edit(BaseModel):
    """One edit as it was typed: of which part, of which entry (none for a new one), and what it is to be."""

    part: str = ""
    was: str = ""
    name: str = ""
    first: str = ""
    last: str = ""
    school_id: str = ""
    act: str = "save"
    year: str = ""


@router.get("/calendar")
def show_calendar(
    request: Request, session: InTransaction, reader: Reading, year: int | None = None, done: str | None = None
) -> HTMLResponse:
    """Show a school year."""
    reader.must_be("bureau")
    return _shown(request, session, reader, year, done=done)


@router.post("/calendar")
def edit_calendar(request: Request, session: InTransaction, reader: Reading, edit: Annotated[Edit, Form()]) -> Response:
    """Add, change or take out an entry; what comes of it is announced as a calendar of its own."""
    reader.must_be("bureau")
    year = int(edit.year) if edit.year.isdecimal() and len(edit.year) == 4 else None
    try:
        part = _part(edit.part)
        entry = None if edit.act == "remove" else _entry(session, reader, part, edit)
        before = service.current(session) or SchoolCalendar()
        if edit.act == "remove" and not edit.was:
            raise InvalidError("Say which entry.", field="was")
        service.announce(session, editing.edited(before, part, edit.was, entry))
    except HongzhuError as error:
        return _shown(request, session, reader, year, edit=edit, error=error)
    if entry is not None:
        year = school_year(entry.first)
    return see_other("/calendar", **({"year": year} if year else {}), done="removed" if entry is None else "saved")


def _part(said: str) -> Part:
    for part in editing.KINDS:
        if part == said:
            return part
    raise InvalidError("Say what it is: a term, a holiday, a make-up day or a school's exception.", field="part")


def _entry(session: Session, reader: Principal, part: Part, edit: Edit) -> Entry:
    days = {}
    for name, typed in (("first", edit.first), ("last", edit.last or edit.first)):
        try:
            days[name] = day_in(typed)
        except InvalidError as error:
            error.field = name
            raise
    if part == "exceptions" and edit.school_id not in school_names(session, reader):
        raise InvalidError("Choose a school.", field="school_id")
    return editing.entry_of(part, name=edit.name.strip()[:50], school_id=edit.school_id, **days)


def _shown(
    request: Request,
    session: Session,
    reader: Principal,
    year: int | None,
    *,
    edit: Edit | None = None,
    error: HongzhuError | None = None,
    done: str | None = None,
) -> HTMLResponse:
    version = service.latest(session)
    calendar = service.current(session) or SchoolCalendar()
    years = years_of(calendar, today())
    year = year if year in years else school_year(today())
    months, parts = months_of(calendar, year), _parts(calendar, year)
    return show(
        request,
        "calendar.html",
        status=error.status if error else 200,
        version=version.version if version else None,
        months=months,
        year=year,
        years=years,
        school_days=sum(each.school_days for each in months),
        school_weeks=len(calendar.days.weeks_between(*bounds(year))),
        parts_of_it=parts,
        key=editing.key,
        schools=school_names(session, reader),
        kinds=_kinds(),
        weekdays=_weekdays(),
        spoken_month=_spoken_month,
        edit=edit or Edit(),
        beside=edit is not None and _has_form(parts, edit),
        error=error,
        done={"saved": _("Saved and announced."), "removed": _("Taken out and announced.")}.get(done or ""),
    )


def _parts(calendar: SchoolCalendar, year: int) -> list[tuple[Part, str, list[Entry]]]:
    """List the entries of a school year, part by part."""
    titles = _titles()
    return [
        (
            part,
            titles[part],
            [each for each in getattr(calendar, part) if school_year(each.first) <= year <= school_year(each.last)],
        )
        for part in editing.KINDS
    ]


def _has_form(parts: Sequence[tuple[Part, str, list[Entry]]], edit: Edit) -> bool:
    """Tell whether the page has the form that was sent, to say beside it what is wrong; an entry may be there no longer."""
    return any(
        part == edit.part and edit.was in ("", *map(editing.key, entries)) and (edit.was or edit.act != "remove")
        for part, _title, entries in parts
    )


def _weekdays() -> list[str]:
    """Name the days of a week as a calendar on a wall does: 一, Mo."""
    names = get_day_names("narrow" if language.get() == CHINESE else "short", locale=language.get())
    return [names[number] for number in range(7)]


def _spoken_month(first: date) -> str:
    return format_date(first, "y年M月" if language.get() == CHINESE else "MMMM y", locale=language.get())


def _titles() -> dict[Part, str]:
    return {
        "terms": _("Terms"),
        "holidays": _("Holidays"),
        "make_ups": _("Make-up days"),
        "exceptions": _("Schools' exceptions"),
    }


def _kinds() -> dict[str, str]:
    """Say what a day is, in the order of the legend."""
    return {
        "school": _("School day"),
        "off": _("Day off"),
        "holiday": _("Holiday"),
        "make_up": _("School to make up"),
        "vacation": _("Between terms"),
        "unannounced": _("Not announced"),
    }
