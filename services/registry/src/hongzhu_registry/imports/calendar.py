"""Taking in the calendar: what a workbook says is the whole of it."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from hongzhu.calendar import SchoolCalendar
from hongzhu_registry.calendar import service
from hongzhu_registry.imports.places import Schools
from hongzhu_registry.imports.result import Result
from hongzhu_registry.workbooks import CalendarEntry as Row

_PARTS = {"term": "terms", "holiday": "holidays", "makeup": "make_ups", "exception": "exceptions"}


def store(session: Session, rows: Sequence[Row], result: Result) -> None:
    """Announce the calendar of a sheet, if it is another than the one there is."""
    schools = Schools(session)
    parts: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        span: dict[str, Any] = {"name": row.name, "first": row.starts_on, "last": row.ends_on}
        if row.kind == "exception":
            # A code is taken as it stands: the list of schools is stored after the calendar.
            named = schools.find("", row.school_name)
            school_id = row.school_code or (named and named.id)
            if not school_id:
                result.reject_school(row.source, row.school_code, row.school_name)
                continue
            span["school_id"] = school_id
        parts[_PARTS[row.kind]].append(span)
    announced = service.announce(session, SchoolCalendar.model_validate(parts))
    (result.accepted if announced else result.unchanged)["calendar"] += sum(map(len, parts.values()))
