"""What one supporter's week holds."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.orm import Session, aliased

from hongzhu.calendar import NOT_ANNOUNCED
from hongzhu.errors import MissingError
from hongzhu.period import monday
from hongzhu.programme import EverySchoolWeek, Programme
from hongzhu_registry.calendar import service as calendar
from hongzhu_registry.children.models import Child, Relative
from hongzhu_registry.database import everything
from hongzhu_registry.evidence.models import Evidence
from hongzhu_registry.programmes.queries import definitions
from hongzhu_registry.records.models import Record
from hongzhu_registry.schools.models import School
from hongzhu_registry.supporters.models import Supporter
from hongzhu_registry.tasks.models import Task
from hongzhu_registry.tasks.queries import keep_apart, state_on
from hongzhu_registry.weeks.spreading import Pupil, spread

WAITING, DONE = ("due", "overdue"), ("done", "late")
TOLD = {"class_teacher": ("class_teacher",), "coordinator": ("class_teacher", "school_coordinator")}
"""Whose programmes a teacher's office sees: a coordinator stands in for every class teacher."""


@dataclass(frozen=True)
class Owed:
    """One child's part of a programme this week; `_tasks` selects its fields in this order."""

    child_id: str
    name: str
    grade: int | None
    class_name: str | None
    first: bool
    """Whether the child comes first; the page says no more than that about why."""
    state: str
    opens_on: date
    due_on: date
    done_on: date | None
    planned_on: date | None = None
    """The day on which it best fits into its teacher's week, and those of its brothers and sisters."""

    @property
    def class_order(self) -> tuple[int, int, str]:
        """Where the child's class stands among the school's: 2班 before 10班, no class last."""
        number = re.search(r"\d+", self.class_name or "")
        return self.grade or 99, int(number[0]) if number else 99, self.class_name or ""


@dataclass(frozen=True)
class SchoolClass:
    """The children of one class who are still waiting."""

    grade: int | None
    class_name: str | None
    children: list[Owed]

    @property
    def code(self) -> str:
        """What a link calls the class."""
        return f"{self.grade or ''}-{self.class_name or ''}"

    @property
    def first(self) -> int:
        """How many of them come first."""
        return sum(each.first for each in self.children)


@dataclass(frozen=True)
class Need:
    """One programme with the children it is owed to, each once: those who come first first."""

    programme: Programme
    children: list[Owed] = field(default_factory=list)

    @property
    def waiting(self) -> list[Owed]:
        """The children for whom it has not been done yet."""
        return [each for each in self.children if each.state in WAITING]

    @property
    def done(self) -> list[Owed]:
        """The children for whom it has been done, by class."""
        return sorted((each for each in self.children if each.state in DONE), key=lambda child: child.class_order)

    @property
    def due_on(self) -> date | None:
        """The day by which the most pressing of it should be done, that is announced and not past."""
        days = (each.due_on for each in self.waiting if each.state == "due" and each.due_on < NOT_ANNOUNCED)
        return min(days, default=None)

    @property
    def overdue(self) -> list[Owed]:
        """The waiting children whose day is past."""
        return [each for each in self.waiting if each.state == "overdue"]

    @property
    def classes(self) -> list[SchoolClass]:
        """The waiting children by class."""
        by_class = groupby(sorted(self.waiting, key=lambda child: child.class_order), lambda child: child.class_order)
        groups = [list(children) for _, children in by_class]
        return [SchoolClass(each[0].grade, each[0].class_name, each) for each in groups]


@dataclass(frozen=True)
class Week:
    """One supporter's week."""

    supporter_id: str
    supporter_name: str
    duty: str | None
    grade: int | None
    class_name: str | None
    school_id: str
    school_name: str
    needs: list[Need]

    @property
    def whole_school(self) -> bool:
        """Whether it is a coordinator's, who sees every class."""
        return self.duty == "coordinator"


@dataclass(frozen=True)
class Filed:
    """A record that its supporter filed, as the page confirms it."""

    names: list[str]
    occurred_on: date


