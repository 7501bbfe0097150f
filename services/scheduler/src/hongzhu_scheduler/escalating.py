"""Escalating: what nobody has done is said to those further up, step by step, as its programme has it.

A run is looked at on the day it is due, and from then on the day of each step that is left: `run.look_on` is all there is to
wait for, and moves in the transaction that says the step.  What is done meanwhile is not said.
"""

from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, or_, select, update
from sqlalchemy.orm import Session

from hongzhu.calendar import NOT_ANNOUNCED, SchoolCalendar
from hongzhu.database import Database
from hongzhu.programme import Step
from hongzhu_scheduler.announcing import announce_overdue
from hongzhu_scheduler.models import occurrence, programme_version, run
from hongzhu_scheduler.obligation import calendar_of, declared

_RUNS_AT_ONCE = 16
_DAY = timedelta(days=1)

_UNDONE = and_(
    occurrence.c.ended_on.is_(None),
    or_(occurrence.c.closed_state.is_(None), occurrence.c.closed_state == "missed"),
)


def is_waiting(day: date) -> ColumnElement[bool]:
    """Say in SQL whether a step of any tasks is to be looked at by `day`."""
    return select(run).where(run.c.look_on <= day).exists()


def escalate(database: Database, day: date) -> None:
    """Say every step whose day has come, a few runs in each transaction: the step and what says it stay or go together."""
    while True:
        with database.transaction() as session:
            of_run = and_(programme_version.c.code == run.c.programme, programme_version.c.version == run.c.version)
            waiting = select(run, programme_version.c.definition).outerjoin(programme_version, of_run)
            some = waiting.where(run.c.look_on <= day).limit(_RUNS_AT_ONCE)
            runs = session.execute(some.with_for_update(of=run, skip_locked=True)).all()
            if not runs:
                return
            calendar = calendar_of(session) or SchoolCalendar()
            for each in runs:
                _look_at(session, calendar, each, day)


def look_again(session: Session) -> None:
    """Look once more, when a calendar has come, at what waits for a day that was not announced."""
    session.execute(
        update(run).where(run.c.look_on == NOT_ANNOUNCED, run.c.due_on < NOT_ANNOUNCED).values(look_on=run.c.due_on)
    )


def step_day(calendar: SchoolCalendar, due_on: date, issued_on: date, step: Step) -> date:
    """Return the day on which a step is told: counted from the due day, or from the day they were issued if that is later."""
    # Nobody is late by a day that was over before they could have known; and nothing is overdue on its very day.
    begin = max(due_on, issued_on)
    after = calendar.days.after(begin, step.after)
    return after if after == NOT_ANNOUNCED else max(after, due_on + _DAY)


def _look_at(session: Session, calendar: SchoolCalendar, issued: Row[Any], day: date) -> None:
    steps = _steps(issued)
    said = issued.escalated
    for number, step in enumerate(steps[said:], said + 1):
        on = step_day(calendar, issued.due_on, issued.issued_on, step)
        if on > day:
            _wait(session, issued, number - 1, on)
            return
        announce_overdue(session, issued, and_(occurrence.c.run_id == issued.id, _UNDONE), number, step.to)
    _wait(session, issued, len(steps), None)


def _steps(issued: Row[Any]) -> tuple[Step, ...]:
    # What was over when it was issued is past: nobody could have done it, and nobody is told that nobody did.
    if issued.grace_until is not None and issued.grace_until < issued.issued_on:
        return ()
    return declared(issued.definition).escalation if issued.definition else ()


def _wait(session: Session, issued: Row[Any], said: int, look_on: date | None) -> None:
    session.execute(update(run).where(run.c.id == issued.id).values(escalated=said, look_on=look_on))
