"""Taking in facilities."""

from collections.abc import Sequence

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
    found = Distinct(result)
    for row in rows:
        found.add(
            row.source,
            {
                "identity": identity(Facility, row.agency, row.category, row.name, row.town),
                "organisation": row.agency,
                "kind": kind_of(row, KINDS, result),
                "name": row.name,
                "town": row.town or None,
                "status": row.status or None,
            },
        )
    keep(session, Facility, found, result, "facilities")
