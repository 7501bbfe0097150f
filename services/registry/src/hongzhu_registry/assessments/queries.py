"""Statements about assessments."""

from typing import Any

from sqlalchemy import ColumnElement, exists
from sqlalchemy.orm import aliased

from hongzhu_registry.assessments.models import CONCERN_BELOW, Assessment


def is_concern(child_id: Any) -> ColumnElement[bool]:
    """Say of a child's id column whether any subject of its latest assessment is under the line."""
    mark, later = aliased(Assessment), aliased(Assessment)
    newer = exists().where(later.child_id == mark.child_id, later.tested_on > mark.tested_on)
    return exists().where(mark.child_id == child_id, mark.mark < CONCERN_BELOW, ~newer)
