"""What the registry says about the school calendar."""

from typing import ClassVar

from hongzhu.calendar import SchoolCalendar
from hongzhu.messages.base import Message


class CalendarChanged(Message):
    """The bureau's calendar, whole, at one version."""

    topic: ClassVar = "calendar.changed.v1"

    version: int
    calendar: SchoolCalendar
