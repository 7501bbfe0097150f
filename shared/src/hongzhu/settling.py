"""Settling: whether everything that was said has been handled by all who listen, and nothing is left to do by the clock.

It looks from outside, as `hongzhu doctor` does: into what the installed services hold, whichever processes they run in.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import TypeVar

from kombu import Connection
from sqlalchemy import Table, func, or_, select, update

from hongzhu import bus, inbox, outbox, runtime
from hongzhu.database import among
from hongzhu.messages import Message, batches
from hongzhu.service import Service
from hongzhu.settings import settings

_LOOKED_BACK = 200
"""Rows of an outbox that are looked at again: one that began earlier may be committed later."""
_AT_ONCE = 5_000

M = TypeVar("M", bound=Message)


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
        """How many messages were said in all, by topic and, where an agency is addressed, by routing key."""
        self._counted: set[str] = set()
        self._was_busy = ""
        """Who had something to do by the clock, and most often still has."""
        self._read: Counter[tuple[str, str]] = Counter()
        """How far each outbox was read for messages of a topic."""

    def unfinished(self, *, of_tasks: bool = False) -> str:
        """Name something that is on its way or left to do; empty when there is nothing.

        `of_tasks` asks only those who keep account of the tasks, and not for what others, and agencies, make of them.
        """
        asked = [each for each in self._services if each.ledger or not of_tasks]
        # The cheap questions first: they are answered with a yes by far the most often.
        if left := self._on_its_way(asked) or self._busy([each for each in asked if each.name == self._was_busy]):
            return left
        said, ends = self._said()
        for service in asked:
            theirs = set().union(*(said.get(each.topic, ()) for each in service.consumers))
            self._unheard[service.name] = theirs - self._settled[service.name]
        if left := self._on_its_way(asked) or self._busy(asked):
            return left
        if self._said() != (said, ends):  # what was heard while this was asked had its consequences
            return "what was only just said"
        if not of_tasks:
            if queue := self._waiting():
                return f"queue {queue}"
            self._note(said, ends)
        self._count(said)
        return ""

    def new(self, kind: type[M]) -> list[M]:
        """Return the messages of a kind that were said since this was last asked, in order; raises what does not fit it."""
        found = []
        for service in self._services:
            table, key = _outbox(service), (service.name, kind.topic)
            after = table.c.sequence > self._read[key]
            asked = select(table.c.sequence, table.c.payload).where(table.c.topic == kind.topic, after)
            with service.database.reading() as session:
                for sequence, payload in session.execute(asked.order_by(table.c.sequence)):
                    self._read[key] = sequence
                    found.append(kind.model_validate_json(payload))
        return found

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

    def _said(self) -> tuple[dict[str, set[str]], dict[str, int]]:
        """Read what was said since all was settled: by topic and routing key, and how far each outbox goes."""
        said: defaultdict[str, set[str]] = defaultdict(set)
        ends: dict[str, int] = {}
        for service in self._services:
            table = _outbox(service)
            columns = [table.c[name] for name in ("sequence", "message_id", "topic", "routing_key")]
            new = table.c.sequence > self._through[service.name] - _LOOKED_BACK
            with service.database.reading() as session:
                rows = session.execute(select(*columns).where(new)).all()
            for sequence, message_id, topic, routing_key in rows:
                ends[service.name] = max(sequence, ends.get(service.name, 0))
                for name in (topic, routing_key):
                    said[name].add(message_id)
        return said, ends

    def _on_its_way(self, asked: Sequence[Service]) -> str:
        for service in asked:
            if self._has_to_send(service):
                return f"outbox of {service.name}"
        for service in asked:
            if unheard := self._still_unheard(service):
                return f"{unheard} messages to {service.name}"
        return ""

    def _has_to_send(self, service: Service) -> bool:
        table = _outbox(service)
        with service.database.reading() as session:
            return session.scalar(select(table.c.sequence).where(table.c.published_at.is_(None)).limit(1)) is not None

    def _busy(self, asked: Sequence[Service]) -> str:
        for service in asked:
            if service.is_busy():
                self._was_busy = service.name
                return f"{service.name} by the clock"
        return ""

    def _still_unheard(self, service: Service) -> int:
        if ids := self._unheard[service.name]:
            table = service.database.metadata.tables[inbox.NAME]
            with service.database.reading() as session:
                for some in batches(sorted(ids), _AT_ONCE):
                    heard = select(table.c.message_id).where(among(session, table.c.message_id, some))
                    ids = ids.difference(session.scalars(heard))
            self._unheard[service.name] = ids
        return len(ids)

    def _waiting(self) -> str:
        if not self._queues:
            return ""
        # To come to the broker takes longer than to ask it: the connection is kept as long as it lasts.
        try:
            self._broker = self._broker or bus.connect(settings().broker_url)
            return next((each for each in self._queues if bus.look_at(self._broker, each)[0]), "")
        except Exception:
            if self._broker:
                self._broker.collect()
            self._broker = None
            raise

    def _count(self, said: dict[str, set[str]]) -> None:
        for name, ids in said.items():
            self.said[name] += len(ids - self._counted)
        # Only what can still be among the rows looked at again need be remembered.
        self._counted = set().union(*said.values())

    def _note(self, said: dict[str, set[str]], ends: dict[str, int]) -> None:
        for service in self._services:
            self._settled[service.name] = set().union(*said.values())
            self._through[service.name] = max(ends.get(service.name, 0), self._through[service.name])


def _outbox(service: Service) -> Table:
    return service.database.metadata.tables[outbox.NAME]
