"""The relay: moves what the outbox holds to the broker, and marks it once the broker has confirmed it.

Any number of relays may run on PostgreSQL; they share the work by ``SKIP LOCKED``.  On RabbitMQ the confirms are pipelined:
the rows of one transaction are all sent before the first confirm is waited for.  On any publishing error the connection is
closed, for a channel that failed once gives false confirms; what was not confirmed stays, and goes again with the same id.
"""

import logging
from collections import OrderedDict
from collections.abc import Sequence
from datetime import timedelta
from itertools import takewhile
from threading import Event
from typing import Any, NamedTuple, Protocol

from amqp import Channel
from amqp import Connection as AMQPConnection
from kombu import Connection, Producer
from sqlalchemy import Table, delete, select, update
from sqlalchemy.orm import Session

from hongzhu import bus, inbox, outbox
from hongzhu.clock import now
from hongzhu.database import Database
from hongzhu.frames import published

log = logging.getLogger(__name__)

WINDOW = 1000
"""The most messages that are outstanding at the broker."""
AT_ONCE = 50
"""Messages handed to the broker's socket in one write."""
POLL = 0.5
"""Seconds between looks at the outbox when nothing rings."""
AWAY = 2.0
"""Seconds, at most, between attempts when broker or database is away: what waits was promised to whoever wrote it."""
PATIENCE = 30.0
"""Seconds to wait for the broker's confirms before the connection is given up."""
KEPT = timedelta(days=7)
"""How long published rows are kept: the embedded broker forgets what is in flight, so the rows are what lasts."""
REMEMBERED = timedelta(days=30)
"""How long the inbox remembers what was handled: longer than any outbox keeps it."""

GO_AGAIN = (
    "UPDATE inbox SET handled_at = CURRENT_TIMESTAMP",
    "UPDATE outbox SET published_at = NULL",
)
"""What makes a database that was restored go on where it stood: what was on its way goes again, and what was handled is
remembered from now on, however long ago that was."""


class Waiting(NamedTuple):
    """One outbox row on its way."""

    sequence: int
    message_id: str
    topic: str
    routing_key: str
    payload: str


class Settled(NamedTuple):
    """What became of a window of rows, by their sequence; rows in neither were not confirmed and stay."""

    routed: set[int]
    unroutable: set[int]


class Publisher(Protocol):
    """Sends a window of rows and says which arrived."""

    def send(self, rows: Sequence[Waiting]) -> Settled:
        """Send `rows` and wait until each is settled."""
        ...

    def close(self) -> None:
        """Let the connection go."""
        ...


class MemoryPublisher:
    """Publishes to the broker inside this process, where being put on the queue is being confirmed."""

    def __init__(self, url: str) -> None:
        self._connection = bus.connect(url)
        self._producer = Producer(self._connection.channel())

    def send(self, rows: Sequence[Waiting]) -> Settled:
        """Put `rows` on the queues bound to them."""
        for row in rows:
            bus.publish(self._producer, row.message_id, row.topic, row.routing_key, row.payload)
        bus.arrived.ring()
        return Settled({row.sequence for row in rows}, set())

    def close(self) -> None:
        """Let the connection go."""
        self._connection.release()


