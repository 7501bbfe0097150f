"""Taking in subsidies, owed and paid."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from hongzhu_registry.imports.keeping import Distinct, identity, keep
from hongzhu_registry.imports.places import about_children
from hongzhu_registry.imports.result import Result
from hongzhu_registry.subsidies.models import Subsidy
from hongzhu_registry.workbooks import Subsidy as Row


def store(session: Session, rows: Sequence[Row], result: Result) -> None:
    """Keep the subsidies of a sheet."""
    found = Distinct(result)
    for row, child_id, school_id in about_children(session, rows, result):
        found.add(
            row.source,
            {
                "identity": identity(Subsidy, child_id, row.taught_on, row.teacher),
                "child_id": child_id,
                "school_id": school_id,
                "teacher": row.teacher,
                "taught_on": row.taught_on,
                "transport": row.transport,
                "meals": row.meals,
                "paid": row.status == "paid",
            },
        )
    keep(session, Subsidy, found, result, "subsidies")
