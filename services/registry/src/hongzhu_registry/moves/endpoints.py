"""``/children/{id}/transfer``, ``/leave`` and ``/return``: a child goes, and comes back."""

from typing import Any

from sqlalchemy.orm import Session

from hongzhu_registry.answers.once import OnlyOnce
from hongzhu_registry.children.models import Child
from hongzhu_registry.database import everything
from hongzhu_registry.moves import service
from hongzhu_registry.moves.forms import Leave, Move, Transfer
from hongzhu_registry.rest import Asking, InTransaction, Router

router = Router(prefix="/children/{child_id}", tags=["children"])


@router.post("/transfer", status_code=201)
def transfer_child(session: InTransaction, principal: Asking, once: OnlyOnce, child_id: str, move: Transfer) -> Any:
    """Give a child to another school (bureau, or the school it is at)."""
    principal.must_be("bureau", "school")

    def act() -> dict[str, Any]:
        service.transfer(session, principal, child_id, **move.model_dump())
        return _stands(session, child_id)

    return once(act, move)


@router.post("/leave", status_code=201)
def let_leave(session: InTransaction, principal: Asking, once: OnlyOnce, child_id: str, move: Leave) -> Any:
    """Record that a child left (bureau, or the school it is at)."""
    principal.must_be("bureau", "school")

    def act() -> dict[str, Any]:
        service.leave(session, principal, child_id, **move.model_dump())
        return _stands(session, child_id)

    return once(act, move)


@router.post("/return", status_code=201)
def let_return(session: InTransaction, principal: Asking, once: OnlyOnce, child_id: str, move: Move) -> Any:
    """Record that a child came back (bureau, or the school it is at)."""
    principal.must_be("bureau", "school")

    def act() -> dict[str, Any]:
        service.come_back(session, principal, child_id, on=move.on)
        return _stands(session, child_id)

    return once(act, move)


def _stands(session: Session, child_id: str) -> dict[str, Any]:
    """Say how the child stands now: no more than whoever gave it away just said himself, for he sees it no longer."""
    with everything(session):
        child = session.get_one(Child, child_id, populate_existing=True)
    names = ("id", "version", "school_id", "grade", "class_name", "entered_on", "left_on", "left_reason", "watch_until")
    return {name: getattr(child, name) for name in names}
