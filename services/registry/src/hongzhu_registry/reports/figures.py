"""Counting: every figure that is asked for, with one statement for each kind of row and one scan of the ledger."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hongzhu.i18n import CHINESE, Text, language
from hongzhu.programme import Programme
from hongzhu_registry.reports.document import Figure
from hongzhu_registry.reports.rows import Asked, Period, condition, listed, once, rows_of

ADDRESS = "/api/v1/reports/figures"
_OF_ONE = {"children": "child", "ies": "y", "s": ""}
"""How English words end for many, and for one."""


def asked_of(programmes: Iterable[Programme]) -> list[Asked]:
    """Return what programmes declare to be counted."""
    return [Asked(each.code, figure) for each in programmes for figure in each.figures]


def count(session: Session, asked: Sequence[Asked], period: Period) -> dict[str, Figure]:
    """Count figures, by key; each kind of row is read once for all that count some of it."""
    together: defaultdict[Any, list[Asked]] = defaultdict(list)
    for each in asked:
        # Children who came to something are read with it, other figures without: one row would else count for each child.
        per_child = each.figure.distinct == "child" and each.figure.of in ("records", "activities")
        # And referrals of some state by the day on which they came to it.
        together[each.figure.of, per_child, "state" in each.figure.where].append(each)
    values: dict[str, Any] = {}
    for some in together.values():
        values |= _counted(session, some, period)
    return {each.key: written(each, values[each.key], period) for each in asked}


def _counted(session: Session, asked: Sequence[Asked], period: Period) -> Mapping[str, Any]:
    shared = rows_of(asked[0].figure, period)
    columns: list[Any] = []
    for each in asked:
        rows = rows_of(each.figure, period)
        unit = once(each.figure, rows)
        number: Any
        if each.figure.sum:
            number = func.coalesce(func.sum(rows.sums[each.figure.sum]).filter(condition(each, rows, period)), 0)
        else:
            told = unit.distinct() if each.figure.distinct else unit
            number = func.count(told).filter(condition(each, rows, period))
        columns.append(number.label(each.key))
    kinds = sorted(each.figure.kind for each in asked if each.figure.kind is not None)
    # Of what no figure asks for there may be a hundred times as much.
    wanted = (shared.kind.in_(kinds),) if len(kinds) == len(asked) else ()
    found = session.execute(select(*columns).select_from(shared.base).where(*shared.conditions, *wanted)).one()
    return dict(zip((each.key for each in asked), map(_whole, found), strict=True))


def _whole(number: Any) -> int:
    whole: int = round(number)  # money is summed as it is paid: in whole yuan
    return whole


def written(asked: Asked, value: int, period: Period) -> Figure:
    """Write a value as people do, with the link to the rows behind it."""
    figure = asked.figure
    return Figure(asked.key, str(figure.title), value, amount(value, figure.unit), link(asked.key, period))


def amount(value: int, unit: Text) -> str:
    """Write a number with what it counts: 1058人; 1,058 children, 1 child."""
    if language.get() == CHINESE:
        return f"{value}{unit}"
    many = next((each for each in _OF_ONE if value == 1 and unit.en.endswith(each)), "")
    return f"{value:,}{unit.en.removesuffix(many)}{_OF_ONE.get(many, '')}"


def link(key: str, period: Period) -> str:
    """Return the address of the rows behind a figure."""
    asked = {"from": period.first, "to": period.last, "school_id": period.school_id, "agency": period.agency}
    return f"{ADDRESS}/{key}/rows?" + urlencode({name: value for name, value in asked.items() if value})


__all__ = ["amount", "asked_of", "count", "link", "listed", "written"]
