"""One service's database: PostgreSQL in production, SQLite in the embedded trial, one code for both.

The door opens the transaction with `transaction`; nothing below it commits.
"""

import select as selecting
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Connection,
    Engine,
    Executable,
    MetaData,
    Table,
    any_,
    bindparam,
    cast,
    create_engine,
    event,
    func,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.types import NullType

from hongzhu import on_the_loop
from hongzhu.settings import settings

CONNECTIONS = 15
"""The most connections that a process keeps to a database, once for its threads and once for its event loop; made as needed."""

NAMING = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
"""Names for constraints, so that a migration can name what it drops."""


def new_metadata() -> MetaData:
    """Start a service's tables."""
    return MetaData(naming_convention=NAMING)


@cache
def engine(url: str) -> Engine:
    """Return the process's engine for a database URL, made for how that database wants to be used."""
    if url.startswith("sqlite"):
        Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
        made = create_engine(url, connect_args={"timeout": 30, "check_same_thread": False}, hide_parameters=True)
        event.listen(made, "connect", _prepare_sqlite)
        event.listen(made, "begin", _begin_on_sqlite)
        return made
    # No overflow: connections beyond the pool's size would be made and ended with every request.
    return _postgres(url, max_overflow=0)


@cache
def engine_on_the_loop(url: str) -> Engine:
    """Return the process's engine for what runs on an event loop (`hongzhu.on_the_loop`), on PostgreSQL."""
    # Nobody on the loop may wait for the pool, or nobody would give a connection back: whoever runs them counts them.
    made = _postgres(url, max_overflow=-1)
    on_the_loop.prepare(made)
    return made


def _postgres(url: str, *, max_overflow: int) -> Engine:
    # preserve_rowcount: INSERT … SELECT must tell how many rows went in.
    pool: dict[str, Any] = {"pool_size": CONNECTIONS, "max_overflow": max_overflow}
    options = {"preserve_rowcount": True}
    # Row-level security makes a statement look so costly that PostgreSQL would compile it for longer than it runs.
    told = {"options": "-c jit=off"}
    made = create_engine(url, **pool, connect_args=told, execution_options=options, hide_parameters=True)
    event.listen(made, "handle_error", _tell_no_values)
    event.listen(made, "connect", _prepare_postgres)
    event.listen(made, "checkout", _see_that_it_lives)
    return made


def let_go(url: str) -> None:
    """Close the connections that this process keeps to a database of PostgreSQL."""
    for made in (engine(url), engine_on_the_loop(url)):
        made.dispose()


@cache
def sessions(url: str, here: bool) -> sessionmaker[Session]:
    """Return what opens a process's sessions on a database URL; to make it takes longer than a statement.

    `here` says whether they are opened on the loop.
    """
    return sessionmaker(engine_on_the_loop(url) if here else engine(url), expire_on_commit=False)


def _see_that_it_lives(connection: Any, _record: object, _fairy: object) -> None:
    # A connection at rest has nothing to tell until the database ends it; the pool then makes a new one.  To ask the database
    # (pool_pre_ping) would take as long as a statement, and tell no more.
    told = selecting.poll()
    told.register(connection.fileno(), selecting.POLLIN)
    if told.poll(0):
        raise InvalidatePoolError


def _tell_no_values(context: ExceptionContext) -> None:
    # PostgreSQL's DETAIL quotes the row that it refuses, a child's whole dossier perhaps; an error ends up in a log.
    for error in (context.original_exception, context.sqlalchemy_exception):
        if error is not None and error.args:
            error.args = (str(error.args[0]).partition("\n")[0], *error.args[1:])


def _prepare_postgres(connection: Any, _record: object) -> None:
    # A service has some hundreds of statements; of psycopg's own hundred each would push out another before it comes again.
    connection.prepared_max = 500


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # SQLAlchemy emits BEGIN itself (above): the driver must not begin on its own.
    connection.isolation_level = None
    # FULL: an outbox row must survive a power cut, not only a kill.
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_on_sqlite(connection: Connection) -> None:
    # Whoever may write takes its turn at once; whoever only reads (`Database.reading`) waits for nobody.
    only_reads = connection.get_execution_options().get("only_reads")
    connection.exec_driver_sql("BEGIN" if only_reads else "BEGIN IMMEDIATE")


