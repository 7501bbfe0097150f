"""Many rows at once: PostgreSQL takes them by COPY into a temporary table and goes on from there with one statement.

A table with row-level security takes no COPY itself.  SQLite has no faster way than one prepared statement.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import chain, islice
from typing import Any

import psycopg
from sqlalchemy import JSON, ColumnDefault, Table
from sqlalchemy.orm import Session

Rows = Iterable[Sequence[Any]]
FEW = 200
"""So many rows are worth a temporary table."""


def insert(session: Session, model: Any, names: Sequence[str], rows: Rows, *, over: Sequence[str] = ()) -> None:
    """Insert rows, whose values stand in the order of `names`; where a row with the key `over` is there, overwrite it."""
    table: Table = model.__table__
    told, names, rows = names, *_with_defaults(table, names, rows)
    columns, also = _listed(names), ""
    if over:
        anew = ", ".join(f'"{name}" = excluded."{name}"' for name in told if name not in over)
        also = f" ON CONFLICT ({_listed(over)}) DO UPDATE SET {anew}"
    _carry_out(
        session,
        table,
        names,
        rows,
        # WHERE true: without it SQLite's grammar takes ON CONFLICT for the condition of a join.
        staged=f'INSERT INTO "{table.name}" ({columns}) SELECT {columns} FROM {{stage}} WHERE true{also}',  # noqa: S608  # the tables' own names
        one=f'INSERT INTO "{table.name}" ({columns}) VALUES ({", ".join(["{0}"] * len(names))}){also}',  # noqa: S608  # the tables' own names
    )


def update(session: Session, model: Any, names: Sequence[str], rows: Rows) -> None:
    """Overwrite rows that are there; the first of `names` is the key by which they are found."""
    table: Table = model.__table__
    key, *others = names
    quoted = [f'"{name}"' for name in others]
    _carry_out(
        session,
        table,
        (*others, key),
        ((*row[1:], row[0]) for row in rows),
        staged=f'UPDATE "{table.name}" SET {", ".join(f"{each} = stage.{each}" for each in quoted)}'  # noqa: S608  # the tables' own names
        f' FROM {{stage}} AS stage WHERE "{table.name}"."{key}" = stage."{key}"',  # the tables' own names
        one=f'UPDATE "{table.name}" SET {", ".join(f"{each} = {{0}}" for each in quoted)} WHERE "{key}" = {{0}}',  # noqa: S608  # the tables' own names
    )


def _carry_out(session: Session, table: Table, names: Sequence[str], rows: Rows, *, staged: str, one: str) -> None:
    session.flush()
    connection = session.connection()
    rows = iter(_as_stored(session, table, names, rows))
    on_postgres = connection.dialect.name == "postgresql"
    first = [tuple(row) for row in (islice(rows, FEW) if on_postgres else rows)]
    if not on_postgres or len(first) < FEW:
        if first:
            connection.exec_driver_sql(one.format("%s" if on_postgres else "?"), first)
        return
    stage, columns = f'"stage_{table.name}"', _listed(names)
    connection.exec_driver_sql(
        f'CREATE TEMPORARY TABLE {stage} ON COMMIT DROP AS SELECT {columns} FROM "{table.name}" WITH NO DATA'  # noqa: S608  # the tables' own names
    )
    _copy(connection.connection.driver_connection, f"COPY {stage} ({columns}) FROM STDIN", chain(first, rows))
    connection.exec_driver_sql(staged.format(stage=stage))
    connection.exec_driver_sql(f"DROP TABLE {stage}")


def _copy(connection: Any, statement: str, rows: Rows) -> None:
    try:
        with connection.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
    except psycopg.Error as error:
        # What PostgreSQL says below the first line quotes the row, a child's perhaps; an error ends up in a log.
        error.args = (str(error).partition("\n")[0],)
        raise


def _with_defaults(table: Table, names: Sequence[str], rows: Rows) -> tuple[Sequence[str], Rows]:
    """Add what the columns that are not named start with."""
    missing = {
        column.name: column.default.arg
        for column in table.columns
        if column.name not in names and isinstance(column.default, ColumnDefault) and column.default.is_scalar
    }
    if not missing:
        return names, rows
    return (*names, *missing), ((*row, *missing.values()) for row in rows)


def _as_stored(session: Session, table: Table, names: Sequence[str], rows: Rows) -> Rows:
    """Turn values into what the driver takes; PostgreSQL's takes them as they are, all but JSON."""
    dialect = session.get_bind().dialect
    types = (table.c[name].type.dialect_impl(dialect) for name in names)
    as_they_are = dialect.name == "postgresql"
    found = (None if as_they_are and not isinstance(each, JSON) else each.bind_processor(dialect) for each in types)
    turned: list[tuple[int, Callable[[Any], Any]]] = [(place, turn) for place, turn in enumerate(found) if turn]
    if not turned:
        return rows
    return (_turned(row, turned) for row in rows)


def _turned(row: Sequence[Any], turned: Sequence[tuple[int, Callable[[Any], Any]]]) -> list[Any]:
    values = list(row)
    for place, turn in turned:
        values[place] = turn(values[place])
    return values


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
