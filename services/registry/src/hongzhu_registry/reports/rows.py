"""What a figure counts: one condition for each, from which both its number and the list of the rows behind it are made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Date, Select, String, and_, case, func, literal, or_, select, true
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import BigInteger, Integer

from hongzhu.clock import today
from hongzhu.figures import Figure
from hongzhu_registry.activities.models import Activity, Attendance
from hongzhu_registry.agencies.queries import titles_of
from hongzhu_registry.assessments.queries import is_concern
from hongzhu_registry.children.models import Child
from hongzhu_registry.enrolments.models import Enrolment
from hongzhu_registry.evidence.models import Evidence
from hongzhu_registry.facilities.models import Facility
from hongzhu_registry.leadership.models import Leader
from hongzhu_registry.pairings.models import Pairing
from hongzhu_registry.records.models import Record
from hongzhu_registry.referrals.models import Referral
from hongzhu_registry.schools.models import School
from hongzhu_registry.subsidies.models import Subsidy
from hongzhu_registry.supporters.models import Supporter
from hongzhu_registry.tasks.models import Task
from hongzhu_registry.tasks.queries import stood_on


class Period(NamedTuple):
    """What a report is about: its days, the last day whose entries count, and one school or one agency where it is not all."""

    first: date
    last: date
    cut_off: date
    school_id: str | None = None
    agency: str | None = None


class Asked(NamedTuple):
    """A figure and the programme that declares it."""

    code: str
    figure: Figure

    @property
    def key(self) -> str:
        """The name under which outsiders know it."""
        return f"{self.code}.{self.figure.name}"


class _Weeks(FunctionElement[int]):
    """How many weeks lie between two days, both included, the last one begun counting whole."""

    type = Integer()
    inherit_cache = True


@compiles(_Weeks, "postgresql")
def _(element: Any, compiler: Any, **more: Any) -> str:
    first, last = (compiler.process(each, **more) for each in element.clauses)
    return f"(({last} - {first} + 7) / 7)"


@compiles(_Weeks, "sqlite")
def _(element: Any, compiler: Any, **more: Any) -> str:
    first, last = (compiler.process(each, **more) for each in element.clauses)
    return f"CAST((julianday({last}) - julianday({first}) + 7) / 7 AS INTEGER)"


class _Number(FunctionElement[int]):
    """The whole number that a field of a record's form holds; none where an older form had something else there."""

    type = BigInteger()
    inherit_cache = True


@compiles(_Number, "postgresql")
def _(element: Any, compiler: Any, **more: Any) -> str:
    data, name = (compiler.process(each, **more) for each in element.clauses)
    said = f"{data} ->> {name}"
    return f"(CASE WHEN json_typeof({data} -> {name}) = 'number' THEN CAST(CAST({said} AS NUMERIC) AS BIGINT) END)"


@compiles(_Number, "sqlite")
def _(element: Any, compiler: Any, **more: Any) -> str:
    data, name = (compiler.process(each, **more) for each in element.clauses)
    place = f"{data}, '$.' || {name}"
    return f"(CASE WHEN json_type({place}) IN ('integer', 'real') THEN CAST(json_extract({place}) AS INTEGER) END)"


