"""What people would rather look at: children by school, coverage by week, the agencies' work."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from hongzhu.i18n import Text, _, written
from hongzhu.period import monday
from hongzhu.programme import Programme
from hongzhu_registry.reports.document import Chart, Figure

MOST_SCHOOLS = 12
"""How many schools the chart of schools shows."""


def by_school(schools: Sequence[Any]) -> Chart | None:
    """Draw where most children are; nothing of a single school."""
    some = schools[:MOST_SCHOOLS]
    if len(some) < 2:
        return None
    people = str(Text(zh="人", en="children"))
    names, counted = tuple(each.name for each in some), tuple(float(each.counted) for each in some)
    return Chart(_("Left-behind children by school"), "bars", people, names, counted)


def by_week(weeks: Mapping[date, tuple[int, int]]) -> Chart | None:
    """Draw which share of the weekly talks was held, week by week; nothing of a single week."""
    if len(weeks) < 2:
        return None
    shares = tuple(round(100 * done / owed, 1) if owed else None for done, owed in weeks.values())
    mondays = tuple(written(monday(week), "M月d日", "MMM d") for week in weeks)
    return Chart(_("Coverage of weekly talks"), "line", "%", mondays, shares)


def by_agency(
    programmes: Sequence[Programme], figures: Mapping[str, Figure], agencies: Mapping[str, str]
) -> Chart | None:
    """Draw how many activities each agency held, most first; nothing of a single agency."""
    held: dict[str, float] = {}
    for each in programmes:
        for figure in each.figures:
            found = figures.get(f"{each.code}.{figure.name}")
            counts = figure.of == "activities" and figure.own and figure.sum is None and not figure.distinct
            if counts and found is not None and isinstance(found.value, int) and found.value:
                held[each.agency] = held.get(each.agency, 0) + found.value
    if len(held) < 2:
        return None
    most_first = sorted(held, key=lambda each: -held[each])
    labels, numbers = tuple(agencies.get(each, each) for each in most_first), tuple(held[each] for each in most_first)
    return Chart(_("Activities by agency"), "bars", str(Text(zh="场", en="activities")), labels, numbers)
