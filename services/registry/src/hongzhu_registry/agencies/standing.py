"""How agencies are doing: whether each is there, how far behind, what it could not handle, what it promised and owes."""

import threading
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

from kombu import Connection
from sqlalchemy.orm import Session

from hongzhu import bus
from hongzhu.clock import now
from hongzhu.errors import AwayError
from hongzhu.settings import settings
from hongzhu_registry.agencies import queries
from hongzhu_registry.agencies.models import OPEN

RECENTLY = timedelta(minutes=5)
"""How long ago an agency may last have asked for something to count as there, where nobody can say whether it listens."""


class Queue(NamedTuple):
    """What the broker knows of an agency."""

    broker: Literal["answers", "away", "no queue"]
    """Whether the broker answered; as long as it is away what follows is not known."""
    listening: int | None = None
    waiting: int | None = None
    parked: int | None = None


def queues(names: Iterable[str]) -> dict[str, Queue]:
    """Ask the broker about each agency's queue and its parked twin; a broker that is away is said to be so."""
    names = list(names)
    try:
        with bus.answering(settings().broker_url) as connection:
            return {name: _queue(connection, name) for name in names}
    except AwayError:
        return dict.fromkeys(names, Queue("away"))


def _queue(connection: Connection, name: str) -> Queue:
    try:
        waiting, listening = bus.look_at(connection, f"agency.{name}")
        parked, _ = bus.look_at(connection, f"agency.{name}.parked")
    except connection.channel_errors:
        return Queue("no queue")
    if (
        settings().embedded
    ):  # there an agency's worker is a thread of this process, and of listeners the broker knows nothing
        listening = sum(each.name == name for each in threading.enumerate())
    return Queue("answers", listening, waiting, parked)


def of(session: Session, agencies: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Say of agencies, each with its name and standing, how it is doing."""
    names = [each["name"] for each in agencies]
    seen, promised = queries.last_seen(session, names), queries.programmes(session, names)
    owed, heard = queries.open_tasks(session, names), queues(names)
    return [
        {
            **each,
            "suspended": each["standing"] != OPEN,
            "alive": _alive(at := seen.get(each["name"]), heard[each["name"]]),
            "last_seen": at,
            **heard[each["name"]]._asdict(),
            "programmes": promised[each["name"]],
            "tasks": owed[each["name"]],
        }
        for each in agencies
    ]


def _alive(seen: datetime | None, queue: Queue) -> bool | None:
    recently = seen is not None and seen > now() - RECENTLY
    if queue.listening or recently:
        return True
    return None if queue.broker == "away" else False