class ConfirmingPublisher:
    """Publishes to RabbitMQ with pipelined confirms, mandatory and persistent."""

    def __init__(self, url: str) -> None:
        self._connection: AMQPConnection = Connection(url, connect_timeout=5).connection  # opens it
        try:
            self._channel: Channel = self._connection.channel()
            self._channel.exchange_declare(bus.EXCHANGE.name, "topic", passive=True)
            self._channel.confirm_select()
        except Exception:
            self.close()
            raise
        self._outstanding: OrderedDict[int, Waiting] = OrderedDict()
        self._settled = Settled(set(), set())
        self._returned: set[str] = set()
        self._tag = 0
        self._channel.events["basic_ack"].add(self._on_ack)
        self._channel.events["basic_nack"].add(self._on_nack)
        self._channel.events["basic_return"].add(self._on_return)

    def send(self, rows: Sequence[Waiting]) -> Settled:
        """Send `rows` and wait until the broker has acknowledged or refused each."""
        self._settled = Settled(set(), set())
        number, frame_max = self._channel.channel_id or 1, self._connection.frame_max
        for first in range(0, len(rows), AT_ONCE):
            frames = bytearray()
            for row in rows[first : first + AT_ONCE]:
                self._tag += 1
                self._outstanding[self._tag] = row
                frames += published(
                    number,
                    frame_max,
                    message_id=row.message_id,
                    topic=row.topic,
                    routing_key=row.routing_key,
                    payload=row.payload,
                )
            self._connection.transport.write(frames)
        while self._outstanding:
            self._connection.drain_events(timeout=PATIENCE)
        return self._settled

    def close(self) -> None:
        """Let the connection go, whatever state it is in."""
        self._connection.collect()

    def _taken(self, tag: int, multiple: bool) -> list[Waiting]:
        # Acks come out of order: only the tags that are outstanding count, and never more than is said.
        tags = list(takewhile(lambda each: each <= tag, self._outstanding)) if multiple else [tag]
        return [row for each in tags if (row := self._outstanding.pop(each, None))]

    def _on_ack(self, delivery_tag: int, multiple: bool) -> None:
        for row in self._taken(delivery_tag, multiple):
            (self._settled.unroutable if row.message_id in self._returned else self._settled.routed).add(row.sequence)
            self._returned.discard(row.message_id)

    def _on_nack(self, delivery_tag: int, multiple: bool) -> None:
        self._taken(delivery_tag, multiple)

    def _on_return(self, _error: Exception, _exchange: str, _key: str, message: Any) -> None:
        # A return comes before its own ack, which settles it.
        self._returned.add(message.properties["message_id"])


def publisher(url: str) -> Publisher:
    """Choose the publisher for a broker URL."""
    return MemoryPublisher(url) if url.startswith("memory:") else ConfirmingPublisher(url)


def claim(session: Session, table: Table) -> list[Waiting]:
    """Lock the oldest waiting rows that no other relay has locked."""
    columns = [table.c[name] for name in Waiting._fields]
    statement = select(*columns).where(table.c.published_at.is_(None)).order_by(table.c.sequence).limit(WINDOW)
    return [Waiting(*row) for row in session.execute(statement.with_for_update(skip_locked=True))]


def mark(session: Session, table: Table, settled: Settled) -> None:
    """Mark what the broker has confirmed; what nobody was bound to is marked too, and shown by `hongzhu doctor`."""
    for sequences, unroutable in ((settled.routed, False), (settled.unroutable, True)):
        if sequences:
            session.execute(
                update(table).where(table.c.sequence.in_(sequences)).values(published_at=now(), unroutable=unroutable)
            )


def pass_on(database: Database, sender: Publisher) -> int:
    """Send one window of waiting rows; return how many were settled."""
    table = database.metadata.tables[outbox.NAME]
    with database.transaction() as session:
        rows = claim(session, table)
        settled = sender.send(rows) if rows else Settled(set(), set())
        mark(session, table, settled)
    if settled.unroutable:
        log.warning("%s: %d messages had no one bound to them", database.service, len(settled.unroutable))
    return len(settled.routed) + len(settled.unroutable)


def forget_old(database: Database) -> None:
    """Drop what was published and what was handled so long ago that it cannot come back."""
    published, handled = (database.metadata.tables[name] for name in (outbox.NAME, inbox.NAME))
    with database.transaction() as session:
        session.execute(delete(published).where(published.c.published_at < now() - KEPT))
        session.execute(delete(handled).where(handled.c.handled_at < now() - REMEMBERED))


def replay_recent(database: Database) -> None:
    """Let everything the outbox still holds go again: the embedded broker forgot it, and inboxes drop what they know."""
    forget_old(database)
    table = database.metadata.tables[outbox.NAME]
    with database.transaction() as session:
        session.execute(update(table).values(published_at=None))


def run(database: Database, broker_url: str, stop: Event) -> None:
    """Keep passing on what `database`'s outbox holds until `stop` is set, whatever happens to broker and database."""
    sender: Publisher | None = None
    pause = POLL
    with outbox.written.hanging() as bell:
        while not stop.is_set():
            try:
                sender = sender or publisher(broker_url)
                while not stop.is_set() and pass_on(database, sender) >= WINDOW:
                    pass  # a window that is not full was all there was
                pause = POLL
            except Exception as error:  # broker or database is away; what was not confirmed is still in the outbox
                log.warning("relay of %s waits: %s", database.service, type(error).__name__)
                if sender:
                    sender.close()
                sender, pause = None, min(pause * 2, AWAY)
            bell.wait(pause)
            bell.clear()
    if sender:
        sender.close()
