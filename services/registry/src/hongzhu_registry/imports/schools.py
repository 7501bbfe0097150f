"""Taking in the list of schools."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from hongzhu.clock import today
from hongzhu_registry.calendar.service import term_start
from hongzhu_registry.imports.hashing import content_hash, values_of
from hongzhu_registry.imports.result import Result
from hongzhu_registry.schools import service
from hongzhu_registry.schools.models import School
from hongzhu_registry.workbooks import School as Row

_STAGES = {"primary": "primary", "junior": "middle", "middle": "middle", "senior": "middle", "secondary": "middle"}


def store(session: Session, rows: Sequence[Row], result: Result) -> None:
    """Keep the schools of a sheet and say which changed."""
    known = {school.id: school for school in session.scalars(select(School))}
    entered_on = term_start(session, today())
    touched = []
    for row in rows:
        digest = content_hash(values_of(row))
        school = known.get(row.code)
        if school is not None and school.content_hash == digest:
            result.unchanged["schools"] += 1
            continue
        (result.accepted if school is None else result.changed)["schools"] += 1
        if school is None:
            school = School(id=row.code, version=1, entered_on=entered_on)
            session.add(school)
        else:
            school.version += 1
        school.content_hash = digest
        school.name, school.town = row.name, row.town or None
        school.stage = _STAGES.get(row.stage)
        school.urban = row.area == "town"
        school.boarding, school.after_school = row.boarding, row.after_school
        school.has_home, school.has_call_room = row.has_home, row.has_call_room
        school.has_counselling_station = row.has_counselling_station
        touched.append(row.code)
    service.announce(session, touched)
