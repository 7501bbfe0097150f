"""``/children/{id}/timeline``."""

from typing import Any

from hongzhu_registry.rest import Asking, InTransaction, Paging, Router
from hongzhu_registry.timeline import service

router = Router(prefix="/children/{child_id}/timeline", tags=["children"])


@router.get("")
def show_timeline(session: InTransaction, principal: Asking, page: Paging, child_id: str) -> dict[str, Any]:
    """List what happened to a child, the newest first, as far as it is the reader's to see."""
    return service.shown(session, principal, child_id, limit=page.limit, cursor=page.cursor)
