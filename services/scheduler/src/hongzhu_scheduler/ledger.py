"""The scheduler's view of the tasks, counted: what `hongzhu doctor` compares with the registry's."""

from datetime import date

from sqlalchemy import ColumnElement, case, func, literal, or_, select
from sqlalchemy.orm import Session

from hongzhu.clock import today
from hongzhu_scheduler.models import occurrence, run


def state_on(day: date) -> ColumnElement[str]:
    """Say how a task stands on `day`, of one mind with `hongzhu.task_state`; what is closed stays closed."""
    on_day = literal(day)
    return case(
        (occurrence.c.closed_state.is_not(None), occurrence.c.closed_state),
        (on_day <= run.c.due_on, "due"),
        (or_(run.c.grace_until.is_(None), on_day <= run.c.grace_until), "overdue"),
        else_="missed",
    )


def ledger(session: Session) -> dict[tuple[str, str, str], int]:
    """Count the tasks by programme, period and state as they stand today."""
    state = state_on(today()).label("state")
    statement = (
        select(run.c.programme, run.c.period, state, func.count())
        .join_from(occurrence, run, run.c.id == occurrence.c.run_id)
        .group_by(run.c.programme, run.c.period, state)
    )
    return {(programme, period, state): count for programme, period, state, count in session.execute(statement)}
