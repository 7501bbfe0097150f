"""The figures of the overview, put together from what the statements count."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from hongzhu.clock import today
from hongzhu.period import school_year
from hongzhu.programme import EverySchoolWeek, OncePer, Programme
from hongzhu_registry.access.policy import Principal
from hongzhu_registry.stats import queries

_AUGUST = 8
COUNTED = ("children", "boys", "girls", "in_poverty")


@dataclass(frozen=True, slots=True)
class Span:
    """The days in which the periods begin that are counted."""

    first: date
    last: date


def so_far() -> Span:
    """Return the school year up to today."""
    return Span(date(school_year(today()), _AUGUST, 1), today())


def overview(session: Session, principal: Principal) -> dict[str, Any]:
    """Tell how the city stands: its children, its agencies' work, what is overdue where, what waits for a decision."""
    span = so_far()
    schools = queries.children_by_school(session, principal)
    care = queries.coverage(session, principal, "week", span.first, span.last)
    return {
        "from": span.first,
        "to": span.last,
        "children": summed(schools),
        "schools": schools,
        "towns": by_town(schools),
        "programmes": now(care),
        "agencies": by_agency(care),
        "overdue": queries.overdue(session, principal),
        "waiting": queries.waiting(session),
    }


def summed(schools: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Add the children of schools up."""
    return {name: sum(each[name] for each in schools) for name in COUNTED}


def by_town(schools: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Add the children of each town's schools up, the most first."""
    of_town = defaultdict(list)
    for each in schools:
        of_town[each["town"]].append(each)
    towns = [{"town": town, **summed(theirs)} for town, theirs in of_town.items()]
    return sorted(towns, key=lambda each: (-each["children"], each["town"] or ""))


def now(care: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Tell of each programme how its newest period stands: this week's, this term's, this school year's."""
    newest: dict[str, dict[str, Any]] = {}
    for row in care:  # in the order in which periods begin
        newest[row["programme"]] = dict(row)
    return list(newest.values())


def by_agency(care: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Add the tasks of each agency's programmes up."""
    of_agency: dict[str, list[Any]] = defaultdict(list)
    for row in care:
        of_agency[row["programme"].partition(".")[0]].append(row)
    return [{"agency": agency, **queries.together(rows)} for agency, rows in sorted(of_agency.items())]


def of_every_child(programmes: Sequence[Programme]) -> list[Programme]:
    """Choose what is owed to children again and again by their class teachers: talk, tutoring, calls, the yearly visit."""
    return [
        each
        for each in programmes
        if each.subject == "child"
        and each.assignee == "class_teacher"
        and isinstance(each.trigger, EverySchoolWeek | OncePer)
    ]
