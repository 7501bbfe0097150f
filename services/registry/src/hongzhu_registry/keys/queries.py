"""Statements about sealed columns, whichever table they are in."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Column, ColumnElement, Select, Update, bindparam, case, func, select, tuple_, update

from hongzhu_registry.sealing import CELL
from hongzhu_registry.tables import tables


def sealed_columns() -> Iterator[Column[Any]]:
    """Find every column that was declared with `hongzhu_registry.sealing.sealed`."""
    return (column for table in tables.values() for column in table.columns if CELL in column.info)


def under(column: Column[Any], key: str) -> ColumnElement[bool]:
    """Say which cells are sealed under a key: they begin with its name."""
    prefix = f"{key}:".encode()
    return func.substr(column, 1, len(prefix)) == prefix


def counts(column: Column[Any], keys: Sequence[str]) -> Select[*tuple[Any, ...]]:
    """Count a column's cells, all of them and by key."""
    return select(func.count(column), *(func.count(case((under(column, key), 1))) for key in keys))


def not_under(column: Column[Any], key: str, after: Sequence[str] | None, most: int) -> Select[Any]:
    """Select some cells, with their keys, that are not sealed under a key.

    Rows that somebody is changing are left for the next time: whoever seals anew never waits, so nobody dies of it.
    """
    keys = keys_of(column)
    statement = select(*keys, column.label("sealed")).where(column.is_not(None), ~under(column, key))
    if after is not None:
        statement = statement.where(tuple_(*keys) > tuple_(*after))
    return statement.order_by(*keys).limit(most).with_for_update(skip_locked=True, key_share=True)


def exchange(column: Column[Any]) -> Update:
    """Put ``new`` where ``old`` still is."""
    mine = [key == bindparam(f"of_{key.name}") for key in keys_of(column)]
    statement = update(column.table).where(*mine, column == bindparam("old"))
    return statement.values({column: bindparam("new")})


def keys_of(column: Column[Any]) -> list[Column[Any]]:
    """Return the keys of a column's table."""
    return list(column.table.primary_key)
