"""A trigger is data: when a programme falls due, and the window in which what is done counts."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

_MOST = 400
"""More days than a school year has."""


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class SchoolWeeks(_Data):
    """So many school weeks: Mondays to Sundays with at least one school day in each."""

    school_weeks: int = Field(ge=-_MOST, le=_MOST)


class Days(_Data):
    """So many days, whether there is school or not."""

    days: int = Field(ge=-_MOST, le=_MOST)


Span = Annotated[int, Field(strict=True, ge=-_MOST, le=_MOST)] | SchoolWeeks | Days
"""A stretch of time: a bare number counts school days."""


def length(span: Span) -> int:
    """Return the number in a span, whatever it counts."""
    match span:
        case SchoolWeeks(school_weeks=count) | Days(days=count):
            return count
        case int():
            return span


def _not_back(span: Span) -> Span:
    if length(span) < 0:
        raise ValueError("a span that is counted on from a day is never negative")
    return span


After = Annotated[Span, AfterValidator(_not_back)]
"""A span counted on from a day; school days and weeks begin after it."""


class _OfPeriod(_Data):
    """A window that is a slice of its period, as Python slices: ``due=SchoolWeeks(2)`` is its first two school weeks,
    ``opens=-10`` its last ten school days, and neither is all of it.
    """

    opens: Span | None = None
    """What of the period goes by before evidence counts."""
    due: Span | None = None
    """Up to where it is on time; to the period's last day unless told."""
    grace: After | None = 0
    """How long after that it still counts, as late; ``None``: for ever."""


class EverySchoolWeek(_OfPeriod):
    """Falls due in every school week, or once in every so many weeks of which at least one is a school week.

    Weeks are counted on from a fixed Monday, not from the beginning of a term: so no edit of the calendar moves them.
    """

    kind: Literal["every_school_week"] = "every_school_week"
    every: int = Field(default=1, ge=1, le=52)
    """Once in how many weeks; its window is all of them."""


class OncePer(_OfPeriod):
    """Falls due once in each term or school year."""

    kind: Literal["once_per"] = "once_per"
    period: Literal["term", "school_year"]
    """Of what the window is a slice."""


class EveryMonth(_OfPeriod):
    """Falls due once in each month in which there is school."""

    kind: Literal["every_month"] = "every_month"


class Rota(_OfPeriod):
    """Falls due so many times a term or school year, spread evenly over its school weeks, each time for one subject: the one
    whose last turn is longest ago.

    A school year's turns are divided between its two terms, the odd one to the first.
    """

    kind: Literal["rota"] = "rota"
    times: int = Field(ge=1, le=_MOST)
    """How many turns there are; each has an even part of the school weeks, of which its window is a slice."""
    period: Literal["term", "school_year"] = "school_year"
    """In what there are so many."""


class HolidayOffer(_OfPeriod):
    """Falls due in each long holiday of a season: something offered for so many weeks, with so many places."""

    kind: Literal["holiday_offer"] = "holiday_offer"
    season: Literal["summer", "winter"] = "summer"
    """Which of the two long holidays."""
    weeks: int = Field(ge=1, le=12)
    """How long the offer is."""
    places: int = Field(ge=1)
    """For how many children."""


class _FromDay(_Data):
    """A window that begins on a day: that of an event, or that on which a condition began."""

    due_after: After = 10
    """How long after that day it is on time."""
    grace: After | None = None
    """How long after that it still counts, as late; ``None``: for ever."""


class Standing(_FromDay):
    """Falls due once for each episode in which the condition holds, from the day it began."""

    kind: Literal["standing"] = "standing"


class OnEvent(_FromDay):
    """Falls due when something happened to the subject: an assessment drop, a referral, an enrolment, a changed roster …"""

    kind: Literal["on_event"] = "on_event"
    event: str = Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=30)
    """The kind of event, as the registry says it."""
    at_least: float | None = None
    """The least that the event's number must be: points, for an assessment drop."""


OneTrigger = Annotated[
    EverySchoolWeek | OncePer | EveryMonth | Rota | HolidayOffer | Standing | OnEvent, Field(discriminator="kind")
]


class Several(_Data):
    """Falls due whenever one of its triggers says so."""

    kind: Literal["several"] = "several"
    of: tuple[OneTrigger, ...] = Field(min_length=1)
    """The single triggers; each names its own periods, so that none is owed twice."""


Trigger = Annotated[
    EverySchoolWeek | OncePer | EveryMonth | Rota | HolidayOffer | Standing | OnEvent | Several,
    Field(discriminator="kind"),
]


def parts(trigger: Trigger) -> tuple[OneTrigger, ...]:
    """Return the single triggers that a trigger is made of."""
    return trigger.of if isinstance(trigger, Several) else (trigger,)