class Database:
    """One service's own database, by the service's name."""

    def __init__(self, service: str, metadata: MetaData, migrations: Path) -> None:
        self.service = service
        self.metadata = metadata
        self.migrations = migrations

    @property
    def url(self) -> str:
        """Where it is."""
        return settings().database_url(self.service)

    @property
    def waits_on_the_loop(self) -> bool:
        """Whether its transactions may be opened by `hongzhu.on_the_loop.run`; those of SQLite wait for nothing but its lock."""
        return not self.url.startswith("sqlite")

    @property
    def engine(self) -> Engine:
        """The process's engine for it."""
        return engine(self.url)

    @property
    def many_write(self) -> bool:
        """Whether several transactions may write at a time; SQLite has one writer."""
        return not self.url.startswith("sqlite")

    @contextmanager
    def alone(self, what: str) -> Iterator[Callable[[], None]]:
        """Keep everybody else from `what` for as long as the block takes, over as many transactions as it has.

        For rare acts that read before they write.  On SQLite only this process's threads are kept from it.  Gives what raises
        `OperationalError` once the database has let go of it, which nothing else would tell.
        """
        # Whoever waits in this process keeps no connection from the one who is at it.
        with _turn(what), ExitStack() as held:
            if not self.many_write:
                yield lambda: None
                return
            connection = held.enter_context(self.engine.connect())
            connection.detach()  # the lock ends with the connection, and that with the block, whatever happens in it

            def ask(statement: Executable) -> None:
                connection.execute(statement)
                connection.commit()  # it lies idle, but in no transaction

            ask(_WITHOUT_TIMEOUTS)
            ask(select(func.pg_advisory_lock(func.hashtextextended(what, 0))))
            yield lambda: ask(select(1))

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Open a transaction, commit it at the end, roll it back on an error."""
        with sessions(self.url, on_the_loop.is_here()).begin() as session:
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Open a transaction for reading alone: on SQLite, too, no writer is waited for."""
        with sessions(self.url, on_the_loop.is_here())() as session:
            session.connection(execution_options={"only_reads": True})
            yield session
            # Not rolled back: after a ROLLBACK psycopg prepares every statement of the connection anew.
            session.commit()

    def knows(self, revision: str) -> bool:
        """Say whether a revision is among those that this version can migrate from."""
        return revision in {each.revision for each in ScriptDirectory.from_config(self._alembic).walk_revisions()}

    @property
    def _alembic(self) -> Config:
        config = Config()
        config.set_main_option("script_location", str(self.migrations))
        config.set_main_option("path_separator", "os")
        return config

    def migrate(self) -> None:
        """Bring the tables to the newest version (Alembic)."""
        config = self._alembic
        with self.engine.connect() as connection:
            config.attributes["connection"] = connection
            config.attributes["metadata"] = self.metadata
            command.upgrade(config, "head")


def run_migrations(configure: Mapping[str, Any] | None = None) -> None:
    """Be a service's Alembic ``env.py``: run the pending revisions on the connection that `Database.migrate` opened."""
    from alembic import context  # only there while Alembic runs an env.py

    connection = context.config.attributes["connection"]
    context.configure(
        connection=connection,
        target_metadata=context.config.attributes["metadata"],
        render_as_batch=connection.dialect.name == "sqlite",
        **(configure or {}),
    )
    with context.begin_transaction():
        if connection.dialect.name == "postgresql":
            # A migration that cannot get its lock gives way instead of stopping everybody behind it.
            connection.execute(text("SET LOCAL lock_timeout = '10s'"))
            connection.execute(text(_MAKE_MONTHLY_PARTITION))
        context.run_migrations()


def among(session: Session, column: Any, values: Collection[Any]) -> ColumnElement[bool]:
    """Say that a column has one of many values.

    On PostgreSQL without a parameter for each: they take long to count, and as many as there are make another statement each
    time, which is planned anew.
    """
    if session.get_bind().dialect.name == "postgresql":
        return _is_any_of(column, bindparam(None, _array(values), type_=NullType()))
    return column.in_(values)  # type: ignore[no-any-return]  # likewise


