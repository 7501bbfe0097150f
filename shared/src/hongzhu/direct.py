"""Direct reads: what is asked all day goes to PostgreSQL on the event loop, past SQLAlchemy's sessions.

A session, and a driver that answers plain functions, take three times as long over such a statement as PostgreSQL does.  What
is asked stays the same: a `Prepared` is a statement of SQLAlchemy's, and as good in a session.
"""

import logging
import os
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import cached_property
from typing import Any, TypeVar

import asyncpg
from sqlalchemy import (
    URL,
    BindParameter,
    Boolean,
    Date,
    DateTime,
    Insert,
    Integer,
    LargeBinary,
    Select,
    String,
    TypeDecorator,
    bindparam,
    make_url,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session
from sqlalchemy.sql.visitors import replacement_traverse
from sqlalchemy.types import NullType

from hongzhu import on_the_loop

log = logging.getLogger(__name__)

T = TypeVar("T")
ALIKE = frozenset({"PGDATA", "PGDATABASE", "PGPASSFILE", "PGPASSWORD", "PGUSER"})
"""What the environment may say of PostgreSQL; whatever else it says, this driver reads otherwise than that of the sessions, or not."""
VERIFYING = ("verify-ca", "verify-full")
PATIENCE = 3
"""Seconds for a connection to be made."""
REST = 30
"""Seconds for which, when none could be made, none is tried: a session tells at once what is wrong."""
_PLAIN = (Boolean, Date, DateTime, Integer, LargeBinary, NullType, String)
"""Kinds of columns whose values need no turning; moments come in UTC."""
_POSTGRES = postgresql.asyncpg.dialect()  # type: ignore[no-untyped-call]  # so SQLAlchemy's is


class IndirectError(Exception):
    """A direct transaction was asked for something that only a session can do."""


class Prepared:
    """A statement that is put together once, of which only the named values change from one time to the next."""

    def __init__(self, statement: Select[Any] | Insert) -> None:
        self._statement: Any = statement
        self._beside: dict[Prepared, _Compiled] = {}

    def rows(self, on: "Session | Direct", values: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the rows by the names of their columns; of the values, those that the statement names are told."""
        if isinstance(on, Direct):
            return on.rows(self, values)
        found = on.connection().execute(self._statement, dict(values))
        names = found.keys()
        return [dict(zip(names, row, strict=True)) for row in found]

    def carry_out(self, on: "Session | Direct", values: Mapping[str, Any]) -> None:
        """Carry out what has no rows to return."""
        if isinstance(on, Direct):
            on.carry_out(self, values)
        else:
            on.connection().execute(self._statement, dict(values))

    @cached_property
    def compiled(self) -> "_Compiled":
        """The statement as it is told to PostgreSQL."""
        return _Compiled(self._statement)

    def compiled_beside(self, other: "Prepared") -> "_Compiled":
        """The statement together with another one, which has no rows."""
        if other not in self._beside:
            assert self.compiled.told.isdisjoint(other.compiled.told), "each must be told its own"
            self._beside[other] = _Compiled(self._statement.add_cte(other._statement.cte("beside")))
        return self._beside[other]


class _Compiled:
    def __init__(self, statement: Any) -> None:
        assert all(map(_given_as_it_is, getattr(statement, "selected_columns", ()))), (
            "only a session turns it into a value"
        )
        written, names = _written_out(statement)
        compiled = written.compile(dialect=_POSTGRES, compile_kwargs={"render_postcompile": True})
        self.text = str(compiled)
        self.told = frozenset(compiled.positiontup or ())
        assert self.told <= names, "a column's default is a session's to find"
        kinds = [(name, compiled.binds[name].type.dialect_impl(_POSTGRES)) for name in compiled.positiontup or ()]
        self._in_order = [(name, kind.bind_processor(_POSTGRES)) for name, kind in kinds]

    def values(self, values: Mapping[str, Any]) -> list[Any]:
        """Return the values that the statement names, in its order."""
        return [values[name] if write is None else write(values[name]) for name, write in self._in_order]


class Direct:
    """A transaction that prepared statements alone are carried out in, by a function on `hongzhu.on_the_loop`."""

    def __init__(self, connection: "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]") -> None:
        self._connection = connection
        self._waiting: tuple[Prepared, Mapping[str, Any]] | None = None
        self.info: dict[str, Any] = {}
        """What is remembered until it ends, as a session's `info`."""

    def rows(self, statement: Prepared, values: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return a statement's rows."""
        if self._waiting is None:
            return self._told(statement.compiled, values)
        (beside, more), self._waiting = self._waiting, None
        return self._told(statement.compiled_beside(beside), {**more, **values})

    def carry_out(self, statement: Prepared, values: Mapping[str, Any]) -> None:
        """Carry out a statement without rows: with the next that has some, for every question takes its time; or at the end."""
        self.finish()
        self._waiting = statement, values

    def finish(self) -> None:
        """Carry out what still waits."""
        if self._waiting is not None:
            (statement, values), self._waiting = self._waiting, None
            self._told(statement.compiled, values)

    def _told(self, statement: _Compiled, values: Mapping[str, Any]) -> list[dict[str, Any]]:
        rows = on_the_loop.wait_for(self._connection.fetch(statement.text, *statement.values(values)))
        names = tuple(rows[0].keys()) if rows else ()
        # All rows of an answer have its columns: to look whether they fit would take a tenth longer.
        return [dict(zip(names, row, strict=False)) for row in rows]

    def __getattr__(self, name: str) -> Any:
        """Refuse whatever else a session can do; raises `IndirectError`."""
        raise IndirectError(name)


class Pool:
    """The connections for direct reads that an application has while it runs."""

    def __init__(self, connections: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._connections = connections
        self._rests_until = 0.0

    async def carry_out(self, call: Callable[..., T], *args: Any) -> T:
        """Call a function with a transaction and `args`; commit it at the end, roll it back on an error.

        Raises `IndirectError` where there is no connection to be had, and whatever the function does.
        """
        connection = await self._connection()
        try:
            async with connection.transaction():
                return await on_the_loop.run(_to_the_end, Direct(connection), call, args)
        finally:
            await self._connections.release(connection)

    async def _connection(self) -> "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]":
        if time.monotonic() < self._rests_until:
            raise IndirectError
        try:
            return await self._connections.acquire()
        except Exception as error:
            self._rests_until = time.monotonic() + REST
            log.warning("no direct reads for %s s: %s", REST, type(error).__name__)
            raise IndirectError from error


def _to_the_end(transaction: Direct, call: Callable[..., T], args: tuple[Any, ...]) -> T:
    result = call(transaction, *args)
    transaction.finish()
    return result


def kind_of(on: Session | Direct) -> str:
    """Return what kind of database a transaction is on."""
    return str(_POSTGRES.name if isinstance(on, Direct) else on.get_bind().dialect.name)


def only_session(on: Session | Direct) -> Session:
    """Return a transaction that can do all that a session can; raises `IndirectError`."""
    if isinstance(on, Direct):
        raise IndirectError
    return on


@asynccontextmanager
async def pool(url: str, most: int) -> AsyncIterator[Pool | None]:
    """Give a pool of at most so many connections to a database; to one that is not PostgreSQL there is none."""
    address = make_url(url)
    if not _leads_to_the_same(address):
        yield None
        return
    plain = address.set(drivername=_POSTGRES.name).render_as_string(hide_password=False)
    options: dict[str, Any] = {"timeout": PATIENCE, "server_settings": {"jit": "off"}, "reset": _nothing}
    # None at first: the database may be away when the application begins.
    connections = await asyncpg.create_pool(plain, min_size=0, max_size=most, **options)
    try:
        yield Pool(connections)
    finally:
        connections.terminate()  # nothing is asked any more, and a database that is silent would be waited for


def _leads_to_the_same(address: URL) -> bool:
    """Say whether this driver comes by an address to the same server as that of the sessions, and no less safely."""
    if address.get_backend_name() != _POSTGRES.name:
        return False
    more = dict(address.query)
    mode, certificate = more.pop("sslmode", None), more.pop("sslrootcert", None)
    told = sorted(more) + sorted(each for each in os.environ if each.startswith("PG") and each not in ALIKE)
    alike = certificate is None or (mode in VERIFYING and certificate != "system")
    if told or not alike or not address.host:
        what = ", ".join(told) or "address"
        log.warning("no direct reads: they understand less of how PostgreSQL is reached (%s)", what)
        return False
    return True


async def _nothing(_connection: object) -> None:
    """Leave a connection as it is: what a transaction told it has ended with the transaction."""


def _written_out(statement: Any) -> tuple[Any, set[str]]:
    """Write into a statement what is the same each time, so that it is not told again and again; return the names of the rest."""
    names: set[str] = set()

    def written(element: Any, **_: Any) -> Any:
        if not isinstance(element, BindParameter):
            return None
        if element.unique:  # a value that stands in the statement, and has no name
            assert isinstance(element.effective_value, str | int | list | tuple | None), (
                "it has no plain way to be written"
            )
            return element.render_literal_execute()
        assert not element.expanding, "a list is another statement each time"
        names.add(element.key)
        return bindparam(element.key, None, element.type)  # to be compiled it needs some value

    return replacement_traverse(statement, {}, written), names


def _given_as_it_is(column: Any) -> bool:
    """Say whether this driver gives a column's values as a session would."""
    kind = column.type.impl if isinstance(column.type, TypeDecorator) else column.type
    return isinstance(kind, _PLAIN)
