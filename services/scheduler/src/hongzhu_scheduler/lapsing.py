"""Lapsing: what is open is cancelled once it is owed no longer, and open again if it is owed again before its time is over.

It is owed no longer when its subject left, when its programme is suspended, when its standing condition is over, and, where
its programme says so (`Programme.lapses`), when its subject is no longer eligible.
"""

from datetime import date

from sqlalchemy import ColumnElement, and_, false, or_, select, update
from sqlalchemy.orm import Session

from hongzhu_scheduler.closing import settle
from hongzhu_scheduler.models import child, occurrence, programme, run
from hongzhu_scheduler.obligation import Obligation

_EPISODE = occurrence.c.period.startswith("since:")


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
    theirs = and_(occurrence.c.programme.in_(select(programme.c.code)), occurrence.c.subject_id.in_(moved))
    session.execute(
        update(occurrence).where(theirs, occurrence.c.closed_state.is_(None), in_time).values(school_id=here)
    )


def _owed(rules: Obligation) -> ColumnElement[bool]:
    subject = rules.subject
    eligible = occurrence.c.subject_id.in_(rules.subjects.with_only_columns(subject.c.id))
    if rules.programme.lapses:
        return eligible
    here = occurrence.c.subject_id.in_(select(subject.c.id).where(subject.c.present))
    return or_(and_(_EPISODE, eligible), and_(~_EPISODE, here))
