"""Statements about pairings."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from hongzhu.database import among
from hongzhu_registry.access.policy import Principal
from hongzhu_registry.access.sight import in_sight
from hongzhu_registry.pairings.models import Pairing
from hongzhu_registry.supporters.models import Supporter


def visible(principal: Principal) -> Select[Any]:
    """Select the pairings in sight."""
    return select(*Pairing.__table__.columns).where(in_sight("pairing", principal))


def helping_unvetted(session: Session, supporters: Collection[str]) -> list[str]:
    """Name those of some supporters who are not vetted and are paired with somebody all the same."""
    lasting = select(Pairing.supporter_id).where(Pairing.ended_on.is_(None))
    unvetted = select(Supporter.id).where(Supporter.vetted.is_(False), Supporter.id.in_(lasting))
    return list(session.scalars(unvetted.where(among(session, Supporter.id, supporters))))


def was_declined(session: Session, kind: str, supporter_id: str, child_id: str | None, school_id: str | None) -> bool:
    """Whether a match of a supporter with a child or a school was taken back."""
    pair = Pairing.kind == kind, Pairing.supporter_id == supporter_id
    subject = Pairing.child_id == child_id if child_id is not None else Pairing.school_id == school_id
    return bool(
        session.scalar(select(select(Pairing).where(*pair, subject, Pairing.withdrawn_on.is_not(None)).exists()))
    )
