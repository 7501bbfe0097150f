"""What is parked, as people may see it: which message, of what topic, why and since when, and never what is in it."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, NamedTuple

from kombu import Connection

from hongzhu import bus
from hongzhu.errors import MissingError
from hongzhu.i18n import _
from hongzhu.messages import TOPICS

REASONS = frozenset({"rejected", "delivery_limit"})
"""Why the broker parked a message, in its own word: it cannot be read or ever be handled, or it failed each time it was tried."""


class Parked(NamedTuple):
    """One parked message."""

    queue: str
    id: str
    topic: str | None
    """None when it is not one of ours: whoever made it up may have written anything there."""
    reason: str | None
    """``rejected``, ``delivery_limit``, or none when the broker did not say."""
    parked_at: datetime | None


def look(connection: Connection, queues: Iterable[str], most: int | None = None) -> list[Parked]:
    """Look at the messages parked for each of `queues`, at most so many of each; they stay where they are."""
    return [_seen(queue, message) for queue in queues for message in bus.parked_messages(connection, queue, most)]


def replay(connection: Connection, queue: str, known: Iterable[str], message_id: str | None = None) -> int:
    """Give parked messages back to their queue, or only one; raises `MissingError` for a queue or message there is not."""
    known = list(known)
    if queue not in known:
        raise MissingError("There is no queue “{queue}”; there are: {known}.", queue=queue, known=_(", ").join(known))
    count = bus.replay_parked(connection, queue, message_id)
    if message_id is not None and not count:
        raise MissingError
    return count


def _seen(queue: str, message: Any) -> Parked:
    topic = message.headers.get("task")
    deaths = message.headers.get("x-death") or [{}]
    at = deaths[0].get("time")
    return Parked(
        queue=queue,
        id=bus.parked_id(message),
        topic=topic if isinstance(topic, str) and topic in TOPICS else None,
        reason=str(found) if (found := message.headers.get("x-first-death-reason")) in REASONS else None,
        parked_at=at.replace(tzinfo=UTC) if isinstance(at, datetime) else None,
    )
