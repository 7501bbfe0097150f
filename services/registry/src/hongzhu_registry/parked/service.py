"""What no service and no agency could handle: an administrator looks at it, and lets it go again."""

from importlib.metadata import entry_points

from sqlalchemy.orm import Session

from hongzhu import bus, parked
from hongzhu.parked import Parked
from hongzhu.settings import settings
from hongzhu_registry.access.service import agencies_with_accounts

MOST = 200
"""How many of one queue are looked at: each look takes them from the broker and gives them back."""


def queues(session: Session) -> list[str]:
    """Name the queues of all services and of every agency, wherever they run."""
    agencies = sorted(agencies_with_accounts(session))
    return [*sorted(entry_points(group="hongzhu.services").names), *(f"agency.{name}" for name in agencies)]


def look(session: Session, queue: str | None = None) -> list[Parked]:
    """Look at what is parked, of every queue or of one; raises `AwayError`."""
    wanted = [name for name in queues(session) if queue in (None, name)]
    with bus.answering(settings().broker_url) as connection:
        return parked.look(connection, wanted, MOST)


def replay(session: Session, queue: str, message_id: str | None = None) -> int:
    """Give what is parked for a queue back to it, or one message; raises `AwayError` and `MissingError`."""
    with bus.answering(settings().broker_url) as connection:
        return parked.replay(connection, queue, queues(session), message_id)
