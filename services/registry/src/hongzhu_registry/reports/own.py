"""The registry's own figures: whom the programme is for, what was owed and done in time, how schooling goes."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Select, case, cast, func, literal, select
from sqlalchemy.orm import Session

from hongzhu.figures import Figure as Declared
from hongzhu.figures import Rows, Value
from hongzhu.i18n import Text
from hongzhu_registry.assessments.models import CONCERN_BELOW, Assessment
from hongzhu_registry.children.models import Child
from hongzhu_registry.reports.document import Figure
from hongzhu_registry.reports.figures import amount, link
from hongzhu_registry.reports.rows import Asked, Period, owed_in, rows_of
from hongzhu_registry.schools.models import School
from hongzhu_registry.tasks.models import Task
from hongzhu_registry.tasks.queries import CANCELLED, DONE, stood_on

CODE = "registry"
CHILDREN = Text(zh="人", en=" children")


def _declared(name: str, zh: str, en: str, of: Rows = "children", **where: Value) -> Declared:
    unit = Text(zh="所", en=" schools") if of == "schools" else CHILDREN
    return Declared(name=name, title=Text(zh=zh, en=en), unit=unit, of=of, where=dict(where))


def _money(name: str, zh: str, en: str, *, paid: bool) -> Declared:
    unit = Text(zh="元", en=" yuan")
    return Declared(name=name, title=Text(zh=zh, en=en), unit=unit, of="subsidies", where={"paid": paid}, sum="amount")


ASKED = [
    Asked(CODE, each)
    for each in (
        _declared("children", "留守儿童", "Left-behind children"),
        _declared("boys", "男童", "Boys", sex="male"),
        _declared("girls", "女童", "Girls", sex="female"),
        _declared("in_poverty", "贫困留守儿童", "Children in poverty", in_poverty=True),
        _declared("schools", "学校", "Schools", of="schools"),
        _declared("academic_concern", "学困留守儿童", "Children with an academic concern", academic_concern=True),
        _money("subsidies_paid", "已发放补贴", "Subsidies paid", paid=True),
        _money("subsidies_owed", "待发放补贴", "Subsidies owed", paid=False),
    )
]
"""Counted like the figures of programmes."""

LARGEST = {
    "largest_town_school": (
        Text(zh="留守儿童最多的城区学校", en="Town school with the most left-behind children"),
        True,
    ),
    "largest_country_school": (
        Text(zh="留守儿童最多的农村学校", en="Country school with the most left-behind children"),
        False,
    ),
}
COVERAGE = {
    "talk_coverage": (Text(zh="每周谈心覆盖率", en="Coverage of weekly talks"), "talk", True),
    "tutoring_coverage": (Text(zh="每周辅导覆盖率", en="Coverage of weekly tutoring"), "tutoring", True),
    "family_contact_coverage": (Text(zh="亲情通话覆盖率", en="Coverage of family calls"), "call", True),
    "visit_coverage": (Text(zh="家访慰问覆盖率", en="Coverage of home visits"), "visit", False),
}
"""By the kind of evidence that resolves what is owed; weekly, or once a year."""
NOT_OWED = ("excused", CANCELLED)
SHARES = {
    "academic_concern_share": Text(zh="受测儿童学困率", en="Share of those tested with an academic concern"),
    "academic_concern_share_before": Text(zh="上次检测学困率", en="Share at the previous assessment"),
}


def by_school(period: Period) -> Select[*tuple[Any, ...]]:
    """Count the children who are here by school, most first."""
    here = rows_of(ASKED[0].figure, period)
    mine = (Child.school_id == period.school_id,) if period.school_id else ()
    counted = func.count().label("counted")
    return (
        select(School.id, School.name, School.urban, counted)
        .select_from(here.base)
        .where(*here.conditions, *mine)
        .group_by(School.id, School.name, School.urban)
        .order_by(counted.desc(), School.id)
    )


def largest(session: Session, period: Period) -> dict[str, Figure]:
    """Name the largest school of the town and of the country."""
    found = session.execute(by_school(period)).all()
    figures = {}
    for name, (title, urban) in LARGEST.items():
        first = next((each for each in found if each.urban is urban), None)
        key, school, text = f"{CODE}.{name}", None, ""
        if first is not None:
            school, counted = str(first.name), amount(first.counted, CHILDREN)
            text = f"{school}{Text(zh=f'（{counted}）', en=f' ({counted})')}"
        figures[key] = Figure(key, str(title), school, text, link(key, period))
    return figures


class Standing:
    """How the tasks of a report stand: counted in one scan of the ledger, by programme, kind of evidence and week."""

    def __init__(self, session: Session, period: Period) -> None:
        week = case((Task.period.startswith("week:"), Task.period_start)).label("week")
        columns = (Task.programme, Task.evidence_kind, week, stood_on(period.cut_off).label("state"))
        statement = select(*columns, func.count().label("number")).where(*owed_in(period))
        self.rows = session.execute(statement.group_by(*columns)).all()

    def number(self, asked: Asked) -> int:
        """Count the tasks of a programme that a figure asks for."""
        states = asked.figure.where.get("state")
        wanted = (states,) if isinstance(states, str) else states
        of_it = (each for each in self.rows if each.programme == asked.code)
        return sum(each.number for each in of_it if wanted is None or each.state in wanted)  # type: ignore[operator]  # a str or several

    def share(self, kind: str, *, weekly: bool) -> tuple[int, int]:
        """Return how much of what was owed is done, and how much was owed."""
        return self._of(
            [each for each in self.rows if each.evidence_kind == kind and (each.week is not None) is weekly]
        )

    def weeks(self, kind: str) -> dict[Any, tuple[int, int]]:
        """Return the same for each week, by its Monday."""
        mine = [each for each in self.rows if each.evidence_kind == kind and each.week is not None]
        return {week: self._of([each for each in mine if each.week == week]) for week in sorted({x.week for x in mine})}

    @staticmethod
    def _of(rows: list[Any]) -> tuple[int, int]:
        done = sum(each.number for each in rows if each.state in DONE)
        return done, sum(each.number for each in rows if each.state not in NOT_OWED)


def percent(part: int, whole: int) -> str | None:
    """Write a share as people do; nothing of nothing is no share."""
    return f"{100 * part / whole:.1f}%" if whole else None


def coverage(standing: Standing, period: Period) -> dict[str, Figure]:
    """Say which share of what was owed is done."""
    figures = {}
    for name, (title, kind, weekly) in COVERAGE.items():
        key, share = f"{CODE}.{name}", percent(*standing.share(kind, weekly=weekly))
        figures[key] = Figure(key, str(title), share, share or "", link(key, period))
    return figures


def _assessed(session: Session, period: Period) -> Select[*tuple[Any, ...]]:
    """Select the children tested in each of the last two rounds, and whether that is a concern (0 or 1)."""
    name = func.coalesce(Assessment.term, cast(Assessment.tested_on, Assessment.term.type))
    mine = (Assessment.school_id == period.school_id,) if period.school_id else ()
    then = (Assessment.tested_on <= period.cut_off, *mine)
    last = func.max(Assessment.tested_on)
    rounds = session.scalars(select(name).where(*then).group_by(name).order_by(last.desc()).limit(2)).all()
    concern = func.max(case((Assessment.mark < CONCERN_BELOW, 1), else_=0)).label("counted")
    place = case({each: number for number, each in enumerate(rounds)}, value=name) if rounds else literal(-1)
    columns = (Assessment.child_id.label("id"), func.min(Assessment.school_id).label("school_id"))
    return (
        select(*columns, func.max(Assessment.tested_on).label("on"), concern, func.max(place).label("round"))
        .where(*then, name.in_(rounds))
        .group_by(Assessment.child_id, name)
    )


def concern(session: Session, period: Period) -> dict[str, Figure]:
    """Say how many of those tested had an academic concern, in the last round of assessments and in the one before."""
    each = _assessed(session, period).subquery()
    found = session.execute(select(each.c.round, func.sum(each.c.counted), func.count()).group_by(each.c.round))
    shares: Mapping[int, str | None] = {number: percent(part, whole) for number, part, whole in found}
    figures = {}
    for number, (name, title) in enumerate(SHARES.items()):
        key, share = f"{CODE}.{name}", shares.get(number)
        figures[key] = Figure(key, str(title), share, share or "", link(key, period))
    return figures


def listed(session: Session, name: str, period: Period) -> Select[*tuple[Any, ...]] | None:
    """Select the rows behind one of the figures that are not counted like others; nothing where there is no such figure."""
    if name in LARGEST:
        urban = LARGEST[name][1]
        found = by_school(period).where(School.urban.is_(urban)).limit(1).subquery()
        return select(found.c.id, found.c.id.label("school_id"), literal(None).label("on"), found.c.counted)
    if name in COVERAGE:
        _, kind, weekly = COVERAGE[name]
        state = stood_on(period.cut_off)
        is_weekly = Task.period.startswith("week:")
        those = (Task.evidence_kind == kind, is_weekly if weekly else ~is_weekly, state.not_in(NOT_OWED))
        counted = case((state.in_(DONE), 1), else_=0).label("counted")
        return select(Task.id, Task.school_id, Task.due_on.label("on"), counted).where(*owed_in(period), *those)
    if name in SHARES:
        each = _assessed(session, period).subquery()
        columns = (each.c.id, each.c.school_id, each.c.on, each.c.counted)
        return select(*columns).where(each.c.round == list(SHARES).index(name))
    return None
