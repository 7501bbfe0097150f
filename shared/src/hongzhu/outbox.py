"""The outbox: publishing inside a transaction writes a row; the relay sends it once the transaction has committed."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Index,
    Insert,
    Integer,
    MetaData,
    Select,
    String,
    Table,
    Text,
    bindparam,
    event,
    insert,
)
from sqlalchemy.orm import Session

from hongzhu import bus
from hongzhu.bells import Bells
from hongzhu.clock import now
from hongzhu.messages import Message

NAME = "outbox"

written = Bells()
"""Rung when something was committed to an outbox; what other processes commit is found by the relay's slow look."""


def outbox_table(metadata: MetaData) -> Table:
    """Declare the outbox among a service's tables; `sequence` is only the order of reading, never a cursor."""
    table = Table(
        NAME,
        metadata,
        Column("sequence", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
        Column("message_id", String(100), nullable=False),
        Column("topic", String(50), nullable=False),
        Column("routing_key", String(100), nullable=False),
        Column("payload", Text, nullable=False),
        Column("written_at", DateTime(timezone=True), nullable=False),
        Column("published_at", DateTime(timezone=True)),
        Column("unroutable", Boolean, nullable=False, default=False, server_default="0"),
    )
    Index(
        "ix_outbox_waiting",
        table.c.sequence,
        postgresql_where=table.c.published_at.is_(None),
        sqlite_where=table.c.published_at.is_(None),
    )
    return table


def publish(session: Session, outbox: Table, messages: Iterable[Message]) -> None:
    """Write `messages` to the outbox inside the caller's transaction."""
    rows = [
        {
            "message_id": message.id,
            "topic": message.topic,
            "routing_key": message.routing_key,
            "payload": bus.payload_of(message),
            "written_at": now(),
        }
        for message in messages
    ]
    if rows:
        # inline: nobody needs the new row's number, and whoever may write it need not be allowed to read it.
        session.execute(insert(outbox).inline(), rows)
        ring_after_commit(session)


def publish_selected(session: Session, outbox: Table, messages: Select[*tuple[Any, ...]]) -> None:
    """Write the messages that a statement selects, each as its id, topic, routing key and payload."""
    publish_by(session, selected(outbox, messages))


def selected(outbox: Table, messages: Select[*tuple[Any, ...]]) -> Insert:
    """Make a statement for `publish_by`, to be kept where it is needed again and again, of one that selects messages."""
    columns = ["message_id", "topic", "routing_key", "payload", "written_at"]
    rows = messages.add_columns(bindparam(_WRITTEN, type_=outbox.c.written_at.type))
    return insert(outbox).from_select(columns, rows, include_defaults=False)


def publish_by(session: Session, statement: Insert, values: Mapping[str, Any] = MappingProxyType({})) -> None:
    """Write the messages that a statement made by `selected` tells, given the values of its parameters."""
    session.execute(statement, {**values, _WRITTEN: now()})
    ring_after_commit(session)


_WRITTEN = "now"  # not as the column is called, or it would be taken for a value of it


def ring_after_commit(session: Session) -> None:
    """Wake this process's relays once the session has committed."""
    event.listen(session, "after_commit", _ring_if_committed)  # the same listener again is no second one


def _ring_if_committed(session: Session) -> None:
    if not session.in_nested_transaction():  # the end of a savepoint commits nothing yet
        written.ring()
