"""Statements about pairings."""

from typing import Any

from sqlalchemy import Select, select

from hongzhu_registry.access.policy import Principal
from hongzhu_registry.access.sight import in_sight
from hongzhu_registry.pairings.models import Pairing


def visible(principal: Principal) -> Select[Any]:
    """Select the pairings in sight."""
    return select(*Pairing.__table__.columns).where(in_sight("pairing", principal))
