"""``/tasks``: what is owed, to whom, and how it stands."""

from datetime import date
from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel

from hongzhu.clock import today
from hongzhu.task_state import TaskState
from hongzhu_registry.rest import Asking, InTransaction, Paging, Router
from hongzhu_registry.tasks import history, queries
from hongzhu_registry.tasks.assignees import assigned_to
from hongzhu_registry.tasks.models import Task

router = Router(prefix="/tasks", tags=["tasks"])


class Filters(BaseModel):
    """What a list of tasks may be narrowed by."""

    school_id: str | None = None
    agency: str | None = None
    programme: str | None = None
    child_id: str | None = None
    assignee_id: str | None = None
    """The supporter who is told of them: the child's class teacher, else the school's coordinator."""
    state: TaskState | None = None
    due_before: date | None = None
    due_after: date | None = None


@router.get("")
def list_tasks(
    session: InTransaction, principal: Asking, page: Paging, filters: Annotated[Filters, Query()]
) -> dict[str, Any]:
    """List the tasks in sight, each with its state today."""
    day = today()
    statement = queries.filtered(queries.visible(principal, day), day, filters.model_dump())
    if filters.assignee_id is not None:
        statement = statement.where(assigned_to(session, filters.assignee_id))
    return page.of(session, statement, Task.__table__.c.id)


@router.get("/{task_id}")
def show_task(session: InTransaction, principal: Asking, task_id: str) -> dict[str, Any]:
    """Show one task with its history: each change that came by an act, when and because of what."""
    return history.shown(session, principal, task_id)
