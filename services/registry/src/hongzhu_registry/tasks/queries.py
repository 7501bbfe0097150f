"""The ledger's statements."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any
from zlib import crc32

from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    Select,
    String,
    and_,
    bindparam,
    case,
    func,
    literal,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased
from sqlalchemy.sql.dml import ReturningUpdate

from hongzhu.calendar import NOT_ANNOUNCED
from hongzhu.clock import today
from hongzhu.database import among_those, those, upsert
from hongzhu.messages import ANSWERS, batches
from hongzhu_registry.access.policy import Principal
from hongzhu_registry.access.sight import in_sight
from hongzhu_registry.children.models import Child
from hongzhu_registry.evidence.models import Evidence
from hongzhu_registry.excuses.models import Excuse
from hongzhu_registry.schools.queries import called
from hongzhu_registry.tallies.queries import OF_TASK, touch
from hongzhu_registry.tasks.models import UNSETTLED, Task, TaskAct

CANCELLED = "cancelled"
"""What only the scheduler can say; everything else follows from window, evidence and excuses."""

DONE, OPEN = ("done", "late"), ("due", "overdue", "missed")
"""How a task stands that was done, in time or late, and one that is owed and was not; what is excused or cancelled is neither."""
_AT_ONCE = 5_000
"""Ids that one statement names."""
_LEDGER, _BUCKETS = 0x1ED6E4, 2048
_MANY_TIMES = "asks many times"


def _settled(done_on: Any) -> Sequence[tuple[Any, str]]:
    """Say what a task's state is whatever the day, and when."""
    return (
        (Task.excuse_id.is_not(None), "excused"),
        (done_on <= Task.due_on, "done"),
        (done_on.is_not(None), "late"),
        (Task.pause_id.is_not(None), "excused"),
        (Task.closed_state == CANCELLED, CANCELLED),
    )


def state_on(day: date) -> Any:
    """Say how each task stands on `day`: `hongzhu.task_state` in SQL, and a test holds the two together."""
    return case(*_settled(Task.done_on), *_open_on(Task, day), else_="missed")


def stood_on(day: date) -> Any:
    """Say how each task stood on a past `day`: what was done after it was not done then."""
    return case(*_settled(case((Task.done_on <= day, Task.done_on))), *_open_on(Task, day), else_="missed")


def settled() -> Any:
    """Say how each task stands whatever the day; none while that follows from the day, as `still_open_on` says."""
    return case(*_settled(Task.done_on))


def still_open_on(rows: Any, day: date) -> Any:
    """Say how what is not `settled` stands on `day`."""
    return case(*_open_on(rows, day), else_="missed")


def _open_on(rows: Any, day: date) -> Sequence[tuple[Any, str]]:
    within_grace = or_(rows.grace_until.is_(None), rows.grace_until >= day)
    return ((rows.due_on >= day, "due"), (within_grace, "overdue"))


def stands(state: str, day: date) -> ColumnElement[bool]:
    """Say of which tasks `state_on` says `state`; of what is to be done, which is little, in a way that an index answers."""
    still_open = and_(UNSETTLED, func.coalesce(Task.closed_state, "") != CANCELLED)
    if state == "due":
        return and_(still_open, Task.due_on >= day)
    if state == "overdue":
        return and_(still_open, Task.due_on < day, or_(Task.grace_until.is_(None), Task.grace_until >= day))
    return state_on(day) == state  # type: ignore[no-any-return]  # a comparison


