"""What a calendar must be before it is announced, whichever door it came in by.  Pure."""

from datetime import timedelta
from itertools import pairwise

from hongzhu.calendar import SchoolCalendar
from hongzhu.errors import InvalidError

LONGEST = timedelta(days=366)
"""No entry is longer than a year; what seems to be is a slip of the keyboard."""
FIRST, LAST = 2000, 2100
"""The years that a calendar is of."""


def must_hold_together(calendar: SchoolCalendar) -> None:
    """See that every entry is a stretch of days of our time, and that no two terms overlap; raises `InvalidError`."""
    for each in (*calendar.terms, *calendar.holidays, *calendar.make_ups, *calendar.exceptions):
        if each.last < each.first:
            raise InvalidError("The last day comes before the first.", field="last")
        if each.last - each.first > LONGEST:
            raise InvalidError("That is longer than a year.", field="last")
        if not FIRST <= each.first.year <= each.last.year <= LAST:
            raise InvalidError("The calendar holds days from {first} to {last}.", first=FIRST, last=LAST, field="first")
    for before, after in pairwise(sorted(calendar.terms, key=lambda each: each.first)):
        if after.first <= before.last:
            raise InvalidError("Two terms overlap.", field="first")
