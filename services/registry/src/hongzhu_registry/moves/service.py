"""A child goes to another school, leaves, and comes back."""

from datetime import date
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from hongzhu.clock import today
from hongzhu.errors import ConflictError, InvalidError
from hongzhu.settings import settings
from hongzhu_registry.access.policy import Principal
from hongzhu_registry.children import service as children
from hongzhu_registry.children.models import Child, RosterEntry
from hongzhu_registry.copies import service as copies
from hongzhu_registry.database import everything
from hongzhu_registry.days import not_to_come
from hongzhu_registry.pairings import service as pairings
from hongzhu_registry.retention import queries as retention
from hongzhu_registry.retention.rules import watch_until
from hongzhu_registry.schools.models import School
from hongzhu_registry.tallies.queries import touch_children
from hongzhu_registry.tasks import queries as tasks
from hongzhu_registry.tasks.models import Task


def transfer(
    session: Session,
    principal: Principal,
    child_id: str,
    *,
    school_id: str,
    on: date | None,
    grade: int | None,
    class_name: str | None,
) -> None:
    """Give a child to another school, which from then on is the only one that sees it (bureau, or the giving school).

    Rosters that have it elsewhere are settled thereby, also when the bureau says that it stays where it is.
    """
    principal.must_be("bureau", "school")
    child = children.locked(session, principal, child_id)
    tasks.keep_apart(
        session, [child_id], evidence=True
    )  # what is taken back meanwhile is open at one school or the other
    day = _within(child, on)
    stays = child["school_id"] == school_id
    if session.get(School, school_id) is None:
        raise InvalidError("There is no school {school} here.", school=school_id, field="school_id")
    with everything(session):  # a school gives the child out of its own sight
        settled = _settle_rosters(session, child_id, school_id, moved=not stays)
        if stays and settled and principal.is_bureau:
            return
        if child["left_on"] is not None:
            raise ConflictError("The child has left; let it come back first.")
        if stays:
            raise ConflictError("The child is at this school already.")
        # Who helps in the old school's name cannot go along, and the new one is owed a helper of its own.
        pairings.end_for_children(session, [child_id], day, of_school=child["school_id"])
        copies.call_back(session, child_id)  # whom the old school gave one is not the new one's to know
        values: dict[str, Any] = {"school_id": school_id, "class_name": class_name}
        if grade is not None:
            values["grade"] = grade
        children.amend(session, principal, child, values, source="transfer", effective_on=day)
        tasks.hand_over(session, Task.subject_id == child_id)


def leave(
    session: Session, principal: Principal, child_id: str, *, on: date | None, reason: str, note: str | None
) -> None:
    """Record that a child left: nothing more is owed to it, and its dossier is followed for a while, then kept, then anonymous."""
    principal.must_be("bureau", "school")
    child = children.locked(session, principal, child_id)
    day = _within(child, on)
    if child["left_on"] is not None:
        raise ConflictError("The child has left already.")
    watched = watch_until(day, settings().watch_days, recorded_on=today())
    ends = retention.end_for(session, child_id, basis=child["basis"], watched_until=watched)
    with everything(session):  # an agency's love parent is free again, too
        pairings.end_for_children(session, [child_id], day)
        # That it was at this school, and at no other, was true until today: who has it on a roster next is news.
        session.execute(
            delete(RosterEntry).where(RosterEntry.child_id == child_id, RosterEntry.settled_on.is_not(None))
        )
    values = {"left_on": day, "left_reason": reason, "watch_until": watched, "retention_ends": ends}
    if note is not None:
        values["note"] = note
    children.amend(session, principal, child, values, source="leave", effective_on=day)


def come_back(session: Session, principal: Principal, child_id: str, *, on: date | None) -> None:
    """Record that a child came back: what is owed to it begins anew with that day."""
    principal.must_be("bureau", "school")
    child = children.locked(session, principal, child_id)
    if child["left_on"] is None:
        raise ConflictError("The child has not left.")
    day = _within(child, on, after=child["left_on"])
    ends = retention.end_for(session, child_id, basis=child["basis"], watched_until=None)
    values = dict.fromkeys(("left_on", "left_reason", "watch_until")) | {"entered_on": day, "retention_ends": ends}
    with everything(session):
        _await_roster(session, child_id, child["school_id"])
    children.amend(session, principal, child, values, source="return", effective_on=day)


def _within(child: Any, on: date | None, *, after: date | None = None) -> date:
    day = on or today()
    not_to_come(on=day)
    if day < (after or child["entered_on"]):
        raise InvalidError("On that day the child was not in this state yet; look at the timeline.", field="on")
    return day


def _settle_rosters(session: Session, child_id: str, school_id: str, *, moved: bool) -> bool:
    """Settle that rosters of other schools do not count; return whether one did."""
    elsewhere = RosterEntry.child_id == child_id, RosterEntry.school_id != school_id, RosterEntry.settled_on.is_(None)
    counted = session.scalars(select(RosterEntry.school_id).where(*elsewhere)).all()
    session.execute(update(RosterEntry).where(*elsewhere).values(settled_on=today()))
    session.execute(
        update(RosterEntry)
        .where(RosterEntry.child_id == child_id, RosterEntry.school_id == school_id)
        .values(settled_on=None)
    )
    touch_children(session, Child.id == child_id)
    if moved:
        _await_roster(session, child_id, school_id)
    return bool(counted)


def _await_roster(session: Session, child_id: str, school_id: str) -> None:
    """Let whatever a school's roster says next of a child be news: its dossier says what others said."""
    session.execute(
        update(RosterEntry).where(RosterEntry.child_id == child_id, RosterEntry.school_id == school_id).values(said={})
    )
