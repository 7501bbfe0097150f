"""Excusing: one task by name, or all that is due in a pause; either can be taken back, and a pause can end early.

Both tell on tasks in the request's own transaction.  The scheduler hears of whom and which days, never of why.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from hongzhu import messages
from hongzhu.calendar import NOT_ANNOUNCED
from hongzhu.clock import today
from hongzhu.errors import ConflictError, InvalidError, MissingError
from hongzhu.messages import TaskExcused, batches
from hongzhu_registry.access.policy import Principal
from hongzhu_registry.access.sight import in_sight
from hongzhu_registry.children import service as children
from hongzhu_registry.children.queries import anonymous
from hongzhu_registry.database import everything, new_id, publish
from hongzhu_registry.excuses.models import Excuse
from hongzhu_registry.sealing import key_ring
from hongzhu_registry.tasks import queries as tasks
from hongzhu_registry.tasks.models import Task

_DAY = timedelta(days=1)


def excuse_task(session: Session, principal: Principal, task_id: str, reason: str) -> None:
    """Excuse a task that nobody has done; what is done later is kept, and counts if the excuse is taken back."""
    task = _task(session, principal, task_id)
    if task["state"] not in tasks.OPEN:
        raise ConflictError("Only what is open or missed can be excused.")
    excuse_id = new_id()
    excuse = Excuse(
        id=excuse_id,
        subject_id=task["subject_id"],
        school_id=task["school_id"],
        task_id=task_id,
        programme=task["programme"],
        period=task["period"],
        reason=None if anonymous(session, [task["subject_id"]]) else _sealed(reason, excuse_id),
        given_on=today(),
        given_by=principal.account_id,
    )
    session.add(excuse)
    _excuse(session, task_id, excuse_id)
    _tell(session, [excuse])


def take_back(session: Session, principal: Principal, task_id: str) -> None:
    """Take back the excuse of a task: it stands as its evidence has it."""
    task = _task(session, principal, task_id)
    if task["excuse_id"] is None:
        raise ConflictError("This task is not excused by name.")
    excuse = session.get_one(Excuse, task["excuse_id"])
    excuse.lifted_on, excuse.lifted_by = today(), principal.account_id
    excuse.version += 1
    _excuse(session, task_id, None)
    _tell(session, [excuse])


def pause(
    session: Session, principal: Principal, child_id: str, *, first: date, last: date | None, reason: str
) -> Excuse:
    """Let nothing fall due for a child while it is ill or away; raises `ConflictError` for days that touch another pause's."""
    principal.must_be("bureau", "school")
    child = children.locked(session, principal, child_id)
    if last is not None and last < first:
        raise InvalidError("A pause ends no earlier than it begins.", field="until")
    beside = or_(Excuse.last.is_(None), Excuse.last >= first - _DAY)
    before = Excuse.first <= (last + _DAY if last else NOT_ANNOUNCED)
    theirs = (Excuse.subject_id == child_id, Excuse.lifted_on.is_(None), before, beside)
    if session.scalar(select(Excuse.id).where(*theirs).limit(1)) is not None:
        raise ConflictError("These days touch another pause; end or take back that one first.", field="from")
    pause_id = new_id()
    made = Excuse(
        id=pause_id,
        subject_id=child_id,
        school_id=child["school_id"],
        first=first,
        last=last,
        reason=_sealed(reason, pause_id),
        given_on=today(),
        given_by=principal.account_id,
    )
    session.add(made)
    _paused(session, made)
    return made


def end_pause(session: Session, principal: Principal, child_id: str, pause_id: str, last: date) -> Excuse:
    """Say which is the last day of a pause, earlier than it was or where none was known."""
    found = _pause(session, principal, child_id, pause_id)
    if found.first is not None and last < found.first:
        raise InvalidError("A pause ends no earlier than it begins.", field="on")
    if found.last is not None and last > found.last:
        raise InvalidError("The pause is over before that day; begin a new one.", field="on")
    found.last, found.ended_on, found.ended_by = last, today(), principal.account_id
    found.version += 1
    _paused(session, found)
    return found


