"""Statements about leading groups."""

from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal, select

from hongzhu.facts import CITY
from hongzhu_registry.leadership.models import Leader


def shown(which: ColumnElement[bool]) -> Select[Any]:
    """Select what members are evidence of: that their school, or the city, has a leading group since a day."""
    subject = func.coalesce(Leader.school_id, CITY).label("subject_id")
    columns: tuple[Any, ...] = (
        Leader.id,
        literal("leading_group").label("kind"),
        subject,
        Leader.formed_on.label("done_on"),
    )
    return select(*columns).where(Leader.formed_on.is_not(None), which)
