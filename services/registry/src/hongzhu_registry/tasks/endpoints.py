"""``/tasks``: what is owed, to whom, and how it stands."""

from typing import Annotated, Any

from fastapi import Query

from hongzhu.clock import today
from hongzhu_registry.rest import Asking, InTransaction, Paging, Router
from hongzhu_registry.tasks import history
from hongzhu_registry.tasks.filters import Filters
from hongzhu_registry.tasks.listing import listed
from hongzhu_registry.tasks.models import Task

router = Router(prefix="/tasks", tags=["tasks"])


@router.get("")
def list_tasks(
    session: InTransaction, principal: Asking, page: Paging, filters: Annotated[Filters, Query()]
) -> dict[str, Any]:
    """List the tasks in sight, each with its state today."""
    return page.of(session, listed(session, principal, filters, today()), Task.__table__.c.id)


@router.get("/{task_id}")
def show_task(session: InTransaction, principal: Asking, task_id: str) -> dict[str, Any]:
    """Show one task with its history: each change that came by an act, when and because of what."""
    return history.shown(session, principal, task_id)
