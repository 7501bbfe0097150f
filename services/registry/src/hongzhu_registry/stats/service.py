"""The figures of the overview, put together from what the statements count."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from hongzhu.clock import today
from hongzhu.period import school_year
from hongzhu.programme import EverySchoolWeek, OncePer, Programme
from hongzhu_registry.access.policy import Principal
from hongzhu_registry.stats import queries
from hongzhu_registry.tallies.service import catch_up

_AUGUST = 8


@dataclass(frozen=True, slots=True)
class Span:
    """The days in which the periods begin that are counted."""

    first: date
    last: date


class Care(NamedTuple):
    """How a programme's newest period stands, and all of a term: rows of `queries.coverage`."""

    now: Mapping[str, Any]
    since: date
    """The first day on which a period began that the term's counts."""
    term: Mapping[str, Any]


def so_far() -> Span:
    """Return the school year up to today."""
    return Span(date(school_year(today()), _AUGUST, 1), today())


def overview(session: Session, principal: Principal) -> dict[str, Any]:
    """Tell how the city stands: its children, its agencies' work, what is overdue where, what waits for a decision."""
    span = so_far()
    catch_up(session)
    care = queries.coverage(session, principal, "week", span.first, span.last)
    return {
        "from": span.first,
        "to": span.last,
        "children": queries.children(session),
        "schools": queries.children_by_school(session),
        "towns": queries.children_by_town(session),
        "programmes": now(care),
        "agencies": by_agency(care),
        "overdue": queries.overdue(session),
        "waiting": queries.waiting(session),
    }


def now(care: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Tell of each programme how its newest period stands: this week's, this term's, this school year's."""
    newest: dict[str, dict[str, Any]] = {}
    for row in care:  # in the order in which periods begin
        newest[row["programme"]] = dict(row)
    return list(newest.values())


def now_and_over_the_term(care: Sequence[Mapping[str, Any]], programmes: Collection[str], term: date) -> list[Care]:
    """Tell of some programmes how the newest period stands, and how all that began since the first day of the term do."""
    newest = {each["programme"]: each for each in now(care)}
    return [
        Care(
            newest[code],
            since := min(term, newest[code]["begins_on"]),
            queries.together([each for each in care if each["programme"] == code and each["begins_on"] >= since]),
        )
        for code in programmes
        if code in newest
    ]


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