def week_of(session: Session, supporter_id: str, day: date, *, filing_for: Collection[str] = ()) -> Week:
    """Read what a teacher's class, or a coordinator's school, is owed on `day`; the largest need first.

    For the children of `filing_for` nobody else files from here on until the transaction ends.
    """
    if filing_for:
        keep_apart(session, filing_for, evidence=True)
    supporter = session.get(Supporter, supporter_id)
    if supporter is None or supporter.school_id is None:
        raise MissingError
    told = TOLD.get(supporter.duty or "", ())
    programmes = [
        each
        for each in definitions(session)
        if each.form is not None and each.subject == "child" and each.assignee in told
    ]
    tasks = _tasks(supporter, [each.code for each in programmes], day)
    owed: defaultdict[str, list[Owed]] = defaultdict(list)
    for programme, *row in session.execute(tasks):
        owed[programme].append(Owed(*row))
    planned = _planned(session, supporter.school_id, [each.code for each in programmes if _is_weekly(each)], day)
    needs = [Need(each, _one_each(owed[each.code], planned.get(each.code, {}))) for each in programmes]
    found = sorted((each for each in needs if each.children), key=lambda need: -len(need.waiting))
    school = session.get_one(School, supporter.school_id)
    return Week(
        supporter.id,
        supporter.name,
        supporter.duty,
        supporter.grade,
        supporter.class_name,
        school.id,
        school.name,
        found,
    )


def filed_by(session: Session, supporter_id: str, record_id: str) -> Filed | None:
    """Return whom a supporter's own record names and its day; ``None`` when it is not one of theirs."""
    rows = session.execute(
        select(Child.name, Record.occurred_on)
        .join(Evidence, Evidence.subject_id == Child.id)
        .join(Record, Record.id == Evidence.id)
        .where(Record.id == record_id, Record.filed_by == supporter_id)
        .order_by(Child.grade, Child.class_name, Child.id)
    ).all()
    return Filed([row.name for row in rows], rows[0].occurred_on) if rows else None


def _one_each(tasks: Iterable[Owed], planned: Mapping[str, date]) -> list[Owed]:
    """Show a child once, though last week's task may still be open beside this week's: the oldest open one counts."""
    children: dict[str, Owed] = {}
    for owed in tasks:
        before = children.get(owed.child_id)
        if before is None or (before.state in DONE and owed.state in WAITING):
            children[owed.child_id] = replace(owed, planned_on=planned.get(owed.child_id))
    return sorted(
        children.values(),
        key=lambda child: (child.state != "overdue", not child.first, child.planned_on or date.max),
    )


def _is_weekly(programme: Programme) -> bool:
    return isinstance(programme.trigger, EverySchoolWeek) and programme.trigger.every == 1


def _planned(session: Session, school_id: str, programmes: Sequence[str], day: date) -> dict[str, dict[str, date]]:
    """Spread this week's tasks of a whole school, done or not: so its teachers, and those of siblings, have one plan."""
    known = calendar.current(session)
    if known is None or not programmes:
        return {}
    father, mother = (aliased(Relative) for _ in range(2))
    begins = monday(day)
    tasks = (
        select(Task.programme, Child.id, Child.grade, Child.class_name, father.name, mother.name)
        .join(Child, Child.id == Task.subject_id)
        .outerjoin(father, and_(father.child_id == Child.id, father.role == "father"))
        .outerjoin(mother, and_(mother.child_id == Child.id, mother.role == "mother"))
        .where(Task.school_id == school_id, Task.programme.in_(programmes), Task.period_start == begins)
    )
    pupils: defaultdict[str, list[Pupil]] = defaultdict(list)
    with everything(session):  # siblings may be in another class, which this teacher does not see
        for programme, child_id, grade, class_name, one, other in session.execute(tasks):
            # Only who shares both parents by name is taken for a brother or a sister.
            family = f"{one}/{other}" if one and other else child_id
            pupils[programme].append(Pupil(child_id, f"{grade}/{class_name}", family))
    days = known.days_of(school_id).between(begins, begins + timedelta(days=6))
    return {programme: spread(each, days) for programme, each in pupils.items()}


def _tasks(supporter: Supporter, programmes: list[str], day: date) -> Any:
    state = state_on(day)
    in_sight = [Child.school_id == supporter.school_id, Child.left_on.is_(None)]
    if supporter.duty != "coordinator":
        # NULL equals nothing: a teacher without a class has no children here, not those without one.
        of_class = and_(Child.grade == Supporter.grade, Child.class_name == Supporter.class_name)
        in_sight.append(select(Supporter.id).where(Supporter.id == supporter.id, of_class).exists())
    return (
        select(
            Task.programme,
            Child.id,
            Child.name,
            Child.grade,
            Child.class_name,
            Child.in_poverty.is_(True),
            state,
            Task.opens_on,
            Task.due_on,
            Task.done_on,
        )
        .join(Child, Child.id == Task.subject_id)
        .where(
            *in_sight,
            Task.programme.in_(programmes),
            Task.opens_on <= day,
            (Task.due_on >= day) | (state == "overdue"),
        )
        .order_by(Child.id, Task.programme, Task.opens_on)
    )
