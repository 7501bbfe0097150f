"""Closing: a task ends as done or late by its evidence, or as missed when its time is over, and then changes no more.

One exception: a missed task is corrected when evidence comes in of something that was done in time; paper counts by the
day it was done on.
"""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, func, or_, select, tuple_, update
from sqlalchemy.orm import Session

from hongzhu.database import Database
from hongzhu_scheduler.announcing import announce_closed
from hongzhu_scheduler.models import evidence, occurrence, programme, run

_RUNS_AT_ONCE = 16

_key = [occurrence.c[column.name] for column in occurrence.primary_key]
_closable = or_(occurrence.c.closed_state.is_(None), occurrence.c.closed_state == "missed")


def close_known(session: Session, run_id: UUID, day: date) -> None:
    """Close the tasks of a run just issued whose evidence came before them."""
    if _close_by_evidence(session, occurrence.c.run_id == run_id, day):
        announce_closed(session, and_(occurrence.c.run_id == run_id, occurrence.c.closed_state.is_not(None)))


def close_filed(session: Session, filed: Sequence[tuple[str, str]], day: date, because: str) -> None:
    """Close the tasks that new evidence, given as (id, subject), resolves."""
    if _close_by_evidence(session, tuple_(evidence.c.id, evidence.c.subject_id).in_(filed), day):
        announce_closed(session, tuple_(occurrence.c.evidence_id, occurrence.c.subject_id).in_(filed), because)


def is_over(day: date) -> ColumnElement[bool]:
    """Say in SQL whether the time of any tasks was over before `day` and nobody has closed them yet."""
    return select(run).where(_unsettled(day)).exists()


def close_missed(database: Database, day: date) -> None:
    """Close as missed what nothing resolved and whose time was over before `day`."""
    while True:
        with database.transaction() as session:
            over = select(run.c.id).where(_unsettled(day)).limit(_RUNS_AT_ONCE).with_for_update(skip_locked=True)
            runs = session.scalars(over).all()
            if not runs:
                return
            theirs = occurrence.c.run_id.in_(runs)
            session.execute(
                update(occurrence)
                .where(theirs, occurrence.c.closed_state.is_(None))
                .values(closed_state="missed", closed_on=day)
            )
            announce_closed(session, and_(theirs, occurrence.c.closed_state == "missed"))
            session.execute(update(run).where(run.c.id.in_(runs)).values(settled=True))


def _unsettled(day: date) -> ColumnElement[bool]:
    return and_(~run.c.settled, run.c.grace_until < day)


def _close_by_evidence(session: Session, chosen: ColumnElement[bool], day: date) -> int:
    in_window = and_(
        run.c.opens_on <= evidence.c.done_on, or_(run.c.grace_until.is_(None), evidence.c.done_on <= run.c.grace_until)
    )
    # Of several pieces of evidence the earliest counts, whatever order they came in.
    rank = func.row_number().over(partition_by=_key, order_by=[evidence.c.done_on, evidence.c.id])
    first = (
        select(*_key, evidence.c.id, evidence.c.done_on, run.c.due_on, rank.label("rank"))
        .join(run, run.c.id == occurrence.c.run_id)
        .join(programme, programme.c.code == occurrence.c.programme)
        .join(
            evidence,
            and_(
                evidence.c.subject_id == occurrence.c.subject_id, evidence.c.kind == programme.c.resolved_by, in_window
            ),
        )
        .where(chosen, _closable)
        .subquery()
    )
    result = session.execute(
        update(occurrence)
        .where(_closable, first.c.rank == 1, *(column == first.c[column.name] for column in _key))
        .values(
            closed_state=case((first.c.done_on <= first.c.due_on, "done"), else_="late"),
            closed_on=day,
            done_on=first.c.done_on,
            evidence_id=first.c.id,
        )
    )
    return int(result.rowcount)  # type: ignore[attr-defined]  # an UPDATE answers with a CursorResult
