"""Enrolments: a place is evidence."""

from sqlalchemy.orm import Session

from hongzhu.clock import today
from hongzhu_registry.access.policy import Principal
from hongzhu_registry.enrolments.models import Enrolment
from hongzhu_registry.events.service import say_enrolments
from hongzhu_registry.evidence.service import Shown, file_for


def settled(_enrolment: Enrolment) -> tuple[str, ...]:
    """Name what the event of the enrolment stands on."""
    return ("starts_on",)


def shows(_session: Session, enrolment: Enrolment) -> Shown:
    """Say what it is evidence of: that the child has its place."""
    return {enrolment.child_id: (enrolment.kind, enrolment.starts_on or today())}


def file_place(session: Session, principal: Principal, enrolment: Enrolment) -> None:
    """Say that the child was enrolled, and file that it has its place."""
    say_enrolments(session, [enrolment.id])
    done = (enrolment.id, enrolment.child_id, enrolment.starts_on or today())
    file_for(session, enrolment.kind, [done], by=principal)