NO_DAY = literal(None, Date)


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows that figures count: what names a row, a child, a school and a day of it, and the conditions that all of them share."""

    id: Any
    base: Any
    """The table, or a join."""
    conditions: Sequence[Any]
    on: Any = NO_DAY
    child: Any = None
    school: Any = None
    kind: Any = None
    organisation: Any = None
    where: Mapping[str, Any] = field(default_factory=dict)
    sums: Mapping[str, Any] = field(default_factory=dict)


def rows_of(figure: Figure, period: Period) -> Rows:
    """Return the rows that a figure counts some of."""
    match figure.of:
        case "children" | "schools" | "supporters" | "leaders" | "facilities":
            return _standing(figure.of, period)
        case "pairings" | "enrolments":
            return _lasting(figure.of, period)
        case "records" | "activities":
            return _held(figure, period)
        case "tasks":
            # The same rows as `Standing` counts in one scan.
            return Rows(
                Task.id, Task, (*owed_in(period),), Task.due_on, Task.subject_id, Task.school_id, where=_state(period)
            )
        case _:
            return _helped(figure, period)


def _state(period: Period) -> dict[str, Any]:
    return {"state": stood_on(period.cut_off)}


def owed_in(period: Period) -> tuple[Any, ...]:
    """Say which tasks belong to a report: their window touches its days; of a week, once the week is over."""
    over = or_(~Task.period.startswith("week:"), Task.due_on <= period.cut_off)
    mine = Task.school_id == period.school_id if period.school_id else true()
    of_it = Task.agency == period.agency if period.agency else true()
    return Task.due_on >= period.first, Task.opens_on <= period.cut_off, over, mine, of_it


def _standing(of: str, period: Period) -> Rows:
    """What stands at the end of the period."""
    end = period.cut_off
    match of:
        case "children":
            here = (Child.entered_on <= end, or_(Child.left_on.is_(None), Child.left_on > end))
            names = ("sex", "grade", "boarding", "in_poverty", "academic_concern")
            where = {name: getattr(Child, name) for name in names}
            if end < today():  # what the dossier says today was not known then
                where["academic_concern"] = is_concern(Child.id, end)
            where |= {"stage": School.stage, "urban": School.urban, "disabled": Child.disability.is_not(None)}
            base = Child.__table__.join(School, School.id == Child.school_id)
            return Rows(Child.id, base, here, Child.entered_on, Child.id, Child.school_id, where=where)
        case "schools":
            asked = ("stage", "urban", "boarding", "after_school", "has_home", "has_call_room")
            where = {name: getattr(School, name) for name in asked}
            return Rows(School.id, School, (School.entered_on <= end,), School.entered_on, None, School.id, where=where)
        case "leaders":
            formed = or_(Leader.formed_on.is_(None), Leader.formed_on <= end)
            level = case((Leader.school_id.is_(None), "city"), else_="school")
            return Rows(Leader.id, Leader, (formed,), Leader.formed_on, None, Leader.school_id, where={"level": level})
        case "supporters":
            at = Supporter.school_id
            columns: dict[str, Any] = {"kind": Supporter.kind, "organisation": Supporter.organisation}
            return Rows(Supporter.id, Supporter, (), school=at, where={"vetted": Supporter.vetted}, **columns)
        case _:
            # Of a school's own facility the organisation is the school.
            columns = {"kind": Facility.kind, "organisation": Facility.organisation, "school": Facility.organisation}
            return Rows(Facility.id, Facility, (), where={"status": Facility.status}, **columns)


def _lasting(of: str, period: Period) -> Rows:
    """What had begun by the end of the period, and lasted still."""
    end = period.cut_off
    if of == "pairings":
        lasts = (Pairing.began_on <= end, or_(Pairing.ended_on.is_(None), Pairing.ended_on > end))
        valid = (*lasts, Pairing.withdrawn_on.is_(None))
        # A child's pairing has no school of its own; the child has.
        base = Pairing.__table__.outerjoin(Child, Child.id == Pairing.child_id)
        at = func.coalesce(Pairing.school_id, Child.school_id)
        return Rows(Pairing.id, base, valid, Pairing.began_on, Pairing.child_id, at, Pairing.kind)
    begun = or_(Enrolment.starts_on.is_(None), Enrolment.starts_on <= end)
    stands = (begun, Enrolment.withdrawn_on.is_(None))
    columns = (Enrolment.starts_on, Enrolment.child_id, Enrolment.school_id, Enrolment.kind)
    return Rows(Enrolment.id, Enrolment, stands, *columns, where={"free": Enrolment.free})


def _held(figure: Figure, period: Period) -> Rows:
    """What was done in the period; of children, once for each that was there."""
    per_child = figure.distinct == "child"
    base: Any
    of: tuple[Any, ...]
    held: tuple[Any, ...]
    sums: dict[str, Any]
    if figure.of == "records":
        of = (Record.occurred_on.between(period.first, period.cut_off), Record.withdrawn_on.is_(None))
        base = Record
        if per_child:
            base = Record.__table__.join(Evidence, Evidence.id == Record.id)
            of = (*of, Evidence.done_on.is_not(None), Evidence.subject_id != Record.school_id)
        child = Evidence.subject_id if per_child else None
        sums = {figure.sum: _Number(Record.data, literal(figure.sum, String))} if figure.sum else {}
        return Rows(Record.id, base, of, Record.occurred_on, child, Record.school_id, Record.kind, sums=sums)
    held = (Activity.held_on.between(period.first, period.cut_off), ~Activity.planned, Activity.withdrawn_on.is_(None))
    base = Activity
    if per_child:
        base = Activity.__table__.join(Attendance, Attendance.activity_id == Activity.id)
        held = (*held, Attendance.attended)
    sums = {name: getattr(Activity, name) for name in ("attendance", "brochures", "gifts")}
    sums["weeks"] = _Weeks(Activity.held_on, Activity.ends_on)
    child = Attendance.child_id if per_child else None
    columns = (Activity.held_on, child, Activity.school_id, Activity.kind, Activity.organisation)
    return Rows(Activity.id, base, held, *columns, sums=sums)


def _helped(figure: Figure, period: Period) -> Rows:
    """Referrals, and money by the day of the lesson it is for.

    A referral counts by the day on which it was made, and one of some state by the step that brought it there; steps after the
    period are not taken yet.
    """
    on: Any
    of_then: tuple[Any, ...]
    if figure.of == "subsidies":
        amount = {"amount": Subsidy.transport + Subsidy.meals}
        on = Subsidy.taught_on
        columns = (on, Subsidy.child_id, Subsidy.school_id)
        of_then = (on.between(period.first, period.cut_off),)
        return Rows(Subsidy.id, Subsidy, of_then, *columns, where={"paid": Subsidy.paid}, sums=amount)
    steps = {"declined": Referral.declined_on, "done": Referral.counselled_on, "accepted": Referral.accepted_on}
    taken = {name: day <= period.cut_off for name, day in steps.items()}
    state = case(*((taken[name], name) for name in steps), else_="offered")
    last = case(*((taken[name], day) for name, day in steps.items()), else_=Referral.referred_on)
    on = last if "state" in figure.where else Referral.referred_on
    of_then = (on.between(period.first, period.cut_off), Referral.withdrawn_on.is_(None))
    columns = (on, Referral.child_id, Referral.school_id)
    return Rows(Referral.id, Referral, of_then, *columns, organisation=Referral.organisation, where={"state": state})


def condition(asked: Asked, rows: Rows, period: Period) -> Any:
    """Say which of the rows a figure counts."""
    figure = asked.figure
    those: list[Any] = [true()]
    if figure.kind is not None:
        those.append(rows.kind == figure.kind)
    if figure.own:
        those.append(rows.organisation.in_(titles_of(asked.code.partition(".")[0])))
    if figure.of == "tasks":
        those.append(Task.programme == asked.code)
    for name, value in figure.where.items():
        column = rows.where[name]
        those.append(column.in_(value) if isinstance(value, tuple) else column == value)
    if period.school_id is not None:
        those.append(literal(value=False) if rows.school is None else rows.school == period.school_id)
    return and_(*those)


def once(figure: Figure, rows: Rows) -> Any:
    """Name what counts once: a child, a school, or the row itself."""
    return {"child": rows.child, "school": rows.school, None: rows.id}[figure.distinct]


def listed(asked: Asked, period: Period) -> Select[Any]:
    """Select the rows behind a figure: what each is, where and when it was, and how much it counts."""
    figure, rows = asked.figure, rows_of(asked.figure, period)
    unit = once(figure, rows)
    columns = (unit, literal(None) if rows.school is None else rows.school, rows.on)
    of_them = (*rows.conditions, condition(asked, rows, period), unit.is_not(None))
    if figure.distinct:
        found = select(unit.label("id"), func.min(columns[1]).label("school_id"), func.min(columns[2]).label("on"))
        those = found.add_columns(literal(1).label("counted")).select_from(rows.base).where(*of_them).group_by(unit)
    else:
        much = rows.sums[figure.sum] if figure.sum else literal(1)
        found = select(unit.label("id"), columns[1].label("school_id"), columns[2].label("on"), much.label("counted"))
        those = found.select_from(rows.base).where(*of_them, much.is_not(None))
    return select(those.subquery("counted"))
