"""A period names one occurrence of a programme; together with programme and subject it is the task's identity.

A period depends on the trigger and the date only, never on the place of a week in a term or on tuning, so that editing the
calendar or the window renames nothing.  A school year is called by its first calendar year and begins in August.
"""

from datetime import date, timedelta
from uuid import UUID, uuid5

_TASKS = UUID("5f3b9c1e-6f0e-5d0a-9a55-7d3c3f1d2e01")
_AUGUST, _FEBRUARY, _JULY = 8, 2, 7


def monday(day: date) -> date:
    """Return the Monday of the week that `day` is in."""
    return day - timedelta(days=day.weekday())


def school_year(day: date) -> int:
    """Return the school year that `day` is in: 2020 from August 2020 to July 2021."""
    return day.year if day.month >= _AUGUST else day.year - 1


def week(day: date) -> str:
    """Name the week that `day` is in, by its Monday: ``week:2020-11-23``."""
    return f"week:{monday(day)}"


def month(day: date) -> str:
    """Name the month that `day` is in: ``month:2020-11``."""
    return f"month:{day:%Y-%m}"


def term(first: date) -> str:
    """Name the term that begins on `first`: ``term:2020-1`` for the autumn of 2020, ``term:2020-2`` for the spring after it."""
    return f"term:{school_year(first)}-{1 if first.month >= _AUGUST else 2}"


def year(number: int) -> str:
    """Name a school year: ``year:2020``."""
    return f"year:{number}"


def turn(of: str, number: int) -> str:
    """Name a turn of a rota in a school year or term: ``turn:2020/3``, ``turn:2020-1/2``.

    The number is how many-th of the promised turns it is, which no edit of the calendar changes.
    """
    return f"turn:{of.partition(':')[2]}/{number}"


def holiday(after: str) -> str:
    """Name the long holiday after a term: ``holiday:2021-summer`` comes after ``term:2020-2``."""
    number, _, half = after.partition(":")[2].partition("-")
    return f"holiday:{int(number) + 1}-{'winter' if half == '1' else 'summer'}"


def since(day: date) -> str:
    """Name one episode of a standing condition, by the day it began: ``since:2020-11-23``."""
    return f"since:{day}"


def event(event_id: str) -> str:
    """Name what an event brought about, by the event's id."""
    return f"event:{event_id}"


def start_of(period: str) -> date:
    """Return the day that a period is filed under: a matter of its name only, for it is part of the task's key.

    For a term, a school year or a long holiday that is a nominal day near its beginning.  The day of an event is the event's own.
    """
    kind, _, name = period.partition(":")
    match kind:
        case "week" | "since":
            return date.fromisoformat(name)
        case "month":
            return date.fromisoformat(f"{name}-01")
        case "term" | "year" | "turn":
            number, _, half = name.partition("/")[0].partition("-")
            return date(int(number) + 1, _FEBRUARY, 1) if half == "2" else date(int(number), _AUGUST, 1)
        case "holiday":
            number, _, season = name.partition("-")
            return date(int(number), _JULY if season == "summer" else 1, 1)
    raise ValueError(f"the period {period!r} says no day")


def task_id(programme: str, subject_id: str, period: str) -> str:
    """Return the id of the one task of `programme` for `subject_id` in `period`: UUIDv5 of the three (RFC 9562 5.5)."""
    return str(uuid5(_TASKS, f"{programme}\n{subject_id}\n{period}"))
