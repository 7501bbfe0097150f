"""Statements about how long dossiers are kept."""

from datetime import date

from sqlalchemy import func, select
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


def over(session: Session, day: date, most: int) -> list[str]:
    """Name some of the children that left and whose dossiers are no longer kept in clear on `day`."""
    statement = select(Child.id).where(
        Child.retention_ends < day, Child.left_on.is_not(None), Child.anonymised_at.is_(None)
    )
    return list(session.scalars(statement.order_by(Child.id).limit(most).with_for_update(skip_locked=True)))
