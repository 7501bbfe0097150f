"""Closing: a task comes to what evidence and excuses say of it, in whatever order they came, or is missed when its time is over.

`settle` is the one place where a state is written down: it works the tasks it is given out anew (`hongzhu.task_state` in SQL),
says what changed, and leaves the rest alone.  What is open again falls due once more.
"""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, Subquery, Uuid, and_, case, func, literal, or_, select, true, update
from sqlalchemy.orm import Session

from hongzhu.database import Database, among
from hongzhu.messages import ANSWERS
from hongzhu_scheduler.announcing import announce_again, announce_closed
from hongzhu_scheduler.models import evidence, excuse, occurrence, programme, run
from hongzhu_scheduler.triggers import Batch

_RUNS_AT_ONCE = 16

_key = [occurrence.c[column.name] for column in occurrence.primary_key]
_told = [*_key, occurrence.c.school_id, occurrence.c.run_id, occurrence.c.closed_state]
_changes = func.coalesce(occurrence.c.changes, 0) + 1


def settle(session: Session, chosen: ColumnElement[bool], day: date, because: str | None = None) -> None:
    """Bring tasks to what evidence, excuses and their end say of them now.

    `chosen` may ask about occurrence, run and programme, and must not ask about what this changes.
    """
    found = _as_they_stand(chosen, day)
    changed = found.c.state.is_distinct_from(found.c.closed_state)
    # Each look works all of them out anew: what there is nothing of is not looked for again.
    closes, opens = (func.max(case((and_(changed, each), 1), else_=0)) for each in _ends(found))
    any_closed, any_open = session.execute(select(closes, opens)).one()
    if any_closed is None:
        return
    if any_closed:
        announce_closed(session, select(found).where(changed, found.c.state.is_not(None)).subquery(), because)
    if any_open:
        open_again = select(found).where(changed, found.c.state.is_(None)).subquery()
        # Whose time is watched again, if it was over once and the clock went back.
        of_them = run.c.id.in_(select(open_again.c.run_id))
        session.execute(update(run).where(run.c.settled, of_them).values(settled=False))
        announce_again(session, open_again, because)
    session.execute(
        update(occurrence)
        .where(
            *(column == found.c[column.name] for column in _key),
            or_(changed, found.c.done_on.is_distinct_from(occurrence.c.done_on)),
        )
        .values(
            closed_state=found.c.state,
            done_on=found.c.done_on,
            changes=case((changed, found.c.changes), else_=occurrence.c.changes),
        )
    )


def _ends(found: Subquery) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return found.c.state.is_not(None), found.c.state.is_(None)


def close_known(session: Session, run_id: UUID, code: str, batch: Batch, day: date) -> None:
    """Close the tasks of a run just issued whose evidence or excuse came before them."""
    kind = select(programme.c.resolved_by).where(programme.c.code == code).scalar_subquery()
    done = [evidence.c.kind == kind, evidence.c.done_on >= batch.window.opens_on]
    if batch.window.grace_until is not None:
        done.append(evidence.c.done_on <= batch.window.grace_until)
    subjects = [select(evidence.c.subject_id).where(*done), select(excuse.c.subject_id).where(~excuse.c.lifted)]
    if session.execute(select(or_(*(each.exists() for each in subjects)))).scalar_one():
        known = occurrence.c.subject_id.in_(subjects[0].union(subjects[1]))
        # The run tells them; the rest is the key, by which they are found.
        of_run = occurrence.c.run_id == literal(run_id, Uuid)
        keys = (occurrence.c.programme == code, occurrence.c.period_start == batch.period_start)
        settle(session, and_(of_run, *keys, occurrence.c.period == batch.period, known), day)


def resolved_by(
    session: Session, kinds: Sequence[str], subjects: Sequence[str], days: Sequence[date]
) -> ColumnElement[bool]:
    """Choose the tasks of some subjects that evidence of some kinds, done on some days, has to do with."""
    return and_(
        occurrence.c.programme.in_(select(programme.c.code).where(among(session, programme.c.resolved_by, kinds))),
        among(session, occurrence.c.subject_id, subjects),
        run.c.opens_on <= max(days),
        or_(run.c.grace_until.is_(None), run.c.grace_until >= min(days)),
    )


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
            undone = and_(occurrence.c.run_id.in_(runs), occurrence.c.closed_state.is_(None))
            missed = select(*_told, literal("missed").label("state"), _changes.label("changes"))
            announce_closed(session, missed.where(undone).subquery())
            session.execute(update(occurrence).where(undone).values(closed_state="missed", changes=_changes))
            session.execute(update(run).where(run.c.id.in_(runs)).values(settled=True))


def _unsettled(day: date) -> ColumnElement[bool]:
    return and_(~run.c.settled, run.c.grace_until < day)


def _as_they_stand(chosen: ColumnElement[bool], day: date) -> Subquery:
    """Work tasks out: their keys, what they were closed as, and ``state, done_on, changes`` as they must be."""
    # Of several pieces of evidence the earliest counts, whatever order they came in.
    done_on = select(func.min(evidence.c.done_on)).where(
        evidence.c.subject_id == occurrence.c.subject_id,
        evidence.c.kind == programme.c.resolved_by,
        or_(evidence.c.kind.not_in(ANSWERS), occurrence.c.period == literal("event:") + evidence.c.id),
        evidence.c.done_on >= run.c.opens_on,
        or_(run.c.grace_until.is_(None), evidence.c.done_on <= run.c.grace_until),
    )
    theirs = select(excuse.c.id).where(excuse.c.subject_id == occurrence.c.subject_id, ~excuse.c.lifted)
    excused = theirs.where(excuse.c.programme == occurrence.c.programme, excuse.c.period == occurrence.c.period)
    paused = theirs.where(run.c.due_on.between(excuse.c.first, excuse.c.last))
    looked_at = (
        select(
            *_told,
            occurrence.c.ended_on,
            run.c.due_on,
            run.c.grace_until,
            _changes.label("changes"),
            done_on.scalar_subquery().label("done_on"),
            excused.exists().label("excused"),
            paused.exists().label("paused"),
        )
        .join_from(occurrence, run, run.c.id == occurrence.c.run_id)
        .join(programme, programme.c.code == occurrence.c.programme)
        .where(chosen)
        .subquery()
    ).c
    # Whatever ended only when the time was over has been missed already.
    in_time = or_(looked_at.grace_until.is_(None), looked_at.ended_on <= looked_at.grace_until)
    state = case(
        (looked_at.excused, "excused"),
        (looked_at.done_on <= looked_at.due_on, "done"),
        (looked_at.done_on.is_not(None), "late"),
        (looked_at.paused, "excused"),
        (and_(looked_at.ended_on.is_not(None), in_time), "cancelled"),
        (looked_at.grace_until < literal(day), "missed"),
    )
    return select(*looked_at, state.label("state")).where(true()).subquery()
