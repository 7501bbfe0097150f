"""``/tasks/{id}/excuse`` and ``/children/{id}/pauses``."""

from datetime import date
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from hongzhu.clock import today
from hongzhu_registry.answers.once import OnlyOnce
from hongzhu_registry.children.queries import require
from hongzhu_registry.excuses import service
from hongzhu_registry.rest import Asking, InTransaction, Router
from hongzhu_registry.tasks.history import shown as shown_task

router = Router(prefix="/tasks/{task_id}/excuse", tags=["tasks"])
pauses = Router(prefix="/children/{child_id}/pauses", tags=["children"])


class Because(BaseModel):
    """Why something is excused; it is kept sealed."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(min_length=1, max_length=500)


class NewPause(Because):
    """The days for which a child is ill or away, as far as they are known."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    first: date = Field(alias="from")
    until: date | None = None


class Ending(BaseModel):
    """The last day of a pause; today when none is said."""

    model_config = ConfigDict(extra="forbid")

    on: date | None = None


@router.post("", status_code=201)
def excuse_task(session: InTransaction, principal: Asking, once: OnlyOnce, task_id: str, because: Because) -> Any:
    """Excuse a task that nobody has done (bureau, or the school's coordinator)."""
    principal.must_be("bureau", "school")

    def act() -> dict[str, Any]:
        service.excuse_task(session, principal, task_id, because.reason)
        return shown_task(session, principal, task_id)

    return once(act, because)


@router.delete("")
def take_back_excuse(session: InTransaction, principal: Asking, task_id: str) -> dict[str, Any]:
    """Take the excuse of a task back: it stands as its evidence has it."""
    service.take_back(session, principal, task_id)
    return shown_task(session, principal, task_id)


@pauses.get("")
def list_pauses(session: InTransaction, principal: Asking, child_id: str) -> dict[str, Any]:
    """List a child's pauses, the newest first."""
    principal.must_be("bureau", "school")
    require(session, principal, [child_id])
    return {"items": service.pauses(session, principal, child_id), "next": None}


@pauses.post("", status_code=201)
def pause_child(session: InTransaction, principal: Asking, once: OnlyOnce, child_id: str, pause: NewPause) -> Any:
    """Let nothing fall due for a child while it is ill or away (bureau, or the school's coordinator)."""
    principal.must_be("bureau", "school")

    def act() -> dict[str, Any]:
        made = service.pause(session, principal, child_id, first=pause.first, last=pause.until, reason=pause.reason)
        return service.shown(made)

    return once(act, pause)


@pauses.post("/{pause_id}/end", status_code=201)
def end_pause(
    session: InTransaction, principal: Asking, once: OnlyOnce, child_id: str, pause_id: str, ending: Ending
) -> Any:
    """Say which is a pause's last day: from the day after, things fall due again."""
    principal.must_be("bureau", "school")

    def act() -> dict[str, Any]:
        ended = service.end_pause(session, principal, child_id, pause_id, ending.on or today())
        return service.shown(ended)

    return once(act, ending)


@pauses.delete("/{pause_id}")
def take_back_pause(session: InTransaction, principal: Asking, child_id: str, pause_id: str) -> dict[str, Any]:
    """Take back a pause that was an error: what it kept back falls due after all."""
    service.take_back_pause(session, principal, child_id, pause_id)
    return {"items": service.pauses(session, principal, child_id), "next": None}
