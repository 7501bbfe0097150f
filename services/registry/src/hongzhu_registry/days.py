"""Days on which something was done."""

from datetime import date

from hongzhu.clock import today
from hongzhu.errors import InvalidError


def not_to_come(**days: date | None) -> None:
    """See that none of the days, each under its field's name, lies in the future; raises `InvalidError`."""
    for field, day in days.items():
        if day is not None and day > today():
            raise InvalidError("The day is in the future; file it once it has been done.", field=field)
