"""Statements about how the city stands: children by school and town, what was owed and done, what waits for a decision."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Literal

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from hongzhu.clock import today
from hongzhu_registry.access.policy import Principal
from hongzhu_registry.access.sight import in_sight
from hongzhu_registry.children.models import Child
from hongzhu_registry.programmes.models import ProgrammeVersion
from hongzhu_registry.referrals.queries import unsettled
from hongzhu_registry.retention.queries import is_over
from hongzhu_registry.schools.models import School
from hongzhu_registry.tallies.models import EVERYWHERE, ChildTally, TaskTally
from hongzhu_registry.tasks.queries import DONE, OPEN, still_open_on

By = Literal["school", "programme", "week"]
"""What coverage is told apart by, beside the programme."""
_APART = {"school": (TaskTally.school_id,), "programme": (), "week": (TaskTally.period_start,)}
_CALLED = {"school": "school_id", "week": "begins_on"}


COUNTED = ("children", "boys", "girls", "in_poverty")


def children(session: Session) -> dict[str, int]:
    """Count the children who are here: all, boys, girls, and those in registered poverty."""
    everywhere = select(*(getattr(ChildTally, name) for name in COUNTED)).where(ChildTally.school_id == EVERYWHERE)
    found = session.execute(everywhere).mappings().first()
    return dict(found) if found else dict.fromkeys(COUNTED, 0)


def children_by_school(session: Session, most: int | None = None) -> list[dict[str, Any]]:
    """Tell how many children each school has, the one with the most first."""
    counts = [getattr(ChildTally, name) for name in COUNTED]
    statement = (
        select(School.id.label("school_id"), School.name, School.town, *counts)
        .join(ChildTally, ChildTally.school_id == School.id)
        .where(ChildTally.children > 0)
        .order_by(ChildTally.children.desc(), School.id)
    )
    return [dict(row) for row in session.execute(statement.limit(most)).mappings()]


def children_by_town(session: Session, most: int | None = None) -> list[dict[str, Any]]:
    """Tell how many children the schools of each town have, the town with the most first."""
    counts = [func.sum(getattr(ChildTally, name)).label(name) for name in COUNTED]
    statement = (
        select(School.town, *counts)
        .join(ChildTally, ChildTally.school_id == School.id)
        .where(ChildTally.children > 0)
        .group_by(School.town)
        .order_by(counts[0].desc(), School.town)
    )
    return [dict(row) for row in session.execute(statement.limit(most)).mappings()]


def places(session: Session) -> dict[str, int]:
    """Count the schools that have children, and their towns."""
    counted = select(func.count().label("schools"), func.count(School.town.distinct()).label("towns"))
    statement = counted.join(ChildTally, ChildTally.school_id == School.id).where(ChildTally.children > 0)
    return dict(session.execute(statement).mappings().one())


def coverage(session: Session, principal: Principal, by: By, first: date, last: date) -> list[dict[str, Any]]:
    """Tell how the tasks stand whose period begins in some days, programme by programme, and by school or by period.

    ``owed`` is what was neither excused nor cancelled, ``share`` how much of that was done, in time or late.
    """
    state = func.coalesce(TaskTally.settled, still_open_on(TaskTally, today())).label("state")
    keys = (TaskTally.programme, *_APART[by])
    # A school reads its own rows; whoever sees all of a programme's, those of everywhere, unless schools are told apart.
    apart = by == "school" or principal.role == "school"
    everywhere = TaskTally.school_id == EVERYWHERE
    statement = (
        select(*keys, state, func.sum(TaskTally.tasks))
        .where(
            in_sight("task_tally", principal),
            ~everywhere if apart else everywhere,
            TaskTally.period_start.between(first, last),
        )
        .group_by(*keys, state)
    )
    found: dict[tuple[Any, ...], dict[str, int]] = defaultdict(lambda: dict.fromkeys(_STATES, 0))
    for *key, said, tasks in session.execute(statement):
        found[tuple(key)][said] = tasks
    names = ("programme", *filter(None, [_CALLED.get(by)]))
    return [dict(zip(names, key, strict=True)) | told(found[key]) for key in sorted(found)]


_STATES = (*DONE, *OPEN, "excused", "cancelled")


def told(counted: dict[str, int]) -> dict[str, Any]:
    """Add to how many tasks stand how: how many are owed, how many of these were done, and what share that is."""
    done = sum(counted[each] for each in DONE)
    owed = done + sum(counted[each] for each in OPEN)
    return counted | {"owed": owed, "share": round(done / owed, 4) if owed else None}


def together(rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Add rows of `coverage` up to one."""
    summed = dict.fromkeys(_STATES, 0)
    for row in rows:
        for state in _STATES:
            summed[state] += row[state]
    return told(summed)


def overdue(session: Session, most: int | None = None) -> list[dict[str, Any]]:
    """Count what is overdue today, by school and programme: what can still be done, however long ago it fell due.

    Of some schools only, where `most` says of how many: those that are furthest behind.
    """
    day = today()
    is_overdue = and_(
        TaskTally.school_id != EVERYWHERE,
        TaskTally.settled.is_(None),
        TaskTally.due_on < day,
        TaskTally.grace_until >= day,
    )
    counted = func.sum(TaskTally.tasks).label("overdue")
    keys = TaskTally.school_id, TaskTally.programme
    statement = select(*keys, counted).where(is_overdue).group_by(*keys)
    if most is not None:
        behind = select(TaskTally.school_id).where(is_overdue).group_by(TaskTally.school_id)
        worst = behind.order_by(func.sum(TaskTally.tasks).desc(), TaskTally.school_id).limit(most)
        statement = statement.where(TaskTally.school_id.in_(worst))
    return [dict(row) for row in session.execute(statement).mappings()]


def waiting(session: Session) -> dict[str, int]:
    """Count what waits for somebody's decision: the bureau's, of referrals the agency's."""
    counted = {
        "conflicts": select(ChildTally.conflicts).where(ChildTally.school_id == EVERYWHERE),
        "programmes": select(func.count()).select_from(ProgrammeVersion).where(ProgrammeVersion.status == "proposed"),
        "referrals": select(func.count()).select_from(unsettled().subquery()),
        "retention_over": select(func.count()).select_from(Child).where(is_over(today())),
    }
    return {name: session.scalar(statement) or 0 for name, statement in counted.items()}
