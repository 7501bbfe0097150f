"""Occasions: which periods a trigger makes of a calendar, each with its window.  Pure: data in, values out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import NamedTuple

from hongzhu import period
from hongzhu.calendar import NOT_ANNOUNCED, SchoolCalendar, SchoolDays
from hongzhu.task_state import Window
from hongzhu.trigger import (
    After,
    Days,
    EveryMonth,
    EverySchoolWeek,
    HolidayOffer,
    OncePer,
    OneTrigger,
    OnEvent,
    Rota,
    SchoolWeeks,
    Span,
    Standing,
    length,
)

_DAY = timedelta(days=1)
_A_YEAR = timedelta(days=366)


class Occasion(NamedTuple):
    """One period of a trigger with its window."""

    period: str
    window: Window


class Frame(NamedTuple):
    """A period's first and last day, the last one perhaps not announced yet."""

    period: str
    first: date
    last: date


def occasions(
    trigger: OneTrigger, calendar: SchoolCalendar, first: date, through: date, school_id: str | None = None
) -> Iterator[Occasion]:
    """Yield what opens by `through` and is due on `first` or later, for schools in general or for one with its exceptions.

    Nothing comes of triggers that wait for a condition or an event.
    """
    if isinstance(trigger, Standing | OnEvent):
        return
    days = calendar.days_of(school_id) if school_id else calendar.days
    for frame in _frames(trigger, calendar, first, through):
        # A holiday is the one thing that is owed where there is no school.
        if not isinstance(trigger, HolidayOffer) and not days.between(frame.first, frame.last):
            continue
        window = _window(days, frame, trigger.opens, trigger.due, trigger.grace)
        if window.opens_on <= through and window.due_on >= first:
            yield Occasion(frame.period, window)


def window_from(days: SchoolDays, day: date, due_after: After, grace: After | None) -> Window:
    """Return the window that begins with a day: that of an event, or of a condition."""
    due_on = days.after(day, due_after)
    return Window(day, due_on, _grace(days, due_on, grace))


def _window(days: SchoolDays, frame: Frame, opens: Span | None, due: Span | None, grace: After | None) -> Window:
    opens_on = frame.first if opens is None else _units(days, frame, opens).start(length(opens))
    due_on = frame.last if due is None else _units(days, frame, due).stop(length(due))
    due_on = max(opens_on, due_on)
    return Window(opens_on, due_on, _grace(days, due_on, grace))


def _grace(days: SchoolDays, due_on: date, grace: After | None) -> date | None:
    if grace is None or due_on == NOT_ANNOUNCED:
        return None if grace is None else NOT_ANNOUNCED
    return days.after(due_on, grace)


class _Units(NamedTuple):
    """What a period is sliced into: the first and the last day of each, as far as they are known."""

    frame: Frame
    each: Sequence[tuple[date, date]]

    def start(self, index: int) -> date:
        """Return the first day of a slice that begins at `index`."""
        if index < 0 and self.frame.last == NOT_ANNOUNCED:
            return NOT_ANNOUNCED
        index = max(index + len(self.each), 0) if index < 0 else index
        if index == 0:
            return self.frame.first
        return self.each[index][0] if index < len(self.each) else self.frame.last

    def stop(self, index: int) -> date:
        """Return the last day of a slice that stops before `index`."""
        if index < 0 and self.frame.last == NOT_ANNOUNCED:
            return NOT_ANNOUNCED
        index = max(index + len(self.each), 0) if index < 0 else index
        if index == 0:
            return self.frame.first
        return self.each[index - 1][1] if index <= len(self.each) else self.frame.last


def _units(days: SchoolDays, frame: Frame, span: Span) -> _Units:
    match span:
        case Days(days=count):
            # Of days no more are needed than are counted; a holiday whose end nobody knows has no last one.
            open_end = frame.last == NOT_ANNOUNCED
            last = frame.first + (abs(count) + 1) * _DAY if open_end else frame.last
            every = [frame.first + n * _DAY for n in range((last - frame.first).days + 1)]
            return _Units(frame, [(day, day) for day in every])
        case SchoolWeeks():
            weeks = days.weeks_between(frame.first, frame.last)
            return _Units(frame, [(max(week, frame.first), min(week + 6 * _DAY, frame.last)) for week in weeks])
        case int():
            return _Units(frame, [(day, day) for day in days.between(frame.first, frame.last)])


