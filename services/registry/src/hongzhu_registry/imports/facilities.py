"""Taking in facilities."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from hongzhu_registry.facilities.models import Facility
from hongzhu_registry.imports.categories import kind_of
from hongzhu_registry.imports.keeping import Distinct, identity, keep
from hongzhu_registry.imports.result import Result
from hongzhu_registry.workbooks import Facility as Row

KINDS = {
    "雏燕之家": "swallow_home",
    "儿童之家": "home",
    "亲情": "call_room",
    "心理": "counselling_station",
}
"""A word in what a workbook calls a kind of facility, and what the code calls it; the first one found counts."""


def store(session: Session, rows: Sequence[Row], result: Result) -> None:
    """Keep the facilities of a sheet."""
    found, towns = Distinct(result), _towns(session)
    for row in rows:
        who = identity(Facility, row.agency, row.category, row.name)
        # Two of one name in two towns are two; one whose town is filled in later stays one.
        if towns.setdefault(who, row.town) not in ("", row.town) and row.town:
            who = identity(Facility, row.agency, row.category, row.name, row.town)
        towns[who] = row.town or towns.get(who, "")
        found.add(
            row.source,
            {
                "identity": who,
                "organisation": row.agency,
                "kind": kind_of(row, KINDS, result),
                "name": row.name,
                "town": row.town or None,
                "status": row.status or None,
            },
        )
    keep(session, Facility, found, result, "facilities")


def _towns(session: Session) -> dict[str, str]:
    """Return the town of each facility that came from a workbook, by its identity."""
    known = select(Facility.identity, Facility.town).where(Facility.identity.is_not(None))
    return {str(who): town or "" for who, town in session.execute(known)}
