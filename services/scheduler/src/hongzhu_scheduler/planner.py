"""The planner: issues every task that falls due, once, by set-based SQL; any number of planners may run and none leads.

What is due follows from the programme, the calendar and the facts; there is no "next due" to keep.  A marker for each
(programme, shard) says how far it is planned, so that planning a day again costs one indexed query.
"""

import logging
from collections.abc import Collection, Sequence
from datetime import date, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Uuid, func, insert, literal, select, true, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from hongzhu.clock import today
from hongzhu.database import Database, monthly_partition, room_to_sort, upsert
from hongzhu.period import monday, school_year, start_of, year
from hongzhu_scheduler.announcing import announce
from hongzhu_scheduler.closing import close_known
from hongzhu_scheduler.lapsing import refresh
from hongzhu_scheduler.models import SHARDS, marker, occurrence, run
from hongzhu_scheduler.obligation import Obligation, calendar_of, obligations, ruling
from hongzhu_scheduler.triggers import Batch, Span, batches, takes_turns

log = logging.getLogger(__name__)

_DAY = timedelta(days=1)


class UnplannedError(Exception):
    """A programme could not be planned."""

    def __init__(self, programme: str) -> None:
        super().__init__(programme)
        self.programme = programme


def is_left(day: date) -> ColumnElement[bool]:
    """Say in SQL whether any part of any programme is still to be planned up to `day`."""
    return select(marker).where(_waiting(day)).exists()


def plan(database: Database, day: date) -> list[UUID]:
    """Issue what falls due up to `day`, each part of a programme in a transaction of its own; return the runs.

    A programme that cannot be planned keeps no other back: raises `UnplannedError` when all others are planned.
    """
    with database.transaction() as session:
        if not prepare(session, day):
            return []
    runs: list[UUID] = []
    unplanned: dict[str, UnplannedError] = {}
    while True:
        try:
            with database.transaction() as session:
                planned = plan_next(session, day, leaving=unplanned)
        except UnplannedError as error:
            log.warning("programme %s was not planned: %s", error.programme, type(error.__cause__).__name__)
            unplanned[error.programme] = error
            continue
        if planned is None:
            break
        runs += planned
    for first in unplanned.values():
        raise first
    return runs


def plan_all(session: Session, day: date) -> list[UUID]:
    """Issue what falls due up to `day` in the caller's one transaction, which may then be rolled back."""
    runs: list[UUID] = []
    if prepare(session, day):
        while (planned := plan_next(session, day)) is not None:
            runs += planned
    return runs


def prepare(session: Session, day: date) -> bool:
    """Say whether anything is left to plan up to `day`, and if so see that its months have their partitions."""
    planned = session.scalar(select(func.min(marker.c.planned_through)).where(_waiting(day)))
    # Without a calendar nobody knows the school days that windows are counted in; when it comes, all is planned anew.
    if planned is None or calendar_of(session) is None:
        return False
    # A period is filed under the nominal beginning of its week, term or school year.  Made here, nobody waits for them in a
    # ring; the few that began earlier, as a holiday or a block of weeks may, are made when they are issued.
    month = start_of(year(school_year(monday(planned + _DAY))))
    while month <= day + 31 * _DAY:
        monthly_partition(session, occurrence, month)
        month = (month + 31 * _DAY).replace(day=1)
    return True


def plan_next(session: Session, day: date, *, leaving: Collection[str] = ()) -> list[UUID] | None:
    """Plan parts that nobody else is planning, up to the first programme of which something falls due; return its runs, or
    None when no part is left but of those programmes that are to be left.  Raises `UnplannedError`.

    All that are free of one programme are planned in one statement: its rows come in the order of the key, and so go in twice
    as fast as those of parts that interleave. Planners share the work by programme; of most of them a day brings nothing.
    """
    waiting = select(marker).where(_waiting(day), marker.c.programme.not_in(list(leaving)))
    free = waiting.order_by(marker.c.programme, marker.c.shard).limit(SHARDS)
    room_to_sort(session)
    while parts := session.execute(free.with_for_update(skip_locked=True)).all():
        part = parts[0]
        alike = (part.programme, part.planned_through)
        shards = [each.shard for each in parts if (each.programme, each.planned_through) == alike]
        try:
            owed = obligations(session, [part.programme])[part.programme]
            runs = _issue(session, owed, shards, part.planned_through + _DAY, day)
        except Exception as error:
            raise UnplannedError(part.programme) from error
        session.execute(
            update(marker)
            .where(marker.c.programme == part.programme, marker.c.shard.in_(shards))
            .values(planned_through=day)
        )
        if runs:
            return runs
    return None


