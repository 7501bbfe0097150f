"""Taking in places in the after-school service; a place is evidence."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from hongzhu_registry.enrolments.models import Enrolment
from hongzhu_registry.events.service import say_enrolments
from hongzhu_registry.evidence.service import file_for
from hongzhu_registry.imports.keeping import Distinct, identity, keep
from hongzhu_registry.imports.places import about_children
from hongzhu_registry.imports.result import Result
from hongzhu_registry.workbooks import Enrolment as Row

AFTER_SCHOOL = "after_school"


def store(session: Session, rows: Sequence[Row], result: Result) -> None:
    """Keep the enrolments of a sheet."""
    found = Distinct(result)
    for row, child_id, school_id in about_children(session, rows, result):
        found.add(
            row.source,
            {
                "identity": identity(Enrolment, child_id, AFTER_SCHOOL, row.starts_on),
                "child_id": child_id,
                "school_id": school_id,
                "kind": AFTER_SCHOOL,
                "starts_on": row.starts_on,
                "free": row.free,
                "note": row.note or None,
            },
        )
    stored = result.stored
    ids, _, written = keep(session, Enrolment, found, result, "enrolments")
    if result.stored > stored:  # else it has been said
        say_enrolments(session, ids.values())
    file_for(
        session,
        AFTER_SCHOOL,
        # What was corrected since, and is handed in the same again, stays as it was corrected.
        [
            (ids[each["identity"]], each["child_id"], each["starts_on"])
            for each in found
            if ids[each["identity"]] in written
        ],
    )
