"""Taking in scores; who becomes, or no longer is, an academic concern is said on the bus."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from hongzhu_registry.assessments.models import Assessment
from hongzhu_registry.assessments.service import keep_concerns
from hongzhu_registry.imports.keeping import Distinct, identity, keep
from hongzhu_registry.imports.places import about_children
from hongzhu_registry.imports.result import Result
from hongzhu_registry.workbooks import Score as Row


def store(session: Session, rows: Sequence[Row], result: Result) -> None:
    """Keep the marks of a sheet."""
    found = Distinct(result)
    for row, child_id, school_id in about_children(session, rows, result):
        marks = (
            {
                "identity": identity(Assessment, child_id, row.tested_on, subject),
                "child_id": child_id,
                "school_id": school_id,
                "tested_on": row.tested_on,
                "term": row.term or None,
                "subject": subject,
                "mark": mark,
            }
            for subject, mark in row.marks.items()
        )
        found.add(row.source, *marks)
    stored = result.stored
    keep(session, Assessment, found, result, "scores")
    if result.stored > stored:  # else there is nothing to say anew
        keep_concerns(session, {each["child_id"] for each in found})
