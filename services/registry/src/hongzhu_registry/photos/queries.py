"""Statements about photos."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, delete, or_, select
from sqlalchemy.orm import Session

from hongzhu_registry.access.policy import Principal
from hongzhu_registry.access.sight import in_sight
from hongzhu_registry.activities.models import Attendance
from hongzhu_registry.evidence.models import Evidence
from hongzhu_registry.photos.models import Photo


def seen(principal: Principal, *columns: Any) -> Select[Any]:
    """Select the photos in sight; whoever added one sees it."""
    own = [each for each in (principal.account_id, principal.supporter_id) if each]
    return select(*columns).where(or_(in_sight("photo", principal), Photo.filed_by.in_(own)))


def of_child(session: Session, principal: Principal, child_id: str) -> dict[str, str]:
    """Return which photos go with what happened to a child, by the event's id on its timeline."""
    if not principal.sees("photo"):
        return {}
    theirs = Photo.id.in_(select(Evidence.id).where(Evidence.subject_id == child_id))
    photos = session.scalars(seen(principal, Photo.id).where(theirs)).all()
    came = select(Attendance.id, Attendance.activity_id).where(Attendance.child_id == child_id)
    held = session.execute(came.where(Attendance.activity_id.in_(photos)))
    return {each: each for each in photos} | {row.id: row.activity_id for row in held}


def forget(session: Session, child_ids: Sequence[str]) -> None:
    """Take out every photo on which one of the children may be: their dossiers become anonymous."""
    mine = select(Evidence.id).where(Evidence.subject_id.in_(child_ids))
    session.execute(delete(Photo).where(Photo.id.in_(mine)).execution_options(synchronize_session=False))
