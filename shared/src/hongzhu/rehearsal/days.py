"""School days as the oracle counts them: by walking on from day to day, apart from `hongzhu.calendar`."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from typing import Any

import chinese_calendar

DAY = timedelta(days=1)
NEVER = date(9999, 12, 31)
Window = tuple[date, date, date | None]


@cache
def working(day: date) -> bool:
    """Whether the State Council lets people work on a day; week-ends are off where it has not said."""
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:  # its answer for a year whose holidays are not announced
        return day.weekday() not in (5, 6)


class School:
    """The days on which one school, or any, teaches."""

    def __init__(self, calendar: Any, school_id: str | None = None) -> None:
        self.days: list[date] = []
        self.known: set[date] = set()
        for term in sorted(calendar.terms, key=lambda each: each.first):
            day = term.first
            while day <= term.last:
                if self._teaches(calendar, day, school_id) and day not in self.known:
                    self.days.append(day)
                    self.known.add(day)
                day += DAY

    @staticmethod
    def _teaches(calendar: Any, day: date, school_id: str | None) -> bool:
        for each in calendar.exceptions:
            if each.school_id == school_id and each.first <= day <= each.last:
                return False
        for each in calendar.holidays:
            if each.first <= day <= each.last:
                return False
        for each in calendar.make_ups:
            if each.first <= day <= each.last:
                return True
        return working(day)

    def on(self, day: date, span: Any) -> date:
        """Walk on from a day until the span is over."""
        if isinstance(span, int):
            left: Any = span
            while left:
                day += DAY
                if not self.days or day > self.days[-1]:
                    return NEVER
                left -= day in self.known
            return day
        if hasattr(span, "days"):
            return day + int(span.days) * DAY
        left = span.school_weeks
        if left:
            day += (6 - day.weekday()) * DAY  # the rest of the week that the day is in does not count
        while left:
            week = [day + n * DAY for n in range(1, 8)]
            if not self.days or week[0] > self.days[-1]:
                return NEVER
            left -= any(each in self.known for each in week)
            day = week[-1]
        return day

    def pieces(self, first: date, last: date, span: Any) -> list[list[date]]:
        """Cut a period into what the span counts: each piece as its days."""
        end = last if last < NEVER else max([first + 500 * DAY])
        days = [first + n * DAY for n in range((end - first).days + 1)]
        if isinstance(span, int):
            return [[day] for day in days if day in self.known]
        if hasattr(span, "days"):
            return [[day] for day in days]
        weeks: dict[date, list[date]] = {}
        for day in days:
            weeks.setdefault(day - day.weekday() * DAY, []).append(day)
        return [week for week in weeks.values() if any(day in self.known for day in week)]

    def window(self, first: date, last: date, trigger: Any) -> Window:
        """Slice a period as the trigger says."""
        opens, due = first, last
        if trigger.opens is not None:
            count = number(trigger.opens)
            left = self.pieces(first, last, trigger.opens)
            if count < 0 and last == NEVER:
                opens = NEVER
            elif count > 0:
                opens = left[count][0] if count < len(left) else last
            elif count < 0 and len(left) > -count:
                opens = left[count][0]
        if trigger.due is not None:
            count = number(trigger.due)
            kept = self.pieces(first, last, trigger.due)
            if count < 0 and last == NEVER:
                due = NEVER
            elif count > len(kept):
                due = last
            else:
                kept = kept[:count]
                due = kept[-1][-1] if kept else first
        due = max(opens, due)
        return opens, due, self.grace(due, trigger.grace)

    def grace(self, due: date, grace: Any) -> date | None:
        """Return the last day on which something late still counts."""
        if grace is None:
            return None
        return NEVER if due == NEVER else self.on(due, grace)


def number(span: Any) -> int:
    """Return the number in a span, whatever it counts."""
    return span if isinstance(span, int) else int(getattr(span, "days", 0) or getattr(span, "school_weeks", 0))
