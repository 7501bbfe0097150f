"""Making a report, closing it at its cut-off, and signing it off."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Literal

from sqlalchemy import Select, func, literal, select
from sqlalchemy.orm import Session

from hongzhu.clock import now, today
from hongzhu.errors import ConflictError, InvalidError, MissingError
from hongzhu.programme import Programme
from hongzhu_registry.access.policy import Principal
from hongzhu_registry.agencies.queries import names_of_all, titles_of
from hongzhu_registry.documents.models import Document
from hongzhu_registry.evidence import service as evidence
from hongzhu_registry.leadership.models import Leader
from hongzhu_registry.programmes.queries import definitions
from hongzhu_registry.reports import figures, formats, heading, ledgers, own
from hongzhu_registry.reports.document import Report, Sentence
from hongzhu_registry.reports.formats import Format
from hongzhu_registry.reports.models import ClosedReport
from hongzhu_registry.reports.narrative import Cited, Material, sections
from hongzhu_registry.reports.rows import Asked, Period


def period_of(first: date, last: date, school_id: str | None = None, agency: str | None = None) -> Period:
    """Return the period of a report: what is entered up to today counts, up to its last day; raises `InvalidError`."""
    if last < first:
        raise InvalidError("The last day lies before the first.", field="to")
    if first > today():
        raise InvalidError("{where} lies in the future.", where="from", field="from")
    return Period(first, last, min(last, today()), school_id, agency)


def counted(session: Session, period: Period, programmes: Sequence[Programme]) -> tuple[dict[str, Any], own.Standing]:
    """Count every figure there is: the registry's own and the programmes'; and how the tasks stand."""
    standing = own.Standing(session, period)
    asked_for = [*own.ASKED, *figures.asked_of(programmes)]
    found = figures.count(session, [each for each in asked_for if each.figure.of != "tasks"], period)
    found |= {
        each.key: figures.written(each, standing.number(each), period)
        for each in asked_for
        if each.figure.of == "tasks"
    }
    found |= own.largest(session, period) | own.coverage(standing, period) | own.concern(session, period)
    return found, standing


def make(session: Session, period: Period) -> Report:
    """Make the report of a period, as things stand now."""
    programmes = definitions(session, period.agency)
    found, standing = counted(session, period, programmes)
    owing = heading.reporting(definitions(session))
    organ = heading.organ(session, owing.agency) if owing else ""
    action = str(owing.action) if owing and owing.action else ""
    about = heading.about(session, period)
    told = Material(
        scope=_scope(period, owing.agency if owing else ""),
        one_school=period.school_id is not None,
        where=about if period.school_id else heading.everywhere(organ),
        reporting=owing.agency if owing else "",
        programmes=programmes,
        figures=found,
        agencies=names_of_all(session),
        documents=[Cited(*row) for row in session.execute(_documents(period, owing.agency if owing else ""))],
        leaders=[tuple(row) for row in session.execute(_leaders(period))],
        schools=session.execute(own.by_school(period)).all(),
        weeks=standing.weeks("talk"),
    )
    return Report(
        title=heading.title(about, organ, action),
        organ=organ,
        begins_on=period.first,
        ends_on=period.last,
        cut_off=period.cut_off,
        dated=today(),
        opening=(Sentence(heading.opening(about, organ, action, period)),),
        sections=sections(told),
        figures=found,
    )


def _scope(period: Period, reporting: str) -> Literal["everybody", "school", "agency"]:
    if period.agency not in {None, reporting}:
        return "agency"
    return "everybody" if period.school_id is None else "school"


def _documents(period: Period, reporting: str) -> Select[*tuple[Any, ...]]:
    issued = (Document.year.is_(None)) | (Document.year <= period.cut_off.year)
    own_ = func.coalesce(Document.issuer.in_(titles_of(reporting)), literal(value=False))
    columns = (Document.title, Document.number, own_)
    return select(*columns).where(issued).order_by(Document.number.is_(None), Document.number)


def _leaders(period: Period) -> Select[*tuple[Any, ...]]:
    of_city = (Leader.school_id.is_(None), (Leader.formed_on.is_(None)) | (Leader.formed_on <= period.cut_off))
    return select(Leader.duty, Leader.responsibility).where(*of_city).order_by(Leader.duty.desc(), Leader.id)


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
    owing = {
        each.agency
        for each in definitions(session)
        if each.resolved_by == heading.EVIDENCE and each.subject == "agency"
    }
    evidence.file_for(session, heading.EVIDENCE, [(closed.id, agency, today()) for agency in sorted(owing)])
    return closed
