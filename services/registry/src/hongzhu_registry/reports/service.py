"""Making a report, closing it at its cut-off, and signing it off."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from hongzhu.clock import now, today
from hongzhu.errors import ConflictError, InvalidError, MissingError
from hongzhu.i18n import Text, _
from hongzhu.programme import Programme
from hongzhu_registry.access.policy import Principal
from hongzhu_registry.agencies.models import Agency, AgencyTitle
from hongzhu_registry.documents.models import Document
from hongzhu_registry.evidence import service as evidence
from hongzhu_registry.leadership.models import Leader
from hongzhu_registry.programmes.queries import definitions
from hongzhu_registry.reports import figures, formats, ledgers, own
from hongzhu_registry.reports.document import Report, Sentence
from hongzhu_registry.reports.formats import Format
from hongzhu_registry.reports.models import ClosedReport
from hongzhu_registry.reports.narrative import Material, sections
from hongzhu_registry.reports.rows import Asked, Period

EVIDENCE = "report"
"""The kind of evidence that a report signed off is."""


def period_of(first: date, last: date, school_id: str | None = None, agency: str | None = None) -> Period:
    """Return the period of a report: what is entered up to today counts, up to its last day; raises `InvalidError`."""
    if last < first:
        raise InvalidError("The last day lies before the first.", field="to")
    if first > today():
        raise InvalidError("{where} lies in the future.", where="from", field="from")
    return Period(first, last, min(last, today()), school_id, agency)


def _promised(session: Session, period: Period) -> list[Programme]:
    return definitions(session, period.agency)


def counted(session: Session, period: Period, programmes: Sequence[Programme]) -> tuple[dict[str, Any], own.Tally]:
    """Count every figure there is: the registry's own and the programmes'; and how the tasks stand."""
    tally = own.Tally(session, period)
    asked_for = [*own.ASKED, *figures.asked_of(programmes)]
    found = figures.count(session, [each for each in asked_for if each.figure.of != "tasks"], period)
    found |= {
        each.key: figures.written(each, tally.number(each), period) for each in asked_for if each.figure.of == "tasks"
    }
    found |= own.largest(session, period) | own.coverage(tally, period) | own.concern(session, period)
    return found, tally


def make(session: Session, period: Period) -> Report:
    """Make the report of a period, as things stand now."""
    programmes = _promised(session, period)
    found, tally = counted(session, period, programmes)
    titles = {each.name: each for each in session.scalars(select(Agency))}
    told = Material(
        programmes=programmes,
        figures=found,
        agencies={name: _title(each) for name, each in titles.items()},
        documents=[tuple(row) for row in session.execute(_documents(period))],
        leaders=[tuple(row) for row in session.execute(_leaders(period))],
        schools=session.execute(own.by_school(period)).all(),
        weeks=tally.weeks("talk"),
    )
    reporting = _reporting(programmes or definitions(session)) or _reporting(definitions(session))
    organ = _organ(session, reporting.agency) if reporting else ""
    action = str(reporting.action) if reporting and reporting.action else ""
    return Report(
        title=_title_of(organ, action),
        organ=organ,
        begins_on=period.first,
        ends_on=period.last,
        cut_off=period.cut_off,
        opening=(Sentence(_opening(period, action)),),
        sections=sections(told),
        figures=found,
    )


def _title(agency: Agency) -> str:
    return str(Text(zh=agency.title_zh, en=agency.title_en))


def _documents(period: Period) -> Select[*tuple[Any, ...]]:
    issued = (Document.year.is_(None)) | (Document.year <= period.cut_off.year)
    return select(Document.title, Document.number).where(issued).order_by(Document.number.is_(None), Document.number)


def _leaders(period: Period) -> Select[*tuple[Any, ...]]:
    of_city = (Leader.school_id.is_(None), (Leader.formed_on.is_(None)) | (Leader.formed_on <= period.cut_off))
    return select(Leader.duty, Leader.responsibility).where(*of_city).order_by(Leader.duty.desc(), Leader.id)


def _reporting(programmes: Sequence[Programme]) -> Programme | None:
    """Return the programme that owes the report: that which is resolved by one signed off."""
    return next((each for each in programmes if each.resolved_by == EVIDENCE), None)


def _organ(session: Session, agency: str) -> str:
    """Name who reports: the fullest of the titles under which the agency is written."""
    titles = session.scalars(select(AgencyTitle.title).where(AgencyTitle.agency == agency)).all()
    chinese = [each for each in titles if not each.isascii()]
    return max(chinese or titles, key=len, default=agency)


def _title_of(organ: str, action: str) -> str:
    city = organ.partition("市")[0] + "市" if "市" in organ[1:] else ""
    return city + _("“{action}”: care for left-behind children in poverty, as carried out", action=action)


def _opening(period: Period, action: str) -> str:
    return _(
        "Since “{action}” began, the care of left-behind children in poverty has been carried out with the agencies concerned. "
        "This is the account from {first} to {last}, counted from what was entered up to {cut_off}.",
        action=action,
        first=_day(period.first),
        last=_day(period.last),
        cut_off=_day(period.cut_off),
    )


def _day(day: date) -> str:
    return _("{year}-{month:02}-{day:02}", year=day.year, month=day.month, day=day.day)


def written(session: Session, period: Period, as_: Format) -> bytes:
    """Write the report of a period, as things stand now."""
    return formats.write(make(session, period), ledgers.ledgers(session, period), as_)


def asked(session: Session, key: str) -> Asked | None:
    """Return a figure that is counted like others, by its key."""
    return next((each for each in [*own.ASKED, *figures.asked_of(definitions(session))] if each.key == key), None)


def rows(session: Session, key: str, period: Period) -> Select[*tuple[Any, ...]]:
    """Select the rows behind a figure; raises `MissingError` where there is no such figure."""
    code, _dot, name = key.rpartition(".")
    found = own.listed(session, name, period) if code == own.CODE else None
    if found is not None:
        return select(found.subquery("listed"))
    figure = asked(session, key)
    if figure is None:
        raise MissingError
    return figures.listed(figure, period)


def close(session: Session, principal: Principal, period: Period) -> ClosedReport:
    """Close the report of a period: from now on it says what it says today."""
    closed = ClosedReport(
        begins_on=period.first,
        ends_on=period.last,
        cut_off=period.cut_off,
        closed_at=now(),
        closed_by=principal.account_id,
        content=formats.content(make(session, period)),
        ledgers=ledgers.packed(ledgers.ledgers(session, period)),
    )
    session.add(closed)
    session.flush()
    return closed


def closed_report(session: Session, report_id: str) -> ClosedReport:
    """Return a closed report; raises `MissingError`."""
    found = session.get(ClosedReport, report_id)
    if found is None:
        raise MissingError
    return found


def again(closed: ClosedReport, as_: Format) -> bytes:
    """Write a closed report once more."""
    return formats.write(formats.read(closed.content), ledgers.unpacked(closed.ledgers), as_)


def sign(session: Session, principal: Principal, report_id: str) -> ClosedReport:
    """Sign a closed report off: it is evidence for whoever owes one.  Raises `ConflictError` when it was signed before."""
    closed = session.get(ClosedReport, report_id, with_for_update=True)
    if closed is None:
        raise MissingError
    if closed.signed_on is not None:
        raise ConflictError("This report was signed off already.")
    closed.signed_on, closed.signed_by = today(), principal.account_id
    session.flush()
    owing = {each.agency for each in definitions(session) if each.resolved_by == EVIDENCE and each.subject == "agency"}
    evidence.file_for(session, EVIDENCE, [(closed.id, agency, today()) for agency in sorted(owing)])
    return closed