def enter(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Enter tasks that are not there yet, and link to each the first evidence, and the pause, there already is for it.

    Of those that are there, only days that the calendar did not reach are filled in, when it does.
    """
    said = upsert(session, Task.__table__)  # type: ignore[arg-type]  # it is a Table
    was_open = or_(Task.due_on == NOT_ANNOUNCED, Task.grace_until == NOT_ANNOUNCED)
    session.execute(
        said.on_conflict_do_update(
            index_elements=["id", "period_start"],
            set_={name: said.excluded[name] for name in ("due_on", "grace_until")},
            where=and_(was_open, said.excluded.due_on <= Task.due_on),
        ),
        rows,
    )
    dialect = session.get_bind().dialect.name
    told = {"ids": those(dialect, [row["id"] for row in rows]), "of_period": rows[0]["period_start"]}
    _carry_out(session, _resolving_entered(dialect), told)


def link(session: Session, evidence_ids: Sequence[str]) -> None:
    """Link new evidence to the tasks whose window takes it; the earliest day counts, whatever the order of typing in."""
    dialect = session.get_bind().dialect.name
    for ids in batches(list(evidence_ids), _AT_ONCE):
        _carry_out(session, _resolving_proven(dialect), {"ids": those(dialect, ids)})


def relink(session: Session, evidence_id: str, subjects: Sequence[str]) -> None:
    """Link the tasks that changed evidence resolved to the earliest evidence there is for them now."""
    theirs = Task.subject_id.in_(subjects)
    _carry_out(session, _resolving(and_(theirs, Task.evidence_id == evidence_id)))
    hand_over(session, theirs)


def pause(session: Session, subject_id: str) -> None:
    """Link all of a subject's tasks to the pauses in which they are due."""
    _carry_out(session, _resolving(Task.subject_id == subject_id))
    hand_over(session, Task.subject_id == subject_id)


def answered_by(kind: str, done_on: date) -> ColumnElement[bool]:
    """Say which tasks are answered by something of a kind done on a day."""
    return and_(
        Task.evidence_kind == kind,
        Task.opens_on <= done_on,
        or_(Task.grace_until.is_(None), Task.grace_until >= done_on),
    )


def _within_window(evidence: Any) -> ColumnElement[bool]:
    return and_(
        evidence.subject_id == Task.subject_id,
        evidence.kind == Task.evidence_kind,
        or_(evidence.kind.not_in(ANSWERS), Task.period == literal("event:") + evidence.id),
        evidence.done_on >= Task.opens_on,
        or_(Task.grace_until.is_(None), evidence.done_on <= Task.grace_until),
    )


# The two that go with every message and with everything that is filed are made once: to put them together takes as long as
# to carry them out.


@cache
def _resolving_entered(dialect: str) -> ReturningUpdate[str, date]:
    return _resolving(and_(among_those(dialect, Task.id, "ids"), Task.period_start == bindparam("of_period")))


@cache
def _resolving_proven(dialect: str) -> ReturningUpdate[str, date]:
    new = aliased(Evidence)
    same_day = and_(Task.done_on == new.done_on, Task.evidence_id > new.id)
    earlier = or_(Task.done_on.is_(None), Task.done_on > new.done_on, same_day)
    return _resolving(and_(among_those(dialect, new.id, "ids"), _within_window(new), earlier))


def _carry_out(session: Session, changing: ReturningUpdate[str, date], told: Mapping[str, Any] | None = None) -> None:
    session.flush()
    # By the connection itself: the session would look for objects among the rows.
    touch(session, session.connection().execute(changing, told))


def _resolving(which: ColumnElement[bool]) -> ReturningUpdate[str, date]:
    """Link to each of the tasks the earliest evidence there is for it, and the pause in which it is due."""
    earliest = (
        select(Evidence.done_on, Evidence.id)
        .where(_within_window(Evidence))
        .order_by(Evidence.done_on, Evidence.id)
        .limit(1)
    )

    def of_earliest(column: ColumnElement[Any] | InstrumentedAttribute[Any]) -> ScalarSelect[Any]:
        return earliest.with_only_columns(column).correlate(Task).scalar_subquery()

    return _changing(
        which,
        done_on=of_earliest(Evidence.done_on),
        evidence_id=of_earliest(Evidence.id),
        pause_id=paused_by(Task),
    )


def change(session: Session, which: ColumnElement[bool], **values: Any) -> None:
    """Change tasks, and note that they are to be counted again."""
    _carry_out(session, _changing(which, **values))


def _changing(which: ColumnElement[bool], **values: Any) -> ReturningUpdate[str, date]:
    return update(Task.__table__).where(which).values(**values).returning(*OF_TASK)  # type: ignore[arg-type]  # it is a Table


def paused_by(task: Any) -> ScalarSelect[Any]:
    """Select the pause in which a task is due; a day that is not announced is in none."""
    lasting = or_(Excuse.last >= task.due_on, and_(Excuse.last.is_(None), task.due_on < NOT_ANNOUNCED))
    in_pause = Excuse.subject_id == task.subject_id, Excuse.first <= task.due_on, lasting, Excuse.lifted_on.is_(None)
    return select(func.min(Excuse.id)).where(*in_pause).correlate(task).scalar_subquery()


def hand_over(session: Session, chosen: ColumnElement[bool]) -> None:
    """Let those of the chosen tasks that are open, or open again, and not overdue go along with a child to the school it is at
    now."""
    here = select(Child.school_id).where(Child.id == Task.subject_id).scalar_subquery()
    left_behind = and_(chosen, state_on(today()) == "due", Task.school_id != here)
    touch(session, session.execute(select(*OF_TASK).where(left_behind)))
    change(session, left_behind, school_id=here)


def cancel_or_reopen(
    session: Session,
    ids: Sequence[str],
    period_start: date,
    *,
    state: str | None,
    changes: int,
    on: date,
    because: str | None,
) -> int:
    """Note that the scheduler cancelled tasks, or opened them again, unless it said more since; return how many there are."""
    of_them = and_(Task.id.in_(ids), Task.period_start == period_start)
    names = ("task_id", "changes", "subject_id", "school_id", "agency", "act", "on", "because")
    act = select(
        Task.id,
        literal(changes),
        Task.subject_id,
        Task.school_id,
        Task.agency,
        literal(state or "reopened"),
        literal(on),
    ).add_columns(literal(because, String))
    said = upsert(session, TaskAct.__table__)  # type: ignore[arg-type]  # it is a Table
    session.execute(said.from_select(names, act.where(of_them)).on_conflict_do_nothing())
    change(session, and_(of_them, Task.changes < changes), closed_state=state, changes=changes)
    hand_over(session, of_them)
    return session.scalar(select(func.count()).select_from(Task).where(of_them)) or 0


def keep_apart(session: Session, subjects: Iterable[str], *, evidence: bool) -> None:
    """Let nobody enter tasks and evidence of the same subjects at the same time, each blind to the other's rows.

    Those who enter tasks do not mind each other.  Locks are taken by bucket, in order, so that few are held and nobody
    waits in a ring, as long as a transaction asks once; SQLite has one writer at a time anyway.
    """
    if (dialect := session.get_bind().dialect.name) == "postgresql":
        many = session.info.get(_MANY_TIMES)
        buckets = sorted(range(_BUCKETS) if many else {crc32(each.encode()) % _BUCKETS for each in subjects})
        session.connection().execute(_ALONE if evidence else _SHARED, {"buckets": those(dialect, buckets)})


_ALONE, _SHARED = (
    text(f"SELECT {lock}({_LEDGER}, unnest(CAST(:buckets AS integer[])))")
    for lock in ("pg_advisory_xact_lock", "pg_advisory_xact_lock_shared")
)


def will_ask_many_times(session: Session) -> None:
    """Say that a session will name more and more subjects: it holds all of them from the first on, or would wait in a ring."""
    session.info[_MANY_TIMES] = True


def visible(principal: Principal, day: date) -> Select[Any]:
    """Select the tasks a principal may see, each with its state on `day`."""
    columns = [
        column
        for column in Task.__table__.columns
        if column.name not in {"closed_state", "changes", "due_on", "grace_until"}
    ]
    # A day that the calendar does not reach is not shown as one: what is not announced says so.
    days = [case((each != NOT_ANNOUNCED, each)).label(each.key) for each in (Task.due_on, Task.grace_until)]
    announced = (Task.due_on != NOT_ANNOUNCED).label("announced")
    return select(*columns, *days, announced, state_on(day).label("state")).where(in_sight("task", principal))


def filtered(statement: Select[Any], day: date, filters: Mapping[str, Any]) -> Select[Any]:
    """Narrow a list of tasks by what the reader asks for."""
    equal = {
        "school_id": Task.school_id,
        "agency": Task.agency,
        "programme": Task.programme,
        "child_id": Task.subject_id,
    }
    conditions = [column == filters[name] for name, column in equal.items() if filters.get(name) is not None]
    if filters.get("state") is not None:
        conditions.append(stands(filters["state"], day))
    if filters.get("school"):
        conditions.append(Task.school_id.in_(called(filters["school"])))
    if filters.get("done") is not None:
        conditions.append(state_on(day).in_(DONE if filters["done"] else OPEN))
    if filters.get("begins_after"):
        conditions.append(Task.period_start >= filters["begins_after"])
    if filters.get("begins_before"):
        conditions.append(Task.period_start <= filters["begins_before"])
    if filters.get("due_before"):
        conditions.append(Task.due_on <= filters["due_before"])
    if filters.get("due_after"):
        conditions.append(Task.due_on >= filters["due_after"])
    return statement.where(and_(literal(value=True), *conditions))


def open_by_period(session: Session, programme: str, day: date) -> dict[str, int]:
    """Count the tasks of a programme that are still open on `day`, by period."""
    still_open = state_on(day).in_(("due", "overdue"))
    counted = (
        select(Task.period, func.count().label("open"))
        .where(Task.programme == programme, still_open)
        .group_by(Task.period)
    )
    return {row.period: row.open for row in session.execute(counted)}


def count_by_state(session: Session, day: date) -> dict[tuple[str, str, str], int]:
    """Count the tasks by programme, period and state on `day`."""
    state = state_on(day)
    rows = session.execute(
        select(Task.programme, Task.period, state.label("state"), func.count()).group_by(
            Task.programme, Task.period, state
        )
    )
    return {(programme, period, str(said)): count for programme, period, said, count in rows}
