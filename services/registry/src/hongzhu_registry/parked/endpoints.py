"""``/parked``: messages that could not be handled; which they are and why, never what is in them."""

from typing import Any

from hongzhu_registry.answers.once import OnlyOnce
from hongzhu_registry.parked import service
from hongzhu_registry.rest import Asking, InTransaction, Router

router = Router(prefix="/parked", tags=["parked"])


@router.get("")
def list_parked(session: InTransaction, principal: Asking, queue: str | None = None) -> dict[str, Any]:
    """List what is parked, of every service and agency or of one queue: the oldest 200 of each (administrator)."""
    principal.must_be("admin")
    return {"items": [each._asdict() for each in service.look(session, queue)], "next": None}


@router.post("/{queue}/replay")
def replay_queue(session: InTransaction, principal: Asking, once: OnlyOnce, queue: str) -> Any:
    """Give everything parked for a queue back to it (administrator)."""
    principal.must_be("admin")
    return once(lambda: {"queue": queue, "replayed": service.replay(session, queue)}, None, 200)


@router.post("/{queue}/{message_id}/replay")
def replay_message(session: InTransaction, principal: Asking, once: OnlyOnce, queue: str, message_id: str) -> Any:
    """Give one parked message back to its queue (administrator)."""
    principal.must_be("admin")
    return once(lambda: {"queue": queue, "replayed": service.replay(session, queue, message_id)}, None, 200)
