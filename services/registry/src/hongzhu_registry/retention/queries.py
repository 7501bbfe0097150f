"""Statements about how long dossiers are kept."""

from datetime import date

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from hongzhu.clock import today
from hongzhu.settings import settings
from hongzhu_registry.children.models import Child
from hongzhu_registry.consents.models import Consent
from hongzhu_registry.retention.rules import WITHDRAWN, retention_ends


def end_for(session: Session, child_id: str, *, basis: str, watched_until: date | None) -> date | None:
    """Return until when a dossier is kept in clear, standing as it is said."""
    newest = select(func.max(Consent.withdrawal_recorded_on)).where(Consent.child_id == child_id)
    withdrawn_on = session.scalar(newest) if basis == WITHDRAWN else None
    return retention_ends(
        watched_until=watched_until,
        withdrawn_on=withdrawn_on,
        retention_days=settings().retention_days,
        recorded_on=today(),
    )


def is_over(day: date) -> ColumnElement[bool]:
    """Say whether a dossier's time is over and it is in clear still; of a child that is here somebody has to say that it left."""
    return and_(Child.retention_ends.is_not(None), Child.retention_ends < day, Child.anonymised_at.is_(None))


def over(session: Session, day: date, most: int) -> list[str]:
    """Name some of the children that left and whose dossiers are no longer kept in clear on `day`."""
    statement = select(Child.id).where(is_over(day), Child.left_on.is_not(None))
    return list(session.scalars(statement.order_by(Child.id).limit(most).with_for_update(skip_locked=True)))
