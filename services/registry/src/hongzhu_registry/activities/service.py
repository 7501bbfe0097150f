"""Activities: what was held is evidence for its school; what is only planned is not."""

from sqlalchemy.orm import Session

from hongzhu_registry.access.policy import Principal
from hongzhu_registry.activities.models import Activity
from hongzhu_registry.evidence.service import file_for


def settled(activity: Activity) -> tuple[str, ...]:
    """Name what evidence stands on: nothing while the activity is only planned, and no school where none was known."""
    if activity.planned:
        return ()
    held = ("kind", "held_on", "planned")
    return held if activity.school_id is None else (*held, "school_id")


def file_held(session: Session, principal: Principal, activity: Activity) -> None:
    """File that the activity was held at its school."""
    if activity.school_id is not None and not activity.planned:
        file_for(session, activity.kind, [(activity.id, activity.school_id, activity.held_on)], by=principal)
