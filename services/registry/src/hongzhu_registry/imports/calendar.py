"""Taking in the calendar: all that is handed in of it at once is one."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from hongzhu.calendar import SchoolCalendar
from hongzhu.errors import InvalidError
from hongzhu_registry.calendar import service
from hongzhu_registry.imports.places import Schools
from hongzhu_registry.imports.result import Result
from hongzhu_registry.workbooks import CalendarEntry, School

_PARTS = {"term": "terms", "holiday": "holidays", "makeup": "make_ups", "exception": "exceptions"}


def store(session: Session, rows: Sequence[CalendarEntry | School], result: Result) -> None:
    """Announce the calendar of a hand-in, if it is another than the one there is; what it has no entry of stays as it was.

    `rows` also has the schools that are handed in with it: they are stored after it, for they enter with its term.
    """
    schools = Schools(session, [row for row in rows if isinstance(row, School)])
    parts: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        if isinstance(row, School):
            continue
        span: dict[str, Any] = {"name": row.name, "first": row.starts_on, "last": row.ends_on}
        if row.kind == "exception":
            school = schools.of(row, result)
            if school is None:
                continue
            span["school_id"] = school.id
        parts[_PARTS[row.kind]].append(span)
    if not parts:
        return
    before = service.current(session) or SchoolCalendar()
    try:
        announced = service.announce(session, SchoolCalendar.model_validate(before.model_dump() | parts))
    except InvalidError:  # it is one thing: none of its rows can be taken without the others
        for row in rows:
            if not isinstance(row, School):
                result.reject(row.source, "starts_on", "calendar_unsound")
        return
    (result.accepted if announced else result.unchanged)["calendar"] += sum(map(len, parts.values()))
