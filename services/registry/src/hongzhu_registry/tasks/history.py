"""A task's history: each act that changed how it stands, with its day and its cause, out of the rows that the acts left."""

from datetime import timedelta
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from hongzhu.calendar import NOT_ANNOUNCED
from hongzhu.clock import today
from hongzhu.errors import MissingError
from hongzhu_registry.access.policy import Principal
from hongzhu_registry.database import everything
from hongzhu_registry.evidence.models import Evidence, EvidenceChange
from hongzhu_registry.excuses.models import Excuse
from hongzhu_registry.sealing import key_ring
from hongzhu_registry.tasks import queries
from hongzhu_registry.tasks.models import Task, TaskAct

_FREES = {"done", "late", "excused", "cancelled"}
_OPENS = {"withdrawn", "taken_back", "ended", "reopened"}


def shown(session: Session, principal: Principal, task_id: str) -> dict[str, Any]:
    """Show one task in sight with its history; raises `MissingError`."""
    found = session.execute(queries.visible(principal, today()).where(Task.id == task_id)).mappings().first()
    if found is None:
        raise MissingError
    return dict(found) | {"history": history(session, principal, task_id)}


def history(session: Session, principal: Principal, task_id: str) -> list[dict[str, Any]]:
    """List what changed how a task stands, the first first: ``{on, act, because, by, reason}``.

    Days are those on which something was entered.  Why is told to the bureau and the school alone.
    """
    with everything(session):  # what resolves it may be filed elsewhere
        task = session.scalars(select(Task).where(Task.id == task_id)).one()
        opened = principal.is_bureau or principal.role == "school"
        told = [_act(task.issued_on, "issued", f"{task.programme} v{task.version}")]
        told += _of_evidence(session, task, opened=opened) + _of_excuses(session, task, opened=opened)
        acts = select(TaskAct).where(TaskAct.task_id == task_id).order_by(TaskAct.changes)
        told += [_act(each.on, each.act, each.because) for each in session.scalars(acts)]
    return _in_order(told, task)


def _act(on: Any, act: str, because: str | None, by: str | None = None, reason: str | None = None) -> dict[str, Any]:
    return {"on": on, "act": act, "because": because, "by": by, "reason": reason}


def _of_evidence(session: Session, task: Task, *, opened: bool) -> list[dict[str, Any]]:
    told = []
    if task.evidence_id is not None and task.done_on is not None:
        row = session.get_one(Evidence, (task.evidence_id, task.subject_id), populate_existing=True)
        told.append(_act(row.filed_on, _as_done(task, task.done_on), row.id))
    until = task.grace_until or NOT_ANNOUNCED
    of_window = or_(
        EvidenceChange.was_on.between(task.opens_on, until), EvidenceChange.now_on.between(task.opens_on, until)
    )
    theirs = and_(EvidenceChange.subject_id == task.subject_id, EvidenceChange.kind == task.evidence_kind)
    for each in session.scalars(select(EvidenceChange).where(theirs, of_window).order_by(EvidenceChange.id)):
        if task.opens_on <= each.was_on <= until:
            told.append(_act(each.was_filed_on, _as_done(task, each.was_on), each.evidence_id))
        reason = key_ring().open(each.reason, "evidence_change", "reason", each.id) if opened else None
        act = "withdrawn" if each.now_on is None else "corrected"
        told.append(_act(each.changed_on, act, each.evidence_id, each.account_id, reason))
    return told


def _as_done(task: Task, day: Any) -> str:
    return "done" if day <= task.due_on else "late"


def _of_excuses(session: Session, task: Task, *, opened: bool) -> list[dict[str, Any]]:
    in_days = and_(Excuse.first <= task.due_on, Excuse.subject_id == task.subject_id)
    told = []
    for each in session.scalars(select(Excuse).where(or_(Excuse.task_id == task.id, in_days)).order_by(Excuse.id)):
        by_name = each.first is None
        last = each.last or NOT_ANNOUNCED
        if not by_name and each.ended_on is None and last < task.due_on:
            continue  # a pause that was over before, and always was
        reason = key_ring().open(each.reason, "excuse", "reason", each.id) if opened else None
        told.append(_act(each.given_on, "excused", each.id, each.given_by, reason))
        if each.lifted_on is not None:
            told.append(_act(each.lifted_on, "taken_back", each.id, each.lifted_by))
        elif not by_name and each.ended_on is not None and last < task.due_on:
            told.append(_act(each.ended_on, "ended", each.id, each.ended_by))
    return told


def _in_order(told: list[dict[str, Any]], task: Task) -> list[dict[str, Any]]:
    """Put acts in the order of their days, and say between them when it was missed and that it is open again."""
    in_order: list[dict[str, Any]] = []
    missed_on = task.grace_until + timedelta(days=1) if task.grace_until and task.grace_until < today() else None
    free, missed, cancelled = False, False, False
    for each in sorted(told, key=lambda act: act["on"]):  # a stable sort: of one day's, the earlier told came first
        if missed_on and not missed and not free and missed_on <= each["on"] and each["act"] != "issued":
            in_order.append(_act(missed_on, "missed", None))
            missed = True
        if each["act"] == "reopened" and not cancelled:
            continue  # what opened it again is told already
        cancelled = each["act"] == "cancelled" or (cancelled and each["act"] != "reopened")
        free = each["act"] in _FREES or (free and each["act"] not in _OPENS)
        in_order.append(each)
    if missed_on and not missed and not free:
        in_order.append(_act(max(missed_on, task.issued_on), "missed", None))
    return in_order
