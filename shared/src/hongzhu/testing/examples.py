"""Examples for tests: a programme, a child, a school and a calendar, each with whatever matters to the test changed."""

from datetime import date

from hongzhu.calendar import SchoolCalendar, Term
from hongzhu.facts import ChildFacts, SchoolFacts
from hongzhu.i18n import Text
from hongzhu.programme import EverySchoolWeek, Programme, Standing, where

MONDAY = date(2020, 11, 23)
"""An ordinary Monday of an ordinary term, far from any holiday."""
TERM = Term(first=date(2020, 9, 1), last=date(2021, 1, 22))
CALENDAR = SchoolCalendar(terms=(TERM,))


def programme(code: str = "bureau.talk", **changes: object) -> Programme:
    """Give a weekly programme for every child, resolved by a talk."""
    words = Text(zh="谈心", en="talk")
    values: dict[str, object] = {"name": words, "purpose": words, "subject": "child", "trigger": EverySchoolWeek()}
    values |= {"assignee": "class_teacher", "resolved_by": "talk"}
    return Programme.model_validate({"code": code} | values | changes)


def standing(code: str = "bureau.proxy_parent", **changes: object) -> Programme:
    """Give a standing programme for children without a proxy parent, resolved by a pairing."""
    values: dict[str, object] = {"eligible": where("has_proxy_parent", False), "trigger": Standing(due_after=5)}
    return programme(code, **(values | {"resolved_by": "pairing"} | changes))


def child(id: str, version: int = 1, school_id: str = "s1", **facts: object) -> ChildFacts:  # noqa: A002  # it is the fact's name
    """Give a child's facts; it came on the first day of the term unless told otherwise."""
    values = {"id": id, "version": version, "school_id": school_id, "entered_on": TERM.first, "present": True}
    return ChildFacts.model_validate(values | facts)


def school(id: str, version: int = 1, **facts: object) -> SchoolFacts:  # noqa: A002  # as above
    """Give a school's facts."""
    values = {"id": id, "version": version, "school_id": id, "entered_on": TERM.first, "present": True}
    return SchoolFacts.model_validate(values | facts)


def children(count: int, schools: int = 3) -> list[ChildFacts]:
    """Give many children, spread over some schools."""
    return [child(f"c{number:04}", school_id=f"s{number % schools}") for number in range(count)]
