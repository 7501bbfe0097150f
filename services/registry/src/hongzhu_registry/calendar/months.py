"""A calendar as a wall shows it: months of weeks of days, each day with what it is."""

from calendar import SATURDAY, Calendar
from datetime import date, timedelta
from typing import NamedTuple

from hongzhu.calendar import SchoolCalendar, is_public_holiday
from hongzhu.period import school_year

FIRST_MONTH = 8
"""A school year begins in August."""


class Day(NamedTuple):
    """One day: what it is, what it is called, and the schools that do otherwise."""

    on: date
    kind: str
    """``school``, ``off`` (a week-end), ``holiday``, ``make_up``, ``vacation`` or ``unannounced``."""
    name: str
    exceptions: tuple[str, ...]


class Month(NamedTuple):
    """One month: its weeks from Monday to Sunday, with nothing where another month begins or ends."""

    first: date
    weeks: list[list[Day | None]]
    school_days: int


def bounds(year: int) -> tuple[date, date]:
    """Return the first and the last day of a school year."""
    return date(year, FIRST_MONTH, 1), date(year + 1, FIRST_MONTH, 1) - timedelta(days=1)


def months_of(calendar: SchoolCalendar, year: int) -> list[Month]:
    """Lay out the months of a school year."""
    return [
        _month(calendar, year + (month > 12), (month - 1) % 12 + 1) for month in range(FIRST_MONTH, FIRST_MONTH + 12)
    ]


def years_of(calendar: SchoolCalendar, day: date) -> list[int]:
    """List the school years that there is something of, and the one that `day` is in, and the next."""
    this = school_year(day)
    return sorted({this, this + 1} | {school_year(each.first) for each in calendar.terms})


def _month(calendar: SchoolCalendar, year: int, month: int) -> Month:
    weeks: list[list[Day | None]] = [
        [_day(calendar, day) if day.month == month else None for day in week]
        for week in Calendar().monthdatescalendar(year, month)
    ]
    taught = sum(calendar.is_school_day(day.on) for week in weeks for day in week if day)
    return Month(date(year, month, 1), weeks, taught)


def _day(calendar: SchoolCalendar, day: date) -> Day:
    exceptions = tuple(each.school_id for each in calendar.exceptions if day in each)
    holiday = next((each for each in calendar.holidays if day in each), None)
    make_up = next((each for each in calendar.make_ups if day in each), None)
    taught = calendar.is_school_day(day)
    if holiday and not taught:
        return Day(day, "holiday", holiday.name, exceptions)
    if make_up and taught:
        return Day(day, "make_up", make_up.name, exceptions)
    if calendar.term_of(day) is None:
        return Day(day, "vacation" if calendar.announced(day) else "unannounced", "", exceptions)
    # By the State Council's days.
    if taught:
        return Day(day, "make_up" if day.weekday() >= SATURDAY else "school", "", exceptions)
    return Day(day, "holiday" if day.weekday() < SATURDAY or is_public_holiday(day) else "off", "", exceptions)
