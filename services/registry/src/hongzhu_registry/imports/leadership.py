"""Taking in the leading groups; a group is evidence for its school, or for the city."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from hongzhu.database import among
from hongzhu.messages import batches
from hongzhu_registry.evidence.service import correct, file_shown
from hongzhu_registry.imports.keeping import AT_ONCE, Distinct, identity, keep
from hongzhu_registry.imports.places import Schools
from hongzhu_registry.imports.result import Result
from hongzhu_registry.leadership.models import Leader
from hongzhu_registry.leadership.queries import shown
from hongzhu_registry.workbooks import Leader as Row

ABOVE_SCHOOLS = ("city", "town")
"""The levels of groups whose members need come from no school."""


def store(session: Session, rows: Sequence[Row], result: Result) -> None:
    """Keep the members of a sheet."""
    schools = Schools(session)
    found = Distinct(result)
    for row in rows:
        school = schools.find(row.school_code, row.school_name)
        if school is None and (row.school_code or row.school_name) and row.level not in ABOVE_SCHOOLS:
            schools.reject(row, result)
            continue
        school_id = school.id if school else None
        found.add(
            row.source,
            {
                "identity": identity(Leader, row.level, school_id, row.duty, row.name),
                "level": row.level or None,
                "school_id": school_id,
                "duty": row.duty,
                "name": row.name,
                "responsibility": row.responsibility or None,
                "formed_on": row.formed_on,
            },
        )
    ids = keep(session, Leader, found, result, "leaders").ids
    for some in batches(sorted(ids.values()), AT_ONCE):
        these = shown(among(session, Leader.id, some))
        file_shown(session, these)
        correct(session, these, some)
