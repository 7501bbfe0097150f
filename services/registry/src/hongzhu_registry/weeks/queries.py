"""What one supporter's week holds."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.orm import Session, aliased

from hongzhu.errors import MissingError
from hongzhu.period import monday
from hongzhu.programme import EverySchoolWeek, Programme
from hongzhu_registry.activities.service import held_at
from hongzhu_registry.calendar import service as calendar
from hongzhu_registry.children.models import Child, Relative
from hongzhu_registry.database import everything
from hongzhu_registry.evidence.models import Evidence
from hongzhu_registry.programmes.queries import definitions, former
from hongzhu_registry.records.models import Record
from hongzhu_registry.schools.models import School
from hongzhu_registry.supporters.models import Supporter
from hongzhu_registry.tasks.models import Task
from hongzhu_registry.tasks.queries import DONE, keep_apart, state_on
from hongzhu_registry.weeks.need import WAITING, Need, Owed, nothing_left
from hongzhu_registry.weeks.of_school import asked_of_school, needs_of_school
from hongzhu_registry.weeks.spreading import Pupil, spread

COORDINATOR = "coordinator"
TOLD = {"class_teacher": ("class_teacher",), COORDINATOR: ("class_teacher", "school_coordinator")}
"""Whose programmes a teacher's office sees: a coordinator stands in for every class teacher."""


@dataclass(frozen=True)
class Week:
    """One supporter's week, or that of a school's own account."""

    supporter_id: str
    supporter_name: str
    duty: str | None
    grade: int | None
    class_name: str | None
    school_id: str
    school_name: str
    needs: list[Need]
    finished: list[Need]
    """Of which the week holds nothing any more; not listed, but what was just filed of it is confirmed, and known when sent again."""

    @property
    def whole_school(self) -> bool:
        """Whether it is a coordinator's, who sees every class."""
        return self.duty == COORDINATOR

    def need(self, key: str, *, filed: bool = False) -> Need:
        """Return what the week holds of a programme, by its key, or held until it was `filed`; raises `MissingError`."""
        for need in self.needs + (self.finished if filed else []):
            if need.key == key:
                return need
        raise MissingError


@dataclass(frozen=True)
class Filed:
    """A record that its supporter filed, as the page confirms it."""

    names: list[str]
    occurred_on: date


def week_of(session: Session, supporter_id: str, day: date, *, filing_for: Collection[str] | None = None) -> Week:
    """Read what a teacher's class, or a coordinator's school, is owed on `day`; the largest need first.

    For the children of `filing_for`, and a coordinator's school, nobody else files from here on until the transaction ends.
    """
    supporter = session.get(Supporter, supporter_id)
    if supporter is None or supporter.school_id is None:
        raise MissingError
    if filing_for is not None:
        school = [supporter.school_id] if supporter.duty == COORDINATOR else []
        keep_apart(session, [*filing_for, *school], evidence=True)
    duty, grade, class_name = supporter.duty, supporter.grade, supporter.class_name
    return _week(session, supporter.id, supporter.name, supporter.school_id, (duty, grade, class_name), day)


def week_of_school(
    session: Session, account_id: str, school_id: str, day: date, *, filing_for: Collection[str] | None = None
) -> Week:
    """Read what a school is owed on `day`, for its own account, which stands in for every teacher."""
    if filing_for is not None:
        keep_apart(session, [*filing_for, school_id], evidence=True)
    return _week(session, account_id, "", school_id, (COORDINATOR, None, None), day)


def _week(
    session: Session,
    holder_id: str,
    name: str,
    school_id: str,
    office: tuple[str | None, int | None, str | None],
    day: date,
) -> Week:
    told = TOLD.get(office[0] or "", ())
    running = definitions(session)
    before = former(session, running)
    asked = [*running, *before]
    programmes = [each for each in asked if each.form is not None and each.subject == "child" and each.assignee in told]
    tasks = _tasks(holder_id, school_id, office[0], [each.code for each in programmes], day)
    owed: defaultdict[tuple[str, str], list[Owed]] = defaultdict(list)
    for programme, kind, *row in session.execute(tasks):
        owed[programme, kind].append(Owed(*row))
    planned = _planned(session, school_id, [each.code for each in programmes if _is_weekly(each)], day)
    needs = [
        Need(each, _one_each(owed[each.code, each.resolved_by], planned.get(each.code, {}))) for each in programmes
    ]
    of_school = asked_of_school(asked) if office[0] == COORDINATOR else []
    needs += needs_of_school(session, school_id, of_school, day)
    needs = [replace(each, former=each.programme in before) for each in needs]
    # Of what is asked for no more, only what is still to be done is listed.
    held = [each for each in needs if each.is_open or (not each.former and (each.children or each.of_school))]
    held.sort(key=lambda need: (need.of_school is not None, -len(need.waiting)))
    there = {each.key for each in held}
    nothing = [replace(nothing_left(each, day), former=each in before) for each in (*programmes, *of_school)]
    finished = [each for each in nothing if each.key not in there]
    school = session.get_one(School, school_id)
    return Week(holder_id, name, *office, school.id, school.name, held, finished)


def filed_by(session: Session, week: Week, row_id: str) -> Filed | None:
    """Return whom a record of one's own, or an activity of one's own school, names; ``None`` when it is somebody else's."""
    record = session.get(Record, row_id)
    day = record.occurred_on if record is not None and record.filed_by == week.supporter_id else None
    if day is None and week.whole_school:
        held = held_at(session, row_id, week.school_id)
        day = held.held_on if held is not None else None
    if day is None:
        return None
    names = session.scalars(
        select(Child.name)
        .join(Evidence, Evidence.subject_id == Child.id)
        .where(Evidence.id == row_id)
        .order_by(Child.grade, Child.class_name, Child.id)
    )
    return Filed(list(names), day)


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


def _tasks(holder_id: str, school_id: str, duty: str | None, programmes: list[str], day: date) -> Any:
    state = state_on(day)
    in_sight = [Child.school_id == school_id, Child.left_on.is_(None)]
    if duty != COORDINATOR:
        # NULL equals nothing: a teacher without a class has no children here, not those without one.
        of_class = and_(Child.grade == Supporter.grade, Child.class_name == Supporter.class_name)
        in_sight.append(select(Supporter.id).where(Supporter.id == holder_id, of_class).exists())
    return (
        select(
            Task.programme,
            Task.evidence_kind,
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
