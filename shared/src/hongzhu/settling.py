"""Settling: whether everything that was said has been handled by all who listen, and nothing is left to do by the clock.

It looks from outside, as `hongzhu doctor` does: into what the installed services hold, whichever processes they run in.
"""

import random
from collections import Counter
from collections.abc import Iterator

from kombu import Connection
from sqlalchemy import Table, func, or_, select, update

from hongzhu import bus, inbox, outbox, runtime
from hongzhu.messages import batches
from hongzhu.service import Service
from hongzhu.settings import settings

_LOOKED_BACK = 500
"""Rows of an outbox that are looked at again: one that began earlier may be committed later."""
_AT_ONCE = 5_000


class Watch:
    """Follows what is said, from the day it is begun."""

    def __init__(self) -> None:
        self._services = [each for each in runtime.services() if isinstance(each, Service)]
        self._queues = [] if settings().embedded else [each.queue for each in runtime.agencies()]
        self._through = dict.fromkeys((each.name for each in self._services), 0)
        self._settled: dict[str, set[str]] = {each.name: set() for each in self._services}
        self._unheard: dict[str, set[str]] = {each.name: set() for each in self._services}
        """What the last whole look found to be on its way to each."""
        self._broker: Connection | None = None
        self.said: Counter[str] = Counter()
        """How many messages of each topic were said in all."""
        self._counted: set[str] = set()

    def unfinished(self) -> str:
        """Name something that is on its way or left to do; empty when there is nothing."""
        # The cheap questions first: they are answered with a yes by far the most often.
        for service in self._services:
            if self._has_to_send(service):
                return f"outbox of {service.name}"
        for service in self._services:
            if unheard := self._still_unheard(service, self._unheard[service.name]):
                return f"{len(unheard)} messages to {service.name}"
        if busy := self._busy():
            return busy
        said: dict[str, set[str]] = {}
        ends: dict[str, int] = {}
        for service in self._services:
            for sequence, message_id, topic, waits in self._rows_of(service):
                if waits:
                    return f"outbox of {service.name}"
                ends[service.name] = max(sequence, ends.get(service.name, 0))
                said.setdefault(topic, set()).add(message_id)
        for service in self._services:
            theirs = set().union(*(said.get(each.topic, ()) for each in service.consumers))
            if unheard := self._still_unheard(service, theirs - self._settled[service.name]):
                return f"{len(unheard)} messages to {service.name}"
        if busy := self._busy():  # by something heard since it was asked above
            return busy
        if self._queues and (queue := self._waiting()):
            return f"queue {queue}"
        self._note(said, ends)
        return ""

    def say_again(self, dice: random.Random, many: int) -> int:
        """Let some of what was said, today or long ago, be said again; return how many messages that is."""
        again = 0
        for service in self._services:
            table = _outbox(service)
            with service.database.transaction() as session:
                last = session.scalar(select(func.max(table.c.sequence))) or 0
                chosen = {dice.randint(max(1, last - 200), last) for _ in range(many // 2) if last}
                chosen |= {dice.randint(1, last) for _ in range(many // 2) if last}
                if chosen:
                    session.execute(update(table).where(table.c.sequence.in_(chosen)).values(published_at=None))
            again += len(chosen)
        return again

    def is_empty(self) -> bool:
        """Whether no service here has ever spoken of a school or a child."""
        for service in self._services:
            table = _outbox(service)
            about_them = or_(table.c.topic.startswith("child."), table.c.topic.startswith("school."))
            with service.database.reading() as session:
                if session.scalar(select(table.c.sequence).where(about_them).limit(1)) is not None:
                    return False
        return True

    def _rows_of(self, service: Service) -> Iterator[tuple[int, str, str, bool]]:
        table = _outbox(service)
        columns = table.c.sequence, table.c.message_id, table.c.topic, table.c.published_at.is_(None)
        new = table.c.sequence > self._through[service.name] - _LOOKED_BACK
        with service.database.reading() as session:
            rows = session.execute(select(*columns).where(new)).all()
        yield from (tuple(row) for row in rows)

    def _has_to_send(self, service: Service) -> bool:
        table = _outbox(service)
        with service.database.reading() as session:
            return session.scalar(select(table.c.sequence).where(table.c.published_at.is_(None)).limit(1)) is not None

    def _busy(self) -> str:
        return next((f"{each.name} by the clock" for each in self._services if each.is_busy()), "")

    def _still_unheard(self, service: Service, ids: set[str]) -> set[str]:
        if ids:
            table = service.database.metadata.tables[inbox.NAME]
            with service.database.reading() as session:
                for some in batches(sorted(ids), _AT_ONCE):
                    ids = ids.difference(
                        session.scalars(select(table.c.message_id).where(table.c.message_id.in_(some)))
                    )
        self._unheard[service.name] = ids
        return ids

    def _waiting(self) -> str:
        # To come to the broker takes longer than to ask it: the connection is kept as long as it lasts.
        try:
            self._broker = self._broker or bus.connect(settings().broker_url)
            return next((each for each in self._queues if bus.look_at(self._broker, each)[0]), "")
        except Exception:
            if self._broker:
                self._broker.collect()
            self._broker = None
            raise

    def _note(self, said: dict[str, set[str]], ends: dict[str, int]) -> None:
        everything = set().union(*said.values())
        for topic, ids in said.items():
            self.said[topic] += len(ids - self._counted)
        # Only what can still be among the rows looked at again need be remembered.
        self._counted = everything
        for service in self._services:
            self._settled[service.name] = everything
            self._through[service.name] = max(ends.get(service.name, 0), self._through[service.name])


def _outbox(service: Service) -> Table:
    return service.database.metadata.tables[outbox.NAME]
