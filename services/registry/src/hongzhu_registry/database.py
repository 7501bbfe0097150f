"""The registry's database and the base of its tables."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, DateTime, Dialect, String, TypeDecorator, func, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute, Mapped, Session, mapped_column
from uuid_utils import uuid7

from hongzhu import outbox
from hongzhu.database import Database as ServiceDatabase
from hongzhu.database import new_metadata
from hongzhu.direct import Direct
from hongzhu.inbox import inbox_table
from hongzhu.messages import Message
from hongzhu.outbox import outbox_table

metadata = new_metadata()
outbox_rows = outbox_table(metadata)
inbox_rows = inbox_table(metadata)

WHO = ("account_id", "school_id", "agency", "supporter_id", "child_id")
"""What a session of PostgreSQL is told of whoever asks, beside the level; `access.walls` compares rows with it."""
_TOLD = "told"
_TOLD_BY = {f"told_{name}": name for name in ("level", *WHO)}
EVERYTHING = "all"
"""The level at which every row is seen: the bureau's, and that of work that nobody asks for."""
_NARROW = text("SELECT " + ", ".join(f"set_config('hongzhu.{name}', :{name}, true)" for name in ("level", *WHO)))


def narrow(session: Session | Direct, who: Mapping[str, str | None]) -> None:
    """Let a session see what somebody sees, until its transaction ends: ``level`` and, of `WHO`, what there is."""
    told = {name: who.get(name) or "" for name in ("level", *WHO)}
    if session.info.get(_TOLD) != told:
        _tell(session, told)


def narrowing(kind: str, **who: ColumnElement[str] | InstrumentedAttribute[Any]) -> list[ColumnElement[str]]:
    """Make columns that narrow a session on PostgreSQL as they are selected, with who asks: no question of their own.

    `narrowed` must be given the row.
    """
    if kind != "postgresql":
        return []
    return [
        func.set_config(f"hongzhu.{name}", func.coalesce(who.get(name, ""), ""), True).label(told)
        for told, name in _TOLD_BY.items()
    ]


def narrowed(session: Session | Direct, row: Mapping[str, Any]) -> None:
    """Note what a session was told by the columns of `narrowing`."""
    session.info[_TOLD] = {name: row[told] for told, name in _TOLD_BY.items() if told in row}


@contextmanager
def everything(session: Session) -> Iterator[None]:
    """Let a session see everything for what follows from an act, whoever asked for it: facts worked out, tasks resolved."""
    before = session.info.get(_TOLD, {"level": ""})
    if before["level"] == EVERYTHING:
        yield
        return
    nobody = dict.fromkeys(WHO, "")
    session.flush()
    _tell(session, nobody | before | {"level": EVERYTHING})
    try:
        yield
        session.flush()
    except BaseException:
        with suppress(DBAPIError):  # a transaction that PostgreSQL has given up is rolled back, and this with it
            _tell(session, nobody | before)
        raise
    _tell(session, nobody | before)


def _tell(session: Session | Direct, told: dict[str, str]) -> None:
    session.info[_TOLD] = told
    if session.get_bind().dialect.name == "postgresql":
        session.execute(_NARROW, told)


class Database(ServiceDatabase):
    """The registry's database, whose sessions see on PostgreSQL only what they are told to."""

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Open a transaction for work that nobody asks for: a message, a tick, a command.  It sees everything."""
        with self.unseeing() as session:
            narrow(session, {"level": EVERYTHING})
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Open a transaction for reading alone, which sees everything."""
        with super().reading() as session:
            narrow(session, {"level": EVERYTHING})
            yield session

    @contextmanager
    def unseeing(self) -> Iterator[Session]:
        """Open a transaction that sees no row of a person's until it is told for whom it reads."""
        with super().transaction() as session:
            yield session

    def migrate(self) -> None:
        """Bring the tables to the newest version, and the second wall in front of them."""
        from hongzhu_registry.access import walls  # made from every noun's tables, which are made from this module

        super().migrate()
        with self.engine.begin() as connection:
            walls.put_up(connection)


database = Database("registry", metadata, Path(__file__).parent / "migrations")


class Moment(TypeDecorator[datetime]):
    """A moment in UTC, whoever says it in which zone; SQLite keeps no zone, and would give back what was said without it."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Keep it in UTC."""
        return value and value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Give it back in UTC."""
        return value and (value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC))


class Base(DeclarativeBase):
    """Every table of the registry."""

    metadata = metadata
    type_annotation_map: ClassVar = {datetime: Moment}


def new_id() -> str:
    """Make an id that sorts by the time it was made (UUIDv7, RFC 9562 5.7): kind to the index, and to keyset pages."""
    return str(uuid7())


class FromWorkbook:
    """What a row that came out of a workbook carries beside what it says."""

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    version: Mapped[int] = mapped_column(default=1)
    identity: Mapped[str | None] = mapped_column(String(64), unique=True)
    """A keyed hash of what makes it the same thing when it is handed in again; none for what was entered by hand."""
    content_hash: Mapped[str | None] = mapped_column(String(64))
    """A keyed hash of all it says: handing in the same again changes nothing."""


UNSHOWN = frozenset({"identity", "content_hash"})
"""What tells the rows of workbooks apart: nobody's to see, for a hash answers whoever guesses."""


def publish(session: Session, *messages: Message) -> None:
    """Say something on the bus once the transaction has committed."""
    outbox.publish(session, outbox_rows, messages)
