"""Statements about pairings."""

from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from hongzhu_registry.access.policy import Principal
from hongzhu_registry.access.sight import in_sight
from hongzhu_registry.pairings.models import Pairing


def visible(principal: Principal) -> Select[Any]:
    """Select the pairings in sight."""
    return select(*Pairing.__table__.columns).where(in_sight("pairing", principal))


def was_declined(session: Session, kind: str, supporter_id: str, child_id: str | None, school_id: str | None) -> bool:
    """Whether a match of a supporter with a child or a school was taken back."""
    pair = Pairing.kind == kind, Pairing.supporter_id == supporter_id
    subject = Pairing.child_id == child_id if child_id is not None else Pairing.school_id == school_id
    return bool(
        session.scalar(select(select(Pairing).where(*pair, subject, Pairing.withdrawn_on.is_not(None)).exists()))
    )
