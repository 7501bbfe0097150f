"""Markers: how far each part of a programme is planned, and the lock that whoever changes what planning reads must hold."""

from typing import Any

from sqlalchemy import ColumnElement, Row, select
from sqlalchemy.orm import Session

from hongzhu_scheduler.models import marker, programme


def lock_markers(session: Session, chosen: ColumnElement[bool]) -> list[Row[Any]]:
    """Lock the markers of programmes, always in one order; a planner that is at one of them is waited for.

    Whoever changes what planning reads (facts, evidence, rules) holds these while it does: else the change could fall
    between a planner's reading and its commit, and be seen by neither.
    """
    statement = (
        select(marker, programme)
        .join(programme, programme.c.code == marker.c.programme)
        .where(chosen)
        .order_by(marker.c.programme, marker.c.shard)
        .with_for_update(of=marker)
    )
    # Sorted again: a row that was waited for may have been planned further meanwhile.
    return sorted(session.execute(statement), key=lambda part: (part.programme, part.planned_through, part.shard))