def take_back_pause(session: Session, principal: Principal, child_id: str, pause_id: str) -> None:
    """Take back a pause that was an error: what it kept back falls due after all."""
    found = _pause(session, principal, child_id, pause_id)
    found.lifted_on, found.lifted_by = today(), principal.account_id
    found.version += 1
    _paused(session, found)


def pauses(session: Session, principal: Principal, child_id: str) -> list[dict[str, Any]]:
    """List a child's pauses, the newest first."""
    statement = select(Excuse).where(Excuse.subject_id == child_id, Excuse.first.is_not(None))
    found = session.scalars(statement.where(in_sight("excuse", principal)).order_by(Excuse.id.desc()))
    return [shown(each) for each in found]


def shown(pause: Excuse) -> dict[str, Any]:
    """Show a pause to whoever may enter one."""
    return {
        "id": pause.id,
        "child_id": pause.subject_id,
        "from": pause.first,
        "until": pause.last,
        "reason": reason_of(pause),
        "given_on": pause.given_on,
        "given_by": pause.given_by,
        "ended_on": pause.ended_on,
        "taken_back_on": pause.lifted_on,
    }


def reason_of(excuse: Excuse) -> str | None:
    """Open why somebody was excused."""
    return key_ring().open(excuse.reason, "excuse", "reason", excuse.id)


def forget_reasons(session: Session, subjects: Sequence[str]) -> None:
    """Take out why children were excused: their dossiers become anonymous."""
    session.execute(update(Excuse).where(Excuse.subject_id.in_(subjects)).values(reason=None))


def announce(session: Session) -> None:
    """Say all excuses on the bus once more."""
    _tell(session, session.scalars(select(Excuse).order_by(Excuse.id)).all())


def _task(session: Session, principal: Principal, task_id: str) -> Mapping[str, Any]:
    """Read a task in sight that nobody else files for until this transaction ends."""
    principal.must_be("bureau", "school")
    subject = session.scalar(select(Task.subject_id).where(Task.id == task_id, in_sight("task", principal)))
    if subject is None:
        raise MissingError
    tasks.keep_apart(session, [subject], evidence=True)
    found = session.execute(tasks.visible(principal, today()).where(Task.id == task_id)).mappings().one()
    return dict(found)


def _excuse(session: Session, task_id: str, excuse_id: str | None) -> None:
    session.flush()
    with everything(session):  # the child may be at another school by now
        tasks.change(session, Task.id == task_id, excuse_id=excuse_id)
        tasks.hand_over(session, Task.id == task_id)


def _pause(session: Session, principal: Principal, child_id: str, pause_id: str) -> Excuse:
    principal.must_be("bureau", "school")
    children.locked(session, principal, child_id)
    found = session.get(Excuse, pause_id, with_for_update=True, populate_existing=True)
    if found is None or found.subject_id != child_id or found.first is None:
        raise MissingError
    if found.lifted_on is not None:
        raise ConflictError("This pause was taken back.")
    return found


def _paused(session: Session, pause: Excuse) -> None:
    session.flush()
    tasks.keep_apart(session, [pause.subject_id], evidence=True)
    with everything(session):  # also what is owed elsewhere
        tasks.pause(session, pause.subject_id)
    _tell(session, [pause])


def _sealed(reason: str, excuse_id: str) -> bytes | None:
    return key_ring().seal(reason, "excuse", "reason", excuse_id)


def _tell(session: Session, excuses: Sequence[Excuse]) -> None:
    said = [
        messages.Excuse(
            id=each.id,
            version=each.version,
            subject_id=each.subject_id,
            programme=each.programme,
            period=each.period,
            first=each.first,
            last=each.last,
            lifted=each.lifted_on is not None,
        )
        for each in excuses
    ]
    publish(session, *(TaskExcused(excuses=batch) for batch in batches(said)))
