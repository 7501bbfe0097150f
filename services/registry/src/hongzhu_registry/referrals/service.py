"""Referrals: offered by a school, answered and carried out by the agency; each step is evidence or an event, and timers are tasks."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from sqlalchemy import select
from sqlalchemy.orm import Session

from hongzhu.clock import today
from hongzhu.errors import ConflictError, InvalidError, MissingError
from hongzhu_registry.access.policy import Principal
from hongzhu_registry.access.sight import in_sight
from hongzhu_registry.children.queries import anonymous
from hongzhu_registry.days import not_to_come
from hongzhu_registry.events.queries import acceptance
from hongzhu_registry.events.service import say_referrals
from hongzhu_registry.evidence import service as evidence
from hongzhu_registry.excuses.service import excuse_task
from hongzhu_registry.referrals.models import Referral
from hongzhu_registry.referrals.steps import STEPS, State, StepName, possible, state_of
from hongzhu_registry.sealing import key_ring
from hongzhu_registry.tasks import queries as tasks
from hongzhu_registry.tasks.models import Task

COUNSELLING = "counselling"
ANSWERED = "referral_answered"
_STEPS = ("accepted_on", "counselled_on")
"""What is done for a child, in this order, and may be told without taking the step."""


def settled(referral: Referral) -> tuple[str, ...]:
    """Name what the events of the referral stand on."""
    return tuple(each for each in ("referred_on", "accepted_on") if getattr(referral, each) is not None)


def shows(_session: Session, referral: Referral) -> evidence.Shown:
    """Say what it is evidence of: that the child was counselled, once it was."""
    return {} if referral.counselled_on is None else {referral.child_id: (COUNSELLING, referral.counselled_on)}


def may_say(principal: Principal, before: Referral | None, after: Any) -> None:
    """See that a school does not answer for the agency, that a correction takes no step and takes none back, that no step follows
    the end, and that none is earlier than the one before.

    Raises `InvalidError`, and `ConflictError` where there was an end.
    """
    changed = [each for each in _STEPS if getattr(after, each) != getattr(before, each, None)]
    if not changed:
        return
    if principal.role == "school":
        raise InvalidError("Only the agency that the child went to can say that.", field=changed[0])
    if before is not None and not possible(state_of(before)):
        raise _impossible(state_of(before))
    if before is not None:
        _only_days(before, after, changed)
    last = after.referred_on
    for field in _STEPS:
        day = getattr(after, field) or last
        if day < last:
            raise InvalidError("A step is taken no earlier than the one before it.", field=field)
        last = day


def _only_days(before: Referral, after: Any, changed: Iterable[str]) -> None:
    """See that only days of steps that were taken are corrected; where a step may follow, its own call knows."""
    for field in changed:
        step = next(name for name, each in STEPS.items() if each.day == field)
        if getattr(before, field) is None:
            call = f"POST /referrals/{before.id}/{step}"
            raise InvalidError("A correction takes no step; take it by {call}.", call=call, field=field)
        if getattr(after, field) is None:
            call = f"POST /referrals/{before.id}/withdraw"
            raise InvalidError(
                "A correction takes no step back; take the referral back by {call}.", call=call, field=field
            )


def file_steps(session: Session, principal: Principal, referral: Referral) -> None:
    """Say that the child was referred, and file what the steps taken so far are evidence of."""
    say_referrals(session, [referral.id])
    file_answers(session, [(referral.id, referral.child_id, referral.accepted_on)])
    if referral.counselled_on is not None:
        done = (referral.id, referral.child_id, referral.counselled_on)
        evidence.file_for(session, COUNSELLING, [done], by=principal)


def file_answers(session: Session, answers: list[tuple[str, str, date | None]]) -> None:
    """File that agencies answered, given as referral, child and day; without a day there was no answer yet."""
    # Evidence is known by row and subject; the row itself stands for the counselling.
    done = [(str(uuid5(NAMESPACE_OID, f"{row}/answer")), child_id, day) for row, child_id, day in answers if day]
    evidence.file_for(session, ANSWERED, done)


def take(
    session: Session, principal: Principal, referral_id: str, name: StepName, on: date | None, reason: str | None
) -> None:
    """Take a step; raises `ConflictError` when it cannot be taken from where the referral is."""
    step = STEPS[name]
    found = session.execute(select(Referral.id).where(Referral.id == referral_id, in_sight("referral", principal)))
    if found.first() is None:
        raise MissingError
    referral = session.get_one(Referral, referral_id, with_for_update=True, populate_existing=True)
    state = state_of(referral)
    if name == "withdraw" and state == "done":  # that it was done is an error of whoever filed it
        principal.must_be("bureau", "school", "agency")
    else:
        principal.must_be(*step.by)
    if state not in step.of:
        raise _impossible(state)
    day = on or today()
    not_to_come(on=day)
    if day < (referral.accepted_on or referral.referred_on):
        raise InvalidError("A step is taken no earlier than the one before it.", field="on")
    if step.wants_reason and not reason:
        raise InvalidError("Say why; it is kept sealed.", field="reason")
    setattr(referral, step.day, day)
    if reason and not anonymous(session, [referral.child_id]):
        referral.reason = key_ring().seal(reason, "referral", "reason", referral.id)
    referral.version += 1
    session.flush()
    if name == "withdraw":
        _withdraw(session, principal, referral, reason or "")
    elif name == "decline":
        file_answers(session, [(referral.id, referral.child_id, day)])
    else:
        file_steps(session, principal, referral)


def _impossible(state: State) -> ConflictError:
    steps = ", ".join(possible(state)) or "-"
    return ConflictError("This referral is {state}; possible now: {steps}.", state=state, steps=steps)


def reason_of(row: Mapping[str, Any]) -> str | None:
    """Open why a referral was declined or withdrawn."""
    return key_ring().open(row["reason"], "referral", "reason", row["id"])


def _withdraw(session: Session, principal: Principal, referral: Referral, reason: str) -> None:
    if referral.counselled_on is not None:
        evidence.withdraw(session, referral.id, by=principal, reason=reason)
    if principal.role == "agency":
        return  # it takes back what it did, not what it owes
    # What is owed because of it is owed no longer, and was not missed.
    periods = [f"event:{event}" for event in (referral.id, acceptance(referral.id))]
    tasks.keep_apart(session, [referral.child_id], evidence=True)
    owed = select(Task.id).where(
        Task.subject_id == referral.child_id,
        Task.period.in_(periods),
        Task.done_on.is_(None),
        Task.closed_state.is_(None),
        Task.excuse_id.is_(None),
        in_sight("task", principal),
    )
    for task_id in session.scalars(owed).all():
        excuse_task(session, principal, task_id, reason)