def plan_subjects(
    session: Session, owed: Sequence[Obligation], parts: Sequence[Row[Any]], chosen: ColumnElement[bool], first: date
) -> None:
    """Issue at once what some subjects are owed, since `first`, that came or changed after their parts were planned.

    `parts` are the programme's locked markers.  Up to where they stand the subjects are planned here, beyond it by the
    planner.
    """
    for through, same in groupby(parts, key=lambda part: part.planned_through):
        _issue(session, owed, [part.shard for part in same], first, through, chosen=chosen)


def insert_occurrences(session: Session, run_id: UUID, owed: Obligation, batch: Batch, *, first_time: bool) -> int:
    """Issue the tasks of one run that are not there yet, and return how many: the table's key is what makes it once."""
    period_start = batch.period_start
    monthly_partition(session, occurrence, period_start)
    subjects = batch.subjects.subquery()
    rows = select(
        literal(owed.programme.code),
        subjects.c.id,
        literal(batch.period),
        literal(period_start),
        subjects.c.school_id,
        literal(run_id, Uuid),
    ).where(true())  # without a WHERE, SQLite would read the ON of ON CONFLICT as that of a join
    columns = ["programme", "subject_id", "period", "period_start", "school_id", "run_id"]
    statement = upsert(session, occurrence).from_select(columns, rows)
    missing = statement.on_conflict_do_nothing()
    try:
        # PostgreSQL inserts a third faster when it need not be ready for conflicts, which a new period hardly ever has.
        with session.begin_nested():
            result = session.execute(statement if first_time else missing)
    except IntegrityError:  # somebody of another part changed schools meanwhile
        result = session.execute(missing)
    count: int = result.rowcount  # type: ignore[attr-defined]  # an INSERT answers with a CursorResult
    if count:
        window = batch.window._asdict()
        session.execute(
            insert(run).values(
                id=run_id,
                programme=owed.programme.code,
                version=owed.version,
                period=batch.period,
                period_start=period_start,
                **window,
            )
        )
    return count


def _issue(
    session: Session,
    owed: Sequence[Obligation],
    shards: Collection[int],
    first: date,
    through: date,
    *,
    chosen: ColumnElement[bool] | None = None,
) -> list[UUID]:
    """Issue what fell due from `first` to `through`: version by version, each on the days that it rules.

    The `chosen` ones are newcomers, who are owed what was open already on the first of these days; so is everybody when a
    version begins to rule.
    """
    calendar = calendar_of(session)
    runs: list[UUID] = []
    if calendar is None:
        return runs
    for each in owed:
        entering = chosen is not None or first <= each.effective_from
        span = Span(max(first, each.effective_from), min(through, each.until), entering)
        if span.through < each.effective_from or (span.through < span.first and not entering):
            continue
        subjects = each.subjects_in(shards)
        # Nobody can be given a turn without a look at all the others.
        if chosen is not None and not takes_turns(each):
            subjects = subjects.where(chosen)
        issued: list[UUID] = []
        for batch in batches(session, calendar, each, subjects, span):
            run_id = uuid7()
            if insert_occurrences(session, run_id, each, batch, first_time=not entering):
                announce(session, run_id)
                # Evidence may have come first: the task is announced all the same, for the ledger, and then closed.
                close_known(session, run_id, each.programme, batch, through)
                issued.append(run_id)
        day = today()
        if issued and each.until < day:  # what is open since then is owed as long as today's rules have it so
            refresh(session, each.programme.code, ruling(owed, day), occurrence.c.run_id.in_(issued), day, None)
        runs += issued
    return runs


def _waiting(day: date) -> ColumnElement[bool]:
    return marker.c.planned_through < day
