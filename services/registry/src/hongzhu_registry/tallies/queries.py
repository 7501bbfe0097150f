"""Statements that note what changed, and count it again."""

from collections.abc import Collection, Iterable
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, delete, func, insert, literal, or_, select, tuple_, union
from sqlalchemy.orm import Session

from hongzhu.database import among
from hongzhu_registry.children.models import Child
from hongzhu_registry.conflicts.queries import in_conflict
from hongzhu_registry.tallies.models import EVERYWHERE, ChildTally, TaskTally, Touched
from hongzhu_registry.tasks.models import Task

OF_TASK = Task.school_id, Task.period_start
"""What a statement that changes tasks returns of them, for `touch`."""
_ALIKE = ("agency", "programme", "period_start", "due_on", "grace_until", "settled")
_COUNTED = ("children", "boys", "girls", "in_poverty", "conflicts")


def touch(session: Session, tasks: Iterable[Row[Any]]) -> None:
    """Note that tasks changed, each given as `OF_TASK`."""
    rows = [{"school_id": school, "period_start": period} for school, period in {tuple(each) for each in tasks}]
    if rows:
        # Inline: what is added is for nobody but the tally to read, not even its id.
        session.execute(insert(Touched.__table__).inline(), rows)  # type: ignore[arg-type]  # it is a Table


def touch_children(session: Session, which: ColumnElement[bool]) -> None:
    """Note that children changed: their schools' are to be counted again."""
    schools = select(Child.school_id).where(which).distinct()
    session.execute(insert(Touched).from_select(["school_id"], schools, include_defaults=False))


def take(session: Session, most: int) -> tuple[set[str], set[tuple[str, date]]]:
    """Take out what was touched longest ago: schools whose children are to be counted, and schools with a period of tasks."""
    first = select(Touched.id).order_by(Touched.id).limit(most)
    taken = session.execute(
        delete(Touched)
        .where(Touched.id.in_(first))
        .returning(Touched.school_id, Touched.period_start)
        .execution_options(synchronize_session=False)
    ).all()
    children = {school for school, period in taken if period is None}
    return children, {(school, period) for school, period in taken if period is not None}


def overdue_days(session: Session, day: date, overdue: ColumnElement[bool]) -> list[date]:
    """Name the days on which something was due that is `overdue` on `day`, of all schools together.

    Asked in one statement, and so at one moment: whatever is not counted yet stands among what was touched.
    """
    tallied = TaskTally.settled.is_(None), TaskTally.due_on < day, TaskTally.grace_until >= day
    counted = select(TaskTally.due_on).where(TaskTally.school_id == EVERYWHERE, *tallied)
    touched = select(Touched.school_id, Touched.period_start).where(Touched.period_start.is_not(None))
    to_count = select(Task.due_on).where(tuple_(*OF_TASK).in_(touched), overdue)
    return sorted(session.scalars(union(counted, to_count)))


def count_children(session: Session, schools: Collection[str]) -> None:
    """Count the children of schools again, and then all."""
    here = Child.left_on.is_(None)
    theirs = among(session, Child.school_id, schools)
    conflicting = Child.id.in_(in_conflict().where(theirs))
    counts = (
        func.count().filter(here),
        func.count().filter(here, Child.sex == "male"),
        func.count().filter(here, Child.sex == "female"),
        func.count().filter(here, Child.in_poverty.is_(True)),
        func.count().filter(conflicting),
    )
    names = ["school_id", *_COUNTED]
    session.execute(delete(ChildTally).where(among(session, ChildTally.school_id, [*schools, EVERYWHERE])))
    anew = select(Child.school_id, *counts).where(theirs).group_by(Child.school_id)
    session.execute(insert(ChildTally).from_select(names, anew))
    together = select(literal(EVERYWHERE), *(func.sum(getattr(ChildTally, name)) for name in _COUNTED))
    session.execute(insert(ChildTally).from_select(names, together.having(func.count() > 0)))


def count_tasks(session: Session, periods: Collection[tuple[str, date]], settled: ColumnElement[Any]) -> None:
    """Count schools' tasks of periods again, and then those of all schools; `settled` says how a task stands whatever the day."""
    names = ["school_id", *_ALIKE, "tasks"]
    begun = TaskTally.period_start.in_({period for _, period in periods})
    everywhere = and_(TaskTally.school_id == EVERYWHERE, begun)
    theirs = tuple_(TaskTally.school_id, TaskTally.period_start).in_(periods)
    session.execute(delete(TaskTally).where(or_(everywhere, theirs)))
    said = {"settled": settled.label("settled"), "grace_until": func.coalesce(Task.grace_until, date.max)}
    alike: list[Any] = [said[name] if name in said else getattr(Task, name) for name in _ALIKE]
    anew = select(Task.school_id, *alike, func.count()).where(tuple_(*OF_TASK).in_(periods))
    session.execute(insert(TaskTally).from_select(names, anew.group_by(Task.school_id, *alike)))
    alike = [getattr(TaskTally, name) for name in _ALIKE]
    together = select(literal(EVERYWHERE), *alike, func.sum(TaskTally.tasks)).where(begun)
    session.execute(insert(TaskTally).from_select(names, together.group_by(*alike)))
