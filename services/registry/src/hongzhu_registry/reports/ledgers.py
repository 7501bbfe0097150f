"""The ledgers behind a report: one row for each child, pairing, record, activity and subsidy, told by numbers and without names.

A report goes up to superiors: figures, and no names (只报数字，不报姓名).  Whoever may open a dossier finds it by its number.
"""

import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import Session

from hongzhu.i18n import _
from hongzhu_registry.activities.models import Activity
from hongzhu_registry.children.models import Child
from hongzhu_registry.evidence.models import Evidence
from hongzhu_registry.pairings.models import Pairing
from hongzhu_registry.programmes.queries import names_of_kinds
from hongzhu_registry.records.models import Record
from hongzhu_registry.reports.document import Ledger
from hongzhu_registry.reports.rows import Period
from hongzhu_registry.schools.models import School
from hongzhu_registry.subsidies.models import Subsidy

_AT_ONCE = 2_000
"""Rows that are read from the database at a time."""


def ledgers(session: Session, period: Period) -> Iterator[Ledger]:
    """Yield the ledgers, whose rows are read as they are asked for."""
    kinds = names_of_kinds(session)
    for name, columns, statement in (
        _roster(period),
        _pairings(period, kinds),
        _records(period, kinds),
        _activities(period),
        _money(period),
    ):
        yield Ledger(name, columns, _read(session, statement))


def _read(session: Session, statement: Select[*tuple[Any, ...]]) -> Iterator[tuple[object, ...]]:
    for row in session.execute(statement.execution_options(yield_per=_AT_ONCE)):
        yield tuple(_cell(each) for each in row)


def _cell(value: Any) -> object:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return value if value is None or isinstance(value, int | float | str) else str(value)


Made = tuple[str, tuple[str, ...], Select[*tuple[Any, ...]]]


def _at(period: Period, column: Any) -> tuple[Any, ...]:
    return (column == period.school_id,) if period.school_id else ()


def _named(kind: Any, kinds: Mapping[str, str]) -> Any:
    return case(kinds, value=kind, else_=kind) if kinds else kind


def _roster(period: Period) -> Made:
    titles = (
        _("Number"),
        _("School"),
        _("Grade"),
        _("Sex"),
        _("Boarding"),
        _("In poverty"),
        _("Disabled"),
        _("Academic concern"),
        _("Since"),
    )
    here = Child.entered_on <= period.cut_off, func.coalesce(Child.left_on > period.cut_off, True)
    sex = {"male": _("male"), "female": _("female")}
    columns: tuple[Any, ...] = (
        Child.id,
        School.name,
        Child.grade,
        case(sex, value=Child.sex),
        Child.boarding,
        Child.in_poverty,
    )
    columns += (Child.disability.is_not(None), Child.academic_concern, Child.entered_on)
    statement = select(*columns).join(School, School.id == Child.school_id).where(*here, *_at(period, Child.school_id))
    return _("Roster"), titles, statement.order_by(Child.school_id, Child.id)


def _pairings(period: Period, kinds: Mapping[str, str]) -> Made:
    titles = (_("Number"), _("Kind"), _("Child"), _("School"), _("Supporter"), _("From"), _("Until"))
    columns = (
        Pairing.id,
        _named(Pairing.kind, kinds),
        Pairing.child_id,
        School.name,
        Pairing.supporter_id,
        Pairing.began_on,
        Pairing.ended_on,
    )
    at = func.coalesce(Pairing.school_id, Child.school_id)
    base = select(*columns).outerjoin(Child, Child.id == Pairing.child_id).join(School, School.id == at)
    lasted = Pairing.began_on <= period.cut_off, func.coalesce(Pairing.ended_on >= period.first, True)
    return (
        _("Pairings"),
        titles,
        base.where(*lasted, Pairing.withdrawn_on.is_(None), *_at(period, at)).order_by(Pairing.id),
    )


def _records(period: Period, kinds: Mapping[str, str]) -> Made:
    titles = (_("Number"), _("Kind"), _("Date"), _("School"), _("Child"))
    columns = (Record.id, _named(Record.kind, kinds), Record.occurred_on, School.name, Evidence.subject_id)
    base = select(*columns).join(Evidence, Evidence.id == Record.id).join(School, School.id == Record.school_id)
    then = Record.occurred_on.between(period.first, period.cut_off), Evidence.done_on.is_not(None)
    order = (Record.occurred_on, Record.id, Evidence.subject_id)
    return _("Process records"), titles, base.where(*then, *_at(period, Record.school_id)).order_by(*order)


def _activities(period: Period) -> Made:
    titles = (
        _("Number"),
        _("Agency"),
        _("What"),
        _("From"),
        _("Until"),
        _("Place"),
        _("School"),
        _("Attendance"),
        _("Brochures"),
        _("Gifts"),
    )
    columns: tuple[Any, ...] = (
        Activity.id,
        Activity.organisation,
        Activity.name,
        Activity.held_on,
        Activity.ends_on,
        Activity.place,
        School.name,
    )
    columns += (Activity.attendance, Activity.brochures, Activity.gifts)
    base = select(*columns).outerjoin(School, School.id == Activity.school_id)
    held = Activity.held_on.between(period.first, period.cut_off), ~Activity.planned, Activity.withdrawn_on.is_(None)
    return (
        _("Activity ledger"),
        titles,
        base.where(*held, *_at(period, Activity.school_id)).order_by(Activity.held_on, Activity.id),
    )


def _money(period: Period) -> Made:
    titles = (_("Number"), _("Child"), _("School"), _("Date"), _("Transport (yuan)"), _("Meals (yuan)"), _("Paid"))
    columns = (
        Subsidy.id,
        Subsidy.child_id,
        School.name,
        Subsidy.taught_on,
        Subsidy.transport,
        Subsidy.meals,
        Subsidy.paid,
    )
    base = select(*columns).join(School, School.id == Subsidy.school_id)
    then = (Subsidy.taught_on.between(period.first, period.cut_off), *_at(period, Subsidy.school_id))
    return _("Subsidies"), titles, base.where(*then).order_by(Subsidy.taught_on, Subsidy.id)


def packed(some: Iterable[Ledger]) -> bytes:
    """Pack ledgers for keeping: a line for each ledger's name and columns, and one for each row of it."""
    packing, kept = zlib.compressobj(6), []

    def line(tag: str, *values: object) -> None:
        kept.append(packing.compress(json.dumps([tag, *values], ensure_ascii=False).encode() + b"\n"))

    for each in some:
        line("ledger", each.name, each.columns)
        for row in each.rows:
            line("row", *row)
    return b"".join([*kept, packing.flush()])


def unpacked(kept: bytes) -> list[Ledger]:
    """Unpack what was kept; each ledger's rows are read as they are asked for."""
    heads = [values for tag, *values in _lines(kept) if tag == "ledger"]
    return [Ledger(name, tuple(columns), _rows_of(kept, place)) for place, (name, columns) in enumerate(heads)]


def _rows_of(kept: bytes, place: int) -> Iterator[tuple[object, ...]]:
    number = -1
    for tag, *values in _lines(kept):
        number += tag == "ledger"
        if number > place:
            return
        if number == place and tag == "row":
            yield tuple(values)


def _lines(kept: bytes) -> Iterator[list[Any]]:
    unpacking, rest = zlib.decompressobj(), b""
    for start in range(0, len(kept), 65_536):
        *lines, rest = (rest + unpacking.decompress(kept[start : start + 65_536])).split(b"\n")
        yield from map(json.loads, lines)
