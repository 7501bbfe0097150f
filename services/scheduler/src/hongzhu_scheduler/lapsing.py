"""Lapsing: what is open is cancelled once it is owed no longer, and open again if it is owed again before its time is over.

It is owed no longer when its subject left, when its programme is suspended, when its standing condition is over, and, where
its programme says so (`Programme.lapses`), when its subject is no longer eligible.  Facts change by messages; which version of
a programme rules changes by messages and by the day, and so is looked at by the clock as well.
"""

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, false, func, or_, select, true, update
from sqlalchemy.orm import Session

from hongzhu.database import Database, among
from hongzhu_scheduler.closing import settle
from hongzhu_scheduler.markers import lock_markers
from hongzhu_scheduler.models import child, marker, occurrence, programme, programme_version, run
from hongzhu_scheduler.obligation import Obligation, declared, obligations, ruling

_EPISODE = occurrence.c.period.startswith("since:")


def is_ruled_anew(day: date) -> ColumnElement[bool]:
    """Say in SQL whether of any programme another version rules on `day` than the one its open tasks were last held against."""
    return select(programme.c.code).where(_ruled_anew(day)).exists()


def hold_all(database: Database, day: date) -> None:
    """Hold the open tasks of the programmes of which another version rules since `day` against it, each in a transaction."""
    with database.reading() as session:
        codes = session.scalars(select(programme.c.code).where(_ruled_anew(day)).order_by(programme.c.code)).all()
    for code in codes:
        with database.transaction() as session:
            lock_markers(session, marker.c.programme == code)
            hold(session, code, day)


def hold(session: Session, code: str, day: date, because: str | None = None) -> None:
    """Hold the open tasks of a programme against the version that rules on `day`, unless that was done before.

    A day before the first version began tells nothing: only a clock that went back can stand on it.
    """
    newest = session.scalar(select(_newest(day)).where(programme.c.code == code))
    held_by = session.scalar(select(programme.c.held_by).where(programme.c.code == code))
    if newest in (None, held_by):
        return
    owed = obligations(session, [code])[code]
    if held_by is None or _asks(session, code, held_by) != _asks(session, code, newest):
        refresh(session, code, ruling(owed, day), true(), day, because)
    session.execute(update(programme).where(programme.c.code == code).values(held_by=newest))


def refresh(
    session: Session, code: str, rules: Obligation | None, chosen: ColumnElement[bool], day: date, because: str | None
) -> None:
    """Note which of the `chosen` tasks of a programme are owed no longer by the version that rules, and which are again."""
    theirs = and_(occurrence.c.programme == code, chosen)
    not_over = or_(run.c.grace_until.is_(None), run.c.grace_until >= day)
    in_time = select(run.c.id).where(run.c.id == occurrence.c.run_id, not_over).exists()
    owed = _owed(rules) if rules else false()
    # An episode ends with its condition whatever it came to: the next one is another.
    ended = and_(occurrence.c.ended_on.is_(None), ~owed, or_(_EPISODE, in_time))
    session.execute(update(occurrence).where(theirs, ended).values(ended_on=day))
    other = occurrence.alias("other")
    another = select(other.c.period).where(
        other.c.programme == code,
        other.c.subject_id == occurrence.c.subject_id,
        other.c.period.startswith("since:"),
        other.c.ended_on.is_(None),
    )
    unresolved = or_(occurrence.c.closed_state.is_(None), occurrence.c.closed_state == "cancelled")
    goes_on = or_(~_EPISODE, and_(unresolved, ~another.exists()))
    again = and_(occurrence.c.ended_on.is_not(None), owed, in_time, goes_on)
    session.execute(update(occurrence).where(theirs, again).values(ended_on=None))
    settle(session, and_(theirs, not_over), day, because)


def hand_over(session: Session, moved: list[str], day: date) -> None:
    """Let the open tasks of children that changed schools go along, but for those whose day was over at the old one."""
    in_time = select(run.c.id).where(run.c.id == occurrence.c.run_id, run.c.due_on >= day).exists()
    here = select(child.c.school_id).where(child.c.id == occurrence.c.subject_id).scalar_subquery()
    theirs = and_(occurrence.c.programme.in_(select(programme.c.code)), among(session, occurrence.c.subject_id, moved))
    session.execute(
        update(occurrence).where(theirs, occurrence.c.closed_state.is_(None), in_time).values(school_id=here)
    )


def _asks(session: Session, code: str, version: int) -> Any:
    """Return what a version asks of those it is owed to; nothing while it is suspended."""
    of_version = programme_version.c.code == code, programme_version.c.version == version
    row = session.execute(select(programme_version).where(*of_version)).one()
    asked = declared(row.definition)
    return not row.suspended and (asked.eligible, asked.requires, asked.lapses)


def _newest(day: date) -> ColumnElement[int | None]:
    in_force = programme_version.c.code == programme.c.code, programme_version.c.effective_from <= day
    return select(func.max(programme_version.c.version)).where(*in_force).correlate(programme).scalar_subquery()


def _ruled_anew(day: date) -> ColumnElement[bool]:
    return _newest(day) != func.coalesce(programme.c.held_by, 0)


def _owed(rules: Obligation) -> ColumnElement[bool]:
    subject = rules.subject
    eligible = occurrence.c.subject_id.in_(rules.subjects.with_only_columns(subject.c.id))
    if rules.programme.lapses:
        return eligible
    here = occurrence.c.subject_id.in_(select(subject.c.id).where(subject.c.present))
    return or_(and_(_EPISODE, eligible), and_(~_EPISODE, here))
