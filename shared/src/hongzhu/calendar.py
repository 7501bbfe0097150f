"""School days: the bureau's own calendar over the State Council's, and an honest "not announced" for what neither covers."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from functools import cache, lru_cache

import chinese_calendar
from pydantic import BaseModel, ConfigDict

from hongzhu.period import monday
from hongzhu.trigger import Days, SchoolWeeks, Span

_DAY = timedelta(days=1)

NOT_ANNOUNCED = date.max
"""A day that the calendar does not reach yet: after every other, so that nothing is ever overdue by it."""


class _Span(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = ""
    first: date
    last: date

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last


class Term(_Span):
    """A term, first to last day, both included."""


class Holiday(_Span):
    """Days off for every school."""


class MakeUp(_Span):
    """Days, usually at a week-end, on which every school teaches instead."""


class SchoolException(_Span):
    """Days on which one school does not teach."""

    school_id: str


class SchoolDays:
    """The school days of a calendar in order, and what is counted in them."""

    def __init__(self, days: Iterable[date]) -> None:
        self.all: Sequence[date] = tuple(days)
        self.weeks: Sequence[date] = tuple(dict.fromkeys(monday(day) for day in self.all))

    def between(self, first: date, last: date) -> Sequence[date]:
        """Return the school days from `first` to `last`."""
        return self.all[bisect_left(self.all, first) : bisect_right(self.all, last)]

    def weeks_between(self, first: date, last: date) -> Sequence[date]:
        """Return the Mondays of the school weeks of those days."""
        return tuple(dict.fromkeys(monday(day) for day in self.between(first, last)))

    def after(self, day: date, span: Span) -> date:
        """Return the last day of the span that begins after `day`; `NOT_ANNOUNCED` when the calendar does not reach so far."""
        match span:
            case 0 | Days(days=0) | SchoolWeeks(school_weeks=0):
                return day
            case Days(days=count):
                return day + count * _DAY
            case SchoolWeeks(school_weeks=count):
                place = bisect_right(self.weeks, monday(day)) + count - 1
                return self.weeks[place] + 6 * _DAY if place < len(self.weeks) else NOT_ANNOUNCED
            case int():
                place = bisect_right(self.all, day) + span - 1
                return self.all[place] if place < len(self.all) else NOT_ANNOUNCED


class SchoolCalendar(BaseModel):
    """What the bureau has announced; every question about school days is answered from here."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    terms: tuple[Term, ...] = ()
    holidays: tuple[Holiday, ...] = ()
    make_ups: tuple[MakeUp, ...] = ()
    exceptions: tuple[SchoolException, ...] = ()

    def announced(self, day: date) -> bool:
        """Whether the bureau's calendar covers `day`: from its first term to its last; beyond that nothing is guessed."""
        return any(term.first <= day for term in self.terms) and any(term.last >= day for term in self.terms)

    def term_of(self, day: date) -> Term | None:
        """Return the term that `day` is in, if any."""
        return next((term for term in self.terms if day in term), None)

    def is_school_day(self, day: date, school_id: str | None = None) -> bool:
        """Whether schools teach on `day`; with `school_id`, whether that school does."""
        if school_id and any(day in each for each in self.exceptions if each.school_id == school_id):
            return False
        if self.term_of(day) is None or any(day in holiday for holiday in self.holidays):
            return False
        if any(day in make_up for make_up in self.make_ups):
            return True
        return _is_workday(day)

    @property
    def days(self) -> SchoolDays:
        """The days on which schools teach."""
        return _school_days(self)

    def days_of(self, school_id: str) -> SchoolDays:
        """Return the days on which one school teaches."""
        off = [each for each in self.exceptions if each.school_id == school_id]
        return SchoolDays(day for day in self.days.all if not any(day in each for each in off)) if off else self.days

    def exceptional(self, first: date, last: date) -> tuple[str, ...]:
        """Return the schools that have exceptions between two days."""
        touching = (each for each in self.exceptions if each.first <= last and first <= each.last)
        return tuple(dict.fromkeys(each.school_id for each in touching))

    def school_weeks(self, first: date, last: date) -> Iterator[date]:
        """Yield the Monday of every school week that touches the days from `first` to `last`."""
        weeks = self.days.weeks
        yield from weeks[bisect_left(weeks, monday(first)) : bisect_right(weeks, last)]


# Kept beside the calendar, not on it: a changed copy of a calendar must not carry the days of the one it was copied from.
@lru_cache(20)
def _school_days(calendar: SchoolCalendar) -> SchoolDays:
    of_terms = {day for term in calendar.terms for day in _days(term)}
    return SchoolDays(day for day in sorted(of_terms) if calendar.is_school_day(day))


@cache
def _is_workday(day: date) -> bool:
    # Asked again and again for the same few hundred days, and a library that looks through all its holidays each time.
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:  # the State Council has not announced that year: week-ends are all we know
        return day.weekday() < 5


def is_public_holiday(day: date) -> bool:
    """Say whether a day is one of those off that the State Council announced around a holiday, week-ends among them included."""
    return day in chinese_calendar.holidays


def _days(span: _Span) -> Iterator[date]:
    day = span.first
    while day <= span.last:
        yield day
        day += _DAY
