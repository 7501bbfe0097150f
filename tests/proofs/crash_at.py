"""Start the product so that it dies, by SIGKILL and its own hand, at a named point: ``python -m tests.proofs.crash_at run scheduler``.

``HONGZHU_CRASH_AT=<point>[:<nth>]`` names the point and how many times it is passed before.  ``HONGZHU_CRASH_AT=@<file>``
reads that from a file whenever a point is reached; the file is removed at the moment of death, so that who is started again
lives.  The product knows nothing of this: its small functions are wrapped here, from outside.
"""

import os
import signal
import sys
from collections import Counter
from collections.abc import Callable
from functools import wraps
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

OUTBOX = ("outbox.before_commit", "outbox.after_commit")
RELAY = ("relay.before_publish", "relay.mid_publish", "relay.after_confirm", "relay.before_mark", "relay.after_mark")
CONSUMER = ("consumer.before_commit", "consumer.after_commit")
ACKNOWLEDGE = ("consumer.before_ack", "consumer.after_ack")
HOOK = ("hook.before", "hook.after")

_CORE = (*OUTBOX, *RELAY, *CONSUMER, *ACKNOWLEDGE)
POINTS: dict[str, tuple[str, ...]] = {
    "scheduler": ("occurrence.before_insert", "occurrence.after_insert", *_CORE),
    "registry": _CORE,
    "notifier": ("digest.before_reserve", "digest.after_reserve", *_CORE),
    "plugin legal_aid": (*HOOK, "answer.before_post", "answer.after_post", *ACKNOWLEDGE),
    "plugin education_bureau": (*HOOK, *ACKNOWLEDGE),
}
"""Where each component can be made to die."""

_passed: Counter[str] = Counter()


def armed() -> tuple[str, int]:
    """Return the point to die at and how often it is to be reached; ``("", 0)`` for none."""
    told = os.environ.get("HONGZHU_CRASH_AT", "")
    if told.startswith("@"):
        try:
            told = Path(told[1:]).read_text()
        except FileNotFoundError:
            return "", 0
    name, _, nth = told.partition(":")
    return name, int(nth or 1)


def reached(point: str) -> bool:
    """Say whether this is the moment."""
    name, nth = armed()
    if name != point:
        return False
    _passed[point] += 1
    return _passed[point] >= nth


def die() -> None:
    """Die without a word."""
    told = os.environ["HONGZHU_CRASH_AT"]
    if told.startswith("@"):
        Path(told[1:]).unlink(missing_ok=True)
    os.kill(os.getpid(), signal.SIGKILL)


def here(point: str) -> None:
    """Be at a point."""
    if reached(point):
        die()


def around(owner: Any, name: str, before: str | None, after: str | None) -> None:
    """Wrap a function of the product with a point before and one after it."""
    inner: Callable[..., Any] = getattr(owner, name)

    @wraps(inner)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        if before:
            here(before)
        answer = inner(*args, **kwargs)
        if after:
            here(after)
        return answer

    setattr(owner, name, wrapped)


def wrap_worker() -> None:
    """Wrap what every worker does, an agency's too."""
    from kombu.message import Message

    from hongzhu.plugin_worker import PluginWorker
    from hongzhu.registry_client import RegistryClient

    # The wire itself: with a solo pool Celery puts acknowledging off until the task has returned.
    around(Message, "ack", "consumer.before_ack", "consumer.after_ack")
    around(PluginWorker, "_call", "hook.before", "hook.after")
    around(RegistryClient, "post", "answer.before_post", "answer.after_post")


def wrap_service() -> None:
    """Wrap what every service does: its commits, its relay."""
    from sqlalchemy import Engine, event
    from sqlalchemy.orm import Session

    from hongzhu import outbox, relay, service

    marks: WeakKeyDictionary[Any, tuple[Session, set[str]]] = WeakKeyDictionary()

    def mark(session: Session, kind: str) -> None:
        marks.setdefault(session.connection(), (session, set()))[1].add(kind)

    def marking(owner: Any, name: str, kind: str) -> None:
        inner = getattr(owner, name)

        @wraps(inner)
        def wrapped(session: Session, *args: Any, **kwargs: Any) -> Any:
            mark(session, kind)
            return inner(session, *args, **kwargs)

        setattr(owner, name, wrapped)

    # Everything that writes outbox rows asks for the bell; every consumer asks the inbox first.
    marking(outbox, "ring_after_commit", "outbox")
    marking(service, "first_time", "consumer")

    @event.listens_for(Engine, "commit")
    def before_commit(connection: Any) -> None:
        session, kinds = marks.pop(connection, (None, set()))
        for kind in sorted(kinds):
            here(f"{kind}.before_commit")
        if session is not None:
            session.info["committing"] = kinds

    @event.listens_for(Session, "after_commit")
    def after_commit(session: Session) -> None:
        # Also called for savepoints, which commit nothing: then nothing has been noted above.
        for kind in sorted(session.info.pop("committing", ())):
            here(f"{kind}.after_commit")

    for publisher in (relay.ConfirmingPublisher, relay.MemoryPublisher):
        around(publisher, "send", "relay.before_publish", "relay.after_confirm")
    around(relay, "mark", "relay.before_mark", "relay.after_mark")
    _break_off(relay.ConfirmingPublisher)


def _break_off(publisher: Any) -> None:
    # Dies with half a window on the wire.
    inner = publisher.__init__

    @wraps(inner)
    def made(self: Any, url: str) -> None:
        inner(self, url)
        transport = self._connection.transport
        write = transport.write

        def written(data: Any) -> None:
            if isinstance(data, bytearray) and reached("relay.mid_publish"):
                write(bytes(data[: len(data) // 2]))
                die()
            write(data)

        transport.write = written

    publisher.__init__ = made


def wrap_installed() -> None:
    """Wrap what is installed."""
    services = {found.name for found in entry_points(group="hongzhu.services")}
    wrap_worker()
    if services:
        wrap_service()
    if "scheduler" in services:
        from hongzhu_scheduler import planner

        around(planner, "insert_occurrences", "occurrence.before_insert", "occurrence.after_insert")
    if "notifier" in services:
        from hongzhu_notifier import deliveries

        around(deliveries, "reserve", "digest.before_reserve", "digest.after_reserve")


if __name__ == "__main__":
    from hongzhu.cli import main

    wrap_installed()
    main(sys.argv[1:])
