"""Taking in the leading groups; a school's group is evidence for the school."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from hongzhu_registry.evidence.service import file_for
from hongzhu_registry.imports.keeping import Distinct, identity, keep
from hongzhu_registry.imports.places import Schools
from hongzhu_registry.imports.result import Result
from hongzhu_registry.leadership.models import Leader
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
    ids, _ = keep(session, Leader, found, result, "leaders")
    formed = [each for each in found if each["school_id"] and each["formed_on"]]
    file_for(
        session,
        "leading_group",
        [
            (ids[str(each["identity"])], str(each["school_id"]), each["formed_on"])
            for each in formed
            if each["formed_on"]
        ],
    )
