"""Sealing anew what was sealed under an older key, while everybody else goes on writing."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Column
from sqlalchemy.orm import Session

from hongzhu_registry.keys import queries
from hongzhu_registry.sealing import SealBrokenError, cell_of, key_ring

AT_ONCE = 500
"""Cells of one transaction: on SQLite nobody else writes meanwhile."""


class Batch(NamedTuple):
    """What became of some cells of a column; `after` is the keys of the last row, none when there was no more."""

    renewed: int
    broken: int
    after: Sequence[str] | None


def count(session: Session) -> dict[str | None, int]:
    """Count the sealed cells by the name of their key, the one that seals first; under none those whose key is not on the ring."""
    names = key_ring().names
    totals: dict[str | None, int] = {**dict.fromkeys(names, 0), None: 0}
    for column in queries.sealed_columns():
        every, *by_key = session.execute(queries.counts(column, names)).one()
        for name, cells in zip(names, by_key, strict=True):
            totals[name] += cells
        totals[None] += every - sum(by_key)
    return totals


def reseal_some(session: Session, column: Column[Any], after: Sequence[str] | None) -> Batch:
    """Seal some cells of a column anew, under the key that seals, those after the row that has the keys `after`."""
    ring = key_ring()
    rows = session.execute(queries.not_under(column, ring.current, after, AT_ONCE)).mappings().all()
    names = [key.name for key in queries.keys_of(column)]
    changes = []
    for row in rows:
        cell = cell_of(column, dict(row))
        try:
            new = ring.seal(ring.open(row["sealed"], *cell), *cell)
        except SealBrokenError:
            continue  # left as it is, and told: whoever knows where it belongs can still put it back
        changes.append({"old": row["sealed"], "new": new, **{f"of_{name}": row[name] for name in names}})
    renewed = session.connection().execute(queries.exchange(column), changes).rowcount if changes else 0
    return Batch(renewed, len(rows) - len(changes), [rows[-1][name] for name in names] if rows else None)
