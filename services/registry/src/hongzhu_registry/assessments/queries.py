"""Statements about assessments."""

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, exists
from sqlalchemy.orm import aliased

from hongzhu_registry.assessments.models import CONCERN_BELOW, Assessment


def is_concern(child_id: Any, by: date | None = None) -> ColumnElement[bool]:
    """Say of a child's id column whether any subject of its latest assessment, or of the latest by a day, is under the line."""
    mark, later = aliased(Assessment), aliased(Assessment)
    newer = exists().where(later.child_id == mark.child_id, later.tested_on > mark.tested_on)
    low = exists().where(mark.child_id == child_id, mark.mark < CONCERN_BELOW)
    if by is not None:
        newer, low = newer.where(later.tested_on <= by), low.where(mark.tested_on <= by)
    return low.where(~newer)
