"""Statements that hold evidence against the rows that it stands on.

What rows show is selected as ``id``, ``kind``, ``subject_id`` and ``done_on``.
"""

from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Select, Subquery, and_, exists, or_, select

from hongzhu_registry.evidence.models import Evidence

Shows = Select[Any] | CompoundSelect[Any]


def not_filed(shows: Shows) -> Select[Any]:
    """Select what rows show and is no evidence yet."""
    shown = shows.subquery()
    return select(shown).where(~exists().where(_of(shown))).order_by(shown.c.id, shown.c.subject_id)


def untrue(shows: Shows, whose: ColumnElement[bool]) -> Select[Any]:
    """Select the evidence of rows that show something else, and what that is; without a day it is nothing."""
    shown = shows.subquery()
    columns = Evidence.id, Evidence.subject_id, shown.c.kind, shown.c.done_on
    differs = or_(Evidence.done_on.is_distinct_from(shown.c.done_on), Evidence.kind != shown.c.kind)
    statement = select(*columns).outerjoin(shown, _of(shown)).where(differs, whose)
    return statement.order_by(Evidence.id, Evidence.subject_id)


def _of(shown: Subquery) -> ColumnElement[bool]:
    return and_(shown.c.id == Evidence.id, shown.c.subject_id == Evidence.subject_id)
