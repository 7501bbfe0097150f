"""What a rehearsal came to, laid out for people and for machines."""

from collections import Counter
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from hongzhu import runtime
from hongzhu.i18n import _
from hongzhu.rehearsal.comparison import Outcome
from hongzhu.rehearsal.rehearsal import Rehearsal

WIDTH = 40
"""How many characters the longest bar has."""
MOST = 12
"""How many schools are listed: those with most to do."""


def as_json(rehearsal: Rehearsal, outcome: Outcome) -> dict[str, Any]:
    """Return everything that was counted."""
    by_week: dict[str, dict[str, int]] = {}
    for (week, agency), many in sorted(outcome.by_week.items()):
        by_week.setdefault(week, {})[agency] = many
    return {
        "from": str(rehearsal.first),
        "to": str(outcome.day),
        "days": rehearsal.lived,
        "expected": outcome.expected,
        "lost": len(outcome.lost),
        "dup": len(outcome.dup),
        "wrong": len(outcome.wrong),
        "late": outcome.states["late"],
        "missed": outcome.states["missed"],
        "states": dict(outcome.states),
        "filed": rehearsal.people.filed,
        "refused": dict(rehearsal.people.refused),
        "not_compared": outcome.left_out,
        "chaos": dict(rehearsal.chaos.done) if rehearsal.chaos else {},
        "by_week": by_week,
        "by_school": dict(outcome.by_school.most_common()),
        "by_agency": dict(outcome.by_agency.most_common()),
    }


def laid_out(rehearsal: Rehearsal, outcome: Outcome) -> Group:
    """Lay the load out as a chart by week and tables by agency and school."""
    agencies = {each.name: str(each.agency().title) for each in runtime.agencies()}
    schools = {each["id"]: each["name"] for each in rehearsal.knowledge.schools}
    weeks: Counter[str] = Counter()
    for (week, _agency), many in outcome.by_week.items():
        weeks[week] += many
    parts: list[Table | Text] = [
        _chart(_("Tasks by the week in which they open"), sorted(weeks.items())),
        _counted(_("Agency"), [(agencies.get(name, name), many) for name, many in outcome.by_agency.most_common()]),
        _counted(_("School"), [(schools.get(name, name), many) for name, many in outcome.by_school.most_common(MOST)]),
    ]
    if outcome.left_out:
        said = _(", ").join(f"{code} ({reason})" for code, reason in sorted(outcome.left_out.items()))
        parts.append(Text(_("Not held against the oracle, which is not told enough from outside: {said}", said=said)))
    return Group(*parts)


def _chart(title: str, rows: list[tuple[str, int]]) -> Table:
    longest = max((many for _week, many in rows), default=0) or 1
    table = Table(title=title, box=None, padding=(0, 1), show_header=False)
    for name, many in rows:
        table.add_row(name, f"{many:,}", "█" * max(1, round(many / longest * WIDTH)))
    return table


def _counted(title: str, rows: list[tuple[str, int]]) -> Table:
    table = Table(box=None, padding=(0, 1))
    table.add_column(title)
    table.add_column(_("Tasks"), justify="right")
    for name, many in rows:
        table.add_row(name, f"{many:,}")
    return table