def _frames(trigger: OneTrigger, calendar: SchoolCalendar, first: date, through: date) -> Iterator[Frame]:
    """Yield the periods that may have a window between two days."""
    match trigger:
        case EverySchoolWeek(every=every):
            yield from _weeks(first, through, every)
        case OncePer(period="term"):
            yield from _terms(calendar)
        case OncePer():
            yield from _years(calendar)
        case EveryMonth():
            yield from _months(calendar, first, through)
        case Rota(times=times, period="term"):
            for term in _terms(calendar):
                yield from _turns(calendar, term, term.period, range(1, times + 1))
        case Rota(times=times):
            odd_one_first = (times + 1) // 2
            for term in _terms(calendar):
                name, _, half = term.period.partition("-")
                numbers = range(1, odd_one_first + 1) if half == "1" else range(odd_one_first + 1, times + 1)
                yield from _turns(calendar, term, name, numbers)
        case HolidayOffer(season=season):
            for frame in _holidays(calendar):
                if frame.period.endswith(season):
                    yield frame


def _weeks(first: date, through: date, every: int) -> Iterator[Frame]:
    # Counted on from the Monday that day 1 of the proleptic calendar was: no edit of a term moves a block of weeks.
    begin = period.monday(first)
    begin -= 7 * _DAY * ((begin.toordinal() - 1) // 7 % every)
    while begin <= through:
        yield Frame(period.week(begin), begin, begin + (7 * every - 1) * _DAY)
        begin += 7 * every * _DAY


def _terms(calendar: SchoolCalendar) -> list[Frame]:
    """Give the terms in order; what begins in the same half of a school year is one term."""
    found: dict[str, Frame] = {}
    for term in sorted(calendar.terms, key=lambda each: each.first):
        name = period.term(term.first)
        before = found.get(name, Frame(name, term.first, term.last))
        found[name] = before._replace(last=max(before.last, term.last))
    return list(found.values())


def _years(calendar: SchoolCalendar) -> Iterator[Frame]:
    terms = _terms(calendar)
    last_known = terms[-1].period if terms else ""
    years: dict[str, list[Frame]] = {}
    for term in terms:
        years.setdefault(term.period.partition(":")[2].partition("-")[0], []).append(term)
    for number, of_year in years.items():
        # While only the autumn is announced, nobody knows when the school year ends.
        ends = of_year[-1].period.endswith("-2") or of_year[-1].period != last_known
        yield Frame(period.year(int(number)), of_year[0].first, of_year[-1].last if ends else NOT_ANNOUNCED)


def _months(calendar: SchoolCalendar, first: date, through: date) -> Iterator[Frame]:
    begin = first.replace(day=1)
    while begin <= through:
        after = (begin + 31 * _DAY).replace(day=1)
        touched = [each for each in calendar.terms if each.first < after and begin <= each.last]
        if touched:
            opens = max(begin, min(each.first for each in touched))
            yield Frame(period.month(begin), opens, min(after - _DAY, max(each.last for each in touched)))
        begin = after


def _turns(calendar: SchoolCalendar, term: Frame, of: str, numbers: range) -> Iterator[Frame]:
    """Give each turn its even part of a term's school weeks; there may be more turns than weeks."""
    weeks = calendar.days.weeks_between(term.first, term.last)
    for place, number in enumerate(numbers if weeks else ()):
        begin, end = (len(weeks) * each // len(numbers) for each in (place, place + 1))
        theirs = weeks[begin : max(end, begin + 1)]
        yield Frame(period.turn(of, number), max(theirs[0], term.first), min(theirs[-1] + 6 * _DAY, term.last))


def _holidays(calendar: SchoolCalendar) -> Iterator[Frame]:
    terms = _terms(calendar)
    for term, after in pairwise([*terms, None]):
        if term is not None:
            last = after.first - _DAY if after else NOT_ANNOUNCED
            yield Frame(period.holiday(term.period), term.last + _DAY, last)
