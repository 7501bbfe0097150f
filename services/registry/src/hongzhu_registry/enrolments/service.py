"""Enrolments: a place is evidence."""

from sqlalchemy.orm import Session

from hongzhu.clock import today
from hongzhu_registry.access.policy import Principal
from hongzhu_registry.enrolments.models import Enrolment
from hongzhu_registry.events.service import say_enrolments
from hongzhu_registry.evidence.service import Shown, file_for, shown_by


def settled(_enrolment: Enrolment) -> tuple[str, ...]:
    """Name what the event of the enrolment stands on."""
    return ("starts_on",)


def shows(session: Session, enrolment: Enrolment) -> Shown:
    """Say what it is evidence of: that the child has its place, where no first day is known since the day on which that was filed."""
    filed = {subject: day for subject, (_, day) in shown_by(session, enrolment.id).items()}
    since = enrolment.starts_on or filed.get(enrolment.child_id, today())
    return {enrolment.child_id: (enrolment.kind, since)}


def file_place(session: Session, principal: Principal, enrolment: Enrolment) -> None:
    """Say that the child was enrolled, and file that it has its place."""
    say_enrolments(session, [enrolment.id])
    done = (enrolment.id, enrolment.child_id, enrolment.starts_on)
    file_for(session, enrolment.kind, [done], by=principal)