def among_those(dialect: str, column: Any, name: str) -> ColumnElement[bool]:
    """Say that a column has one of many values that are told under a name, as `those`, when a kept statement is carried out."""
    if dialect == "postgresql":
        return _is_any_of(column, bindparam(name, type_=NullType()))
    return column.in_(bindparam(name, expanding=True))  # type: ignore[no-any-return]  # likewise


def those(dialect: str, values: Collection[Any]) -> Any:
    """Return many values as a parameter of `among_those`."""
    return _array(values) if dialect == "postgresql" else list(values)


def _is_any_of(column: Any, told: ColumnElement[Any]) -> ColumnElement[bool]:
    return column == any_(cast(told, ARRAY(column.type)))  # type: ignore[no-any-return]  # a comparison


def _array(values: Iterable[str | bytes | int | date]) -> str:
    """Write an array as PostgreSQL does; the driver would look at each value by itself, for longer than the look-up takes."""
    written = (f"\\x{each.hex()}" if isinstance(each, bytes) else str(each) for each in values)
    quoted = ('"' + each.replace("\\", "\\\\").replace('"', '\\"') + '"' for each in written)
    return "{" + ",".join(quoted) + "}"


def plan_once(session: Session) -> None:
    """Let PostgreSQL plan each statement of a transaction once for any values, and keep the plan.

    For statements that come again and again and take longer to plan than to run: it would plan them anew each time, for
    partitions that the values leave out look like a gain.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(_PLAN_ONCE)


_PLAN_ONCE = text("SET LOCAL plan_cache_mode = force_generic_plan")


def upsert(session: Session, table: Table) -> Any:
    """Start an ``INSERT`` that can say ``on_conflict_do_…``, in the dialect of the session's database."""
    return (postgresql if session.get_bind().dialect.name == "postgresql" else sqlite).insert(table)


def upsert_newer(session: Session, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert `rows` or, where the primary key is there with an older ``version``, overwrite it; never go back."""
    if not rows:
        return
    statement = upsert(session, table)
    keys = [column.name for column in table.primary_key]
    values = {name: statement.excluded[name] for name in rows[0] if name not in keys}
    session.execute(
        statement.on_conflict_do_update(
            index_elements=keys, set_=values, where=table.c.version < statement.excluded.version
        ),
        rows,
    )


_WITHOUT_TIMEOUTS = text(
    "SELECT set_config(name, '0', false) FROM unnest(ARRAY['idle_session_timeout', 'lock_timeout', 'statement_timeout']) AS name"
)
"""Whoever is alone at something waits for it as long as need be, and then rests while its other connections work."""


@cache
def _turn(_what: str) -> Lock:
    return Lock()


def take_turns(session: Session, what: str) -> None:
    """Wait until nobody else is at `what`, and keep everybody else waiting until this transaction ends.

    For rare acts that read before they write; SQLite has one writer at a time anyway.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(what, 0))))


def room_to_sort(session: Session) -> None:
    """Let this transaction's statements sort a million rows in memory; PostgreSQL would take to the disk at 4 MB."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SET LOCAL work_mem = '128MB'"))


def monthly_partition(session: Session, table: Table, day: date) -> None:
    """See that the month of `day` has its partition of `table` on PostgreSQL; elsewhere the table is one."""
    month = day.replace(day=1)
    there = session.info.setdefault(_MONTHS, set())
    if (table.name, month) not in there and session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.make_monthly_partition(table.name, month)))
        there.add((table.name, month))


_MONTHS = "months that have their partitions"
_MAKE_MONTHLY_PARTITION = """
CREATE OR REPLACE FUNCTION make_monthly_partition(parent text, first date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE part text := parent || to_char(first, '_YYYYMM');
BEGIN
    IF to_regclass(part) IS NULL THEN
        -- Two may find the month missing at once: one makes it, the other waits and then sees it.
        PERFORM pg_advisory_xact_lock(hashtext(part));
        EXECUTE format('CREATE TABLE IF NOT EXISTS %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)',
                       part, parent, first, (first + interval '1 month')::date);
        IF (SELECT relrowsecurity FROM pg_class WHERE oid = parent::regclass) THEN
            -- Rows are reached through the parent, whose policies then hold; by its own name a part shows nothing.
            EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', part);
        END IF;
    END IF;
END $$
"""
"""A service's own account changes no table; making next month's partition is the one thing it may ask the owner to do."""
