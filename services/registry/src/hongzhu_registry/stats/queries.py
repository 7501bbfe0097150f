"""Statements about how the city stands: children by school and town, what was owed and done, what waits for a decision."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any, Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hongzhu.clock import today
from hongzhu_registry.access.policy import Principal
from hongzhu_registry.access.sight import in_sight
from hongzhu_registry.children.models import Child
from hongzhu_registry.conflicts.queries import in_conflict
from hongzhu_registry.programmes.models import ProgrammeVersion
from hongzhu_registry.referrals.queries import unsettled
from hongzhu_registry.schools.models import School
from hongzhu_registry.tasks.models import Task
from hongzhu_registry.tasks.queries import DONE, OPEN, is_overdue, state_on

By = Literal["school", "programme", "week"]
"""What coverage is told apart by, beside the programme."""
_APART = {"school": (Task.school_id,), "programme": (), "week": (Task.period_start,)}
_CALLED = {"school": "school_id", "week": "begins_on"}


def children_by_school(session: Session, principal: Principal) -> list[dict[str, Any]]:
    """Count the children who are here, school by school: all, boys, girls, and those in registered poverty."""
    statement = (
        select(
            School.id.label("school_id"),
            School.town,
            func.count().label("children"),
            func.count().filter(Child.sex == "male").label("boys"),
            func.count().filter(Child.sex == "female").label("girls"),
            func.count().filter(Child.in_poverty.is_(True)).label("in_poverty"),
        )
        .join(School, School.id == Child.school_id)
        .where(in_sight("child", principal), Child.left_on.is_(None))
        .group_by(School.id, School.town)
        .order_by(func.count().desc(), School.id)
    )
    return [dict(row) for row in session.execute(statement).mappings()]


def coverage(session: Session, principal: Principal, by: By, first: date, last: date) -> list[dict[str, Any]]:
    """Tell how the tasks stand whose period begins in some days, programme by programme, and by school or by period.

    ``owed`` is what was neither excused nor cancelled, ``share`` how much of that was done, in time or late.
    """
    apart = _APART[by]
    state = state_on(today()).label("state")
    keys = (Task.programme, *apart)
    statement = (
        select(*keys, state, func.count().label("tasks"))
        .where(in_sight("task", principal), Task.period_start.between(first, last))
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


def together(rows: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Add rows of `coverage` up to one."""
    summed = dict.fromkeys(_STATES, 0)
    for row in rows:
        for state in _STATES:
            summed[state] += row[state]
    return told(summed)


def overdue(session: Session, principal: Principal) -> list[dict[str, Any]]:
    """Count what is overdue today, by school and programme: what can still be done, however long ago it fell due."""
    day = today()
    statement = (
        select(Task.school_id, Task.programme, func.count().label("overdue"))
        .where(in_sight("task", principal), is_overdue(day))
        .group_by(Task.school_id, Task.programme)
    )
    return [dict(row) for row in session.execute(statement).mappings()]


def waiting(session: Session) -> dict[str, int]:
    """Count what waits for somebody's decision: the bureau's, of referrals the agency's."""
    over = (Child.retention_ends < today(), Child.anonymised_at.is_(None))
    counted = {
        "conflicts": select(func.count()).select_from(in_conflict().subquery()),
        "programmes": select(func.count()).select_from(ProgrammeVersion).where(ProgrammeVersion.status == "proposed"),
        "referrals": select(func.count()).select_from(unsettled().subquery()),
        "retention_over": select(func.count()).select_from(Child).where(*over),
    }
    return {name: session.scalar(statement) or 0 for name, statement in counted.items()}
