"""Closing: a task comes to what evidence and excuses say of it, in whatever order they came, or is missed when its time is over.

`settle` is the one place where a state is written down: it works the tasks it is given out anew (`hongzhu.task_state` in SQL),
says what changed, and leaves the rest alone.  What is open again falls due once more.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from functools import cache, cached_property
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Date,
    Insert,
    Select,
    Subquery,
    Update,
    Uuid,
    and_,
    bindparam,
    case,
    func,
    literal,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.orm import Session

from hongzhu.database import Database, among_those, those
from hongzhu.messages import ANSWERS
from hongzhu.programme import Programme
from hongzhu_scheduler.announcing import say, that_closed, that_open_again
from hongzhu_scheduler.models import child, evidence, excuse, occurrence, programme_version, run
from hongzhu_scheduler.triggers import Batch

_RUNS_AT_ONCE = 16

_key = [occurrence.c[column.name] for column in occurrence.primary_key]
_told = [*_key, occurrence.c.school_id, occurrence.c.run_id, occurrence.c.closed_state]
_changes = func.coalesce(occurrence.c.changes, 0) + 1


def settle(session: Session, chosen: ColumnElement[bool], day: date, because: str | None = None) -> None:
    """Bring tasks to what evidence, excuses and their end say of them now.

    `chosen` may ask about occurrence, run and the version they were issued under, and must not ask about what this changes.
    """
    _carry_out(session, _Settling(chosen), {"day": day}, because)


def settle_done(
    session: Session, kinds: Collection[str], subjects: Collection[str], days: Sequence[date], day: date, because: str
) -> None:
    """Settle the tasks of some subjects that evidence of some kinds, done on some days, has to do with."""
    dialect = session.get_bind().dialect.name
    told = {"kinds": those(dialect, kinds), "subjects": those(dialect, subjects), "first": min(days), "last": max(days)}
    _carry_out(session, _settling_done(dialect), told | {"day": day}, because)


class _Settling:
    """What settles the tasks that were chosen, statement by statement, each made when it is needed; they ask for `day`."""

    def __init__(self, chosen: ColumnElement[bool]) -> None:
        self._found = _as_they_stand(chosen)
        self._changed = self._found.c.state.is_distinct_from(self._found.c.closed_state)
        self._closes = and_(self._changed, self._found.c.state.is_not(None))
        self._opens = and_(self._changed, self._found.c.state.is_(None))

    @cached_property
    def ends(self) -> Select[Any]:
        """Whether any come to their end, and whether any are open again; nothing where there are none."""
        return select(*(func.max(case((each, 1), else_=0)) for each in (self._closes, self._opens)))

    @cached_property
    def closed(self) -> Insert:
        """Says which came to their end."""
        return that_closed(select(self._found).where(self._closes).subquery())

    @cached_property
    def opened(self) -> Insert:
        """Says which are open again."""
        return that_open_again(select(self._found).where(self._opens).subquery())

    @cached_property
    def watched(self) -> Update:
        """Has the time of those watched again, if it was over once and the clock went back."""
        of_them = run.c.id.in_(select(self._found.c.run_id).where(self._opens))
        return update(run).where(run.c.settled, of_them).values(settled=False)

    @cached_property
    def written(self) -> Update:
        """Writes it down."""
        found, changed = self._found, self._changed
        return (
            update(occurrence)
            .where(
                *(column == found.c[column.name] for column in _key),
                or_(changed, found.c.done_on.is_distinct_from(occurrence.c.done_on)),
            )
            .values(
                closed_state=found.c.state,
                school_id=found.c.school_id,
                done_on=found.c.done_on,
                changes=case((changed, found.c.changes), else_=occurrence.c.changes),
            )
        )


@cache
def _settling_done(dialect: str) -> _Settling:
    # Evidence comes all day long, and to make these statements takes as long as to carry them out.
    last, first = (bindparam(name, type_=Date) for name in ("last", "first"))
    return _Settling(
        and_(
            occurrence.c.programme.in_(
                select(programme_version.c.code).where(among_those(dialect, programme_version.c.resolved_by, "kinds"))
            ),
            among_those(dialect, occurrence.c.subject_id, "subjects"),
            run.c.opens_on <= last,
            or_(run.c.grace_until.is_(None), run.c.grace_until >= first),
        )
    )


def _carry_out(session: Session, settling: _Settling, values: Mapping[str, Any], because: str | None) -> None:
    # Each statement works all of them out anew: what there is nothing of is not looked for again.
    any_closed, any_open = session.execute(settling.ends, values).one()
    if any_closed is None:
        return
    if any_closed:
        say(session, settling.closed, because, values)
    if any_open:
        session.execute(settling.watched, values)
        say(session, settling.opened, because, values)
    session.execute(settling.written, values)


def close_known(session: Session, run_id: UUID, programme: Programme, batch: Batch, day: date) -> None:
    """Close the tasks of a run just issued whose evidence or excuse came before them."""
    done = [evidence.c.kind == programme.resolved_by, evidence.c.done_on >= batch.window.opens_on]
    if batch.window.grace_until is not None:
        done.append(evidence.c.done_on <= batch.window.grace_until)
    subjects = [select(evidence.c.subject_id).where(*done), select(excuse.c.subject_id).where(~excuse.c.lifted)]
    if session.execute(select(or_(*(each.exists() for each in subjects)))).scalar_one():
        known = occurrence.c.subject_id.in_(subjects[0].union(subjects[1]))
        # The run tells them; the rest is the key, by which they are found.
        of_run = occurrence.c.run_id == literal(run_id, Uuid)
        keys = (occurrence.c.programme == programme.code, occurrence.c.period_start == batch.period_start)
        settle(session, and_(of_run, *keys, occurrence.c.period == batch.period, known), day)


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
            say(session, that_closed(missed.where(undone).subquery()))
            session.execute(update(occurrence).where(undone).values(closed_state="missed", changes=_changes))
            session.execute(update(run).where(run.c.id.in_(runs)).values(settled=True))


def _unsettled(day: date) -> ColumnElement[bool]:
    return and_(~run.c.settled, run.c.grace_until < day)


def _as_they_stand(chosen: ColumnElement[bool]) -> Subquery:
    """Work tasks out on the parameter `day`: their keys, what they were closed as, and ``state, done_on, changes, school_id`` as
    they must be."""
    # Of several pieces of evidence the earliest counts, whatever order they came in.
    done_on = select(func.min(evidence.c.done_on)).where(
        evidence.c.subject_id == occurrence.c.subject_id,
        evidence.c.kind == programme_version.c.resolved_by,
        or_(evidence.c.kind.not_in(ANSWERS), occurrence.c.period == literal("event:") + evidence.c.id),
        evidence.c.done_on >= run.c.opens_on,
        or_(run.c.grace_until.is_(None), evidence.c.done_on <= run.c.grace_until),
    )
    theirs = select(excuse.c.id).where(excuse.c.subject_id == occurrence.c.subject_id, ~excuse.c.lifted)
    excused = theirs.where(excuse.c.programme == occurrence.c.programme, excuse.c.period == occurrence.c.period)
    paused = theirs.where(run.c.due_on.between(excuse.c.first, excuse.c.last))
    ruled_by = and_(programme_version.c.code == run.c.programme, programme_version.c.version == run.c.version)
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
        .join(programme_version, ruled_by)
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
        (looked_at.grace_until < bindparam("day", type_=Date), "missed"),
    )
    # What is open, or open again, is at the school where its child is now, but for what was overdue when the child moved.
    here = select(child.c.school_id).where(child.c.id == looked_at.subject_id).scalar_subquery()
    to_do = and_(state.is_(None), looked_at.due_on >= bindparam("day", type_=Date))
    at = case((to_do, func.coalesce(here, looked_at.school_id)), else_=looked_at.school_id)
    others = [each for each in looked_at if each.name != "school_id"]
    return select(*others, at.label("school_id"), state.label("state")).where(true()).subquery()
