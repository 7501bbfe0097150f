"""Activities: what was held is evidence for its school; what is only planned is not."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from hongzhu_registry.access.policy import Principal
from hongzhu_registry.activities.models import Activity, Attendance
from hongzhu_registry.database import everything
from hongzhu_registry.evidence.service import Shown, file_for, must_be_theirs


def shows(session: Session, activity: Activity) -> Shown:
    """Say what it is evidence of once it was held: for its school, and for every child that came."""
    if activity.planned:
        return {}
    with everything(session):  # a child may be out of sight by now
        came = session.scalars(
            select(Attendance.child_id).where(Attendance.activity_id == activity.id, Attendance.attended)
        )
        held = (activity.kind, activity.held_on)
        return dict.fromkeys(came, held) | ({} if activity.school_id is None else {activity.school_id: held})


def file_held(session: Session, principal: Principal, activity: Activity) -> None:
    """File that the activity was held at its school."""
    if activity.planned:
        return
    if activity.school_id is None:
        # For the agency, the city and the facility it is filed by the next tick (`offices`): so who may is asked here.
        must_be_theirs(session, principal, activity.kind, "row")
    else:
        file_for(session, activity.kind, [(activity.id, activity.school_id, activity.held_on)], by=principal)
