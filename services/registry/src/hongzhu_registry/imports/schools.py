"""Taking in the list of schools."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hongzhu.clock import today
from hongzhu_registry.calendar.service import term_start
from hongzhu_registry.imports.keeping import Distinct
from hongzhu_registry.imports.result import Result
from hongzhu_registry.schools import service
from hongzhu_registry.schools.models import School
from hongzhu_registry.workbooks import School as Row

_STAGES = {"primary": "primary", "junior": "middle", "middle": "middle", "senior": "middle", "secondary": "middle"}
_CALLED = {"area": "urban"}
"""What the table calls otherwise than the sheet."""


def store(session: Session, rows: Sequence[Row], result: Result) -> None:
    """Keep the schools of a sheet and say which changed; what it has no column for stays as it is known."""
    known = {school.id: school for school in session.scalars(select(School))}
    entered_on = term_start(session, today())
    listed = Distinct(result, by_fact=True)
    for row in rows:
        listed.add(row.source, {"identity": row.code, **_facts(row)})
    touched = []
    for facts in listed:
        code = facts["identity"]
        told = {name: value for name, value in facts.items() if name != "identity"}
        school = known.get(code)
        if school is None:
            session.add(School(id=code, version=1, entered_on=entered_on, **told))
            result.accepted["schools"] += 1
        elif any(getattr(school, name) != value for name, value in told.items()):
            for name, value in told.items():
                setattr(school, name, value)
            school.version += 1
            result.changed["schools"] += 1
        else:
            result.unchanged["schools"] += 1
            continue
        touched.append(code)
    service.announce(session, touched)


def _facts(row: Row) -> dict[str, Any]:
    facts = {
        "name": row.name,
        "town": row.town or None,
        "stage": _STAGES.get(row.stage),
        "area": row.area == "town",
        "boarding": row.boarding,
        "after_school": row.after_school,
        "has_home": row.has_home,
        "has_call_room": row.has_call_room,
        "has_counselling_station": row.has_counselling_station,
    }
    return {_CALLED.get(field, field): value for field, value in facts.items() if field in row.columns}
