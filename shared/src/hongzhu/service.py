"""A core service: its database, what it listens to, what it does by the clock and what it shows on the web."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from threading import Event
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session

from hongzhu import bus, inbox, outbox, relay, worker
from hongzhu.database import Database
from hongzhu.inbox import first_time
from hongzhu.messages import Message
from hongzhu.runtime import Ledger
from hongzhu.settings import settings

log = logging.getLogger(__name__)

Consumer = Callable[[Session, Any], None]
"""Handles one message inside the transaction that also notes it as handled."""


@dataclass(frozen=True)
class Tick:
    """Something done again and again, `seconds` apart, by as many processes as there are."""

    name: str
    seconds: float
    run: Callable[[], object]


@dataclass(frozen=True)
class Service:
    """One core service; it is found by the entry point ``hongzhu.services`` and run by `hongzhu.runtime`."""

    name: str
    database: Database
    consumers: Mapping[type[Message], Consumer]
    ticks: tuple[Tick, ...] = ()
    web: Callable[[], Any] | None = None
    """Makes the ASGI application, for a service that has one."""
    ledger: Callable[[Session], Ledger] | None = None
    """Counts the service's own view of the tasks."""
    busy: Callable[[Session], bool] | None = None
    """Says whether something that it does by the clock is still to be done today."""
    names: Callable[[Session], Mapping[str, str]] | None = None
    """Says what people call what its ids stand for: for commands, on the machine that has its database."""
    keeps_queues: Callable[[], list[str]] = list
    """Names the queues it keeps for others, beside its own."""
    keeps_files: tuple[str, ...] = ()
    """Names the files of HONGZHU_HOME that belong to its database, and go with it into a backup."""
    keys: Callable[[], Mapping[str, str]] = dict
    """Gives the fingerprints, by name, of the keys at hand without which what it seals cannot be read."""
    after_migrate: Callable[[], None] = lambda: None
    """Brings in what the installation's configuration says."""

    def migrate(self) -> None:
        """Bring the database to its newest version, and the broker to what this service listens to."""
        self.database.migrate()
        self.after_migrate()
        if settings().embedded:
            relay.replay_recent(self.database)
        keys = bus.binding_keys(message.topic for message in self.consumers)
        with bus.connect(settings().broker_url) as connection:
            bus.declare(connection, self.name, keys)

    def threads(self, stop: Event) -> list[Callable[[], None]]:
        """Return what has to run side by side: the relay, the worker and each tick."""
        app = worker.make_app(
            self.name,
            settings().broker_url,
            {message: partial(self._handle, consumer) for message, consumer in self.consumers.items()},
        )
        return [
            partial(relay.run, self.database, settings().broker_url, stop),
            partial(worker.run, app),
            *(partial(_keep_ticking, tick, stop) for tick in (*self.ticks, self._tidying)),
        ]

    def count_tasks(self) -> Ledger | None:
        """Count the tasks this service knows of, if it keeps any."""
        if self.ledger is None:
            return None
        with self.database.reading() as session:
            return self.ledger(session)

    @property
    def _tidying(self) -> Tick:
        return Tick("forget-old", 3600, partial(relay.forget_old, self.database))

    def queues(self) -> list[str]:
        """Name its own queue and those it keeps for others."""
        return [self.name, *self.keeps_queues()]

    def outbox_state(self) -> tuple[int, int]:
        """Return how many messages were ever written and how many of them wait to be published."""
        rows = self.database.metadata.tables[outbox.NAME]
        waiting = func.count().filter(rows.c.published_at.is_(None))
        with self.database.reading() as session:
            written, unpublished = session.execute(select(func.max(rows.c.sequence), waiting)).one()
        return written or 0, unpublished

    def is_busy(self) -> bool:
        """Say whether something that it does by the clock is still to be done today."""
        if self.busy is None:
            return False
        with self.database.reading() as session:
            return self.busy(session)

    def count_unheard(self) -> int:
        """Count the messages that no queue was bound to."""
        rows = self.database.metadata.tables[outbox.NAME]
        with self.database.reading() as session:
            return session.scalar(select(func.count()).where(rows.c.unroutable)) or 0

    def _handle(self, consumer: Consumer, message: Message) -> None:
        pause = 0.1
        while True:
            try:
                with self.database.transaction() as session:
                    if first_time(session, self.database.metadata.tables[inbox.NAME], message.id, message.topic):
                        consumer(session, message)
            except (OperationalError, InterfaceError) as error:
                # The database is away or busy, which is no fault of the message: wait here rather than use up its tries.
                if worker.stopping():
                    raise
                log.warning("%s waits for its database: %s", self.name, type(error).__name__)
                time.sleep(pause)
                pause = min(pause * 2, 5.0)
            else:
                return


def _keep_ticking(tick: Tick, stop: Event) -> None:
    while not stop.wait(tick.seconds / settings().pace):
        try:
            tick.run()
        except Exception as error:  # a tick that failed is tried again at the next one
            log.warning("tick %s failed: %s", tick.name, type(error).__name__)
