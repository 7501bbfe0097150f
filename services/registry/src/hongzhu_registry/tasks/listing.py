"""The list of tasks, as the API and the page narrow it."""

from datetime import date
from typing import Any

from sqlalchemy import Select
from sqlalchemy.orm import Session

from hongzhu.database import among
from hongzhu_registry.access.policy import Principal
from hongzhu_registry.database import everything
from hongzhu_registry.tallies import queries as tallies
from hongzhu_registry.tasks import queries
from hongzhu_registry.tasks.assignees import assigned_to
from hongzhu_registry.tasks.filters import Filters
from hongzhu_registry.tasks.models import Task


def listed(session: Session, principal: Principal, filters: Filters, day: date) -> Select[Any]:
    """Select the tasks in sight that the filters leave, each with its state on `day`."""
    statement = queries.filtered(queries.visible(principal, day), day, filters.model_dump())
    if filters.assignee_id is not None:
        statement = statement.where(assigned_to(session, filters.assignee_id))
    if filters.state == "overdue":
        # Most of what nobody did is missed for ever.  On which few days something was due that is overdue yet, tallies know.
        with everything(session):
            days = tallies.overdue_days(session, day, queries.stands("overdue", day))
        statement = statement.where(among(session, Task.due_on, days))
    return statement
