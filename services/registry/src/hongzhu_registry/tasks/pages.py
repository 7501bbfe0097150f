"""``/tasks`` as a page: what is owed, narrowed by how it stands, by school, by programme and by child."""

from datetime import date
from typing import Annotated, Any

from fastapi import Form, Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import field_validator
from sqlalchemy.orm import Session

from hongzhu.clock import today
from hongzhu.errors import ConflictError, HongzhuError, InvalidError
from hongzhu.i18n import _
from hongzhu_registry.agencies.queries import names_of_all as agency_names
from hongzhu_registry.children.queries import names_in_sight
from hongzhu_registry.excuses import service as excuses
from hongzhu_registry.menu import OFFICES
from hongzhu_registry.pages import spoken_day, spoken_days
from hongzhu_registry.programmes.queries import definitions
from hongzhu_registry.rest import InTransaction, Paging
from hongzhu_registry.schools.queries import TO_CHOOSE_FROM, names_to_show
from hongzhu_registry.schools.queries import names_in_sight as school_names
from hongzhu_registry.signed_in import Narrowing, Pages, Reading, see_other, show
from hongzhu_registry.tasks import history, queries
from hongzhu_registry.tasks.filters import Filters
from hongzhu_registry.tasks.listing import listed
from hongzhu_registry.tasks.models import Task

router = Pages()

LONGEST = 500
"""Characters of a reason."""


class Narrowed(Narrowing, Filters):
    """What the page may be narrowed by: the same as the API's list; ``all`` of how a task stands narrows nothing."""

    @field_validator("state", mode="before")
    @classmethod
    def _all_is_none(cls, value: Any) -> Any:
        return None if value == "all" else value


@router.get("/tasks")
def list_tasks(
    request: Request, session: InTransaction, reader: Reading, page: Paging, filters: Annotated[Narrowed, Query()]
) -> Response:
    """Show the tasks in sight, each with whom it is for: where nothing is asked for, those overdue, or else those to do."""
    reader.must_be(*OFFICES)
    if not request.query_params:
        overdue = listed(session, reader, Filters(state="overdue"), today()).limit(1)
        return see_other("/tasks", state="overdue" if session.execute(overdue).first() else "due")
    statement = listed(session, reader, filters, today())
    # What is still to be done: the longest due first.  Everything else: the newest first.
    to_do = filters.state in ("due", "overdue")
    day_of_key = (Task.due_on if to_do else Task.opens_on).label("day_of_key")
    found = page.of(session, statement.add_columns(day_of_key), day_of_key, Task.__table__.c.id, newest_first=not to_do)
    subjects = [each["subject_id"] for each in found["items"]]
    return show(
        request,
        "tasks.html",
        found=found,
        told=_told(session, filters),
        programmes={each.code: str(each.name) for each in definitions(session, reader.agency)},
        to_choose_from=TO_CHOOSE_FROM,
        schools=names_to_show(session, reader, {*subjects, *(each["school_id"] for each in found["items"])}),
        children=names_in_sight(session, reader, subjects),
    )


def _told(session: Session, filters: Filters) -> list[str]:
    """Say what the list is narrowed by that none of its fields shows: a figure's link narrows it so."""
    told = []
    if filters.agency:
        told.append(agency_names(session).get(filters.agency, filters.agency))
    if filters.done is not None:
        told.append(_("Done") if filters.done else _("Not done"))
    if filters.begins_after or filters.begins_before:
        told.append(_("for periods that begin {days}", days=_days(filters.begins_after, filters.begins_before)))
    if filters.due_after or filters.due_before:
        told.append(_("due {days}", days=_days(filters.due_after, filters.due_before)))
    return told


def _days(first: date | None, last: date | None) -> str:
    if first and last:
        return spoken_days(first, last)
    return _("from {day} on", day=spoken_day(first)) if first else _("until {day}", day=spoken_day(last))


@router.get("/tasks/{task_id}")
def show_task(request: Request, session: InTransaction, reader: Reading, task_id: str) -> HTMLResponse:
    """Show one task, what became of it and why."""
    reader.must_be(*OFFICES)
    return _shown(request, session, reader, task_id)


@router.post("/tasks/{task_id}/excuse")
def excuse(
    request: Request, session: InTransaction, reader: Reading, task_id: str, reason: Annotated[str, Form()] = ""
) -> Response:
    """Excuse a task that nobody has done."""
    reader.must_be("bureau", "school")
    reason = reason.strip()
    try:
        with session.begin_nested():  # what is refused halfway leaves nothing behind
            if not 0 < len(reason) <= LONGEST:
                raise InvalidError("Say why; it is kept sealed.", field="reason")
            excuses.excuse_task(session, reader, task_id, reason)
    except (InvalidError, ConflictError) as error:
        return _shown(request, session, reader, task_id, reason=reason, error=error)
    return see_other(f"/tasks/{task_id}")


@router.post("/tasks/{task_id}/take-back")
def take_back(request: Request, session: InTransaction, reader: Reading, task_id: str) -> Response:
    """Take the excuse of a task back."""
    reader.must_be("bureau", "school")
    try:
        with session.begin_nested():
            excuses.take_back(session, reader, task_id)
    except ConflictError as error:
        return _shown(request, session, reader, task_id, error=error)
    return see_other(f"/tasks/{task_id}")


def _shown(
    request: Request,
    session: InTransaction,
    reader: Reading,
    task_id: str,
    *,
    reason: str = "",
    error: HongzhuError | None = None,
) -> HTMLResponse:
    task = history.shown(session, reader, task_id)
    may_excuse = reader.is_bureau or reader.role == "school"
    return show(
        request,
        "task.html",
        status=error.status if error else 200,
        task=task,
        acts=_acts(),
        programme=next((each for each in definitions(session) if each.code == task["programme"]), None),
        agency=agency_names(session).get(task["agency"], task["agency"]),
        schools=school_names(session, reader),
        children=names_in_sight(session, reader, [task["subject_id"]]),
        excusable=may_excuse and task["state"] in queries.OPEN,
        excused=may_excuse and task["excuse_id"] is not None,
        reason=reason,
        error=error,
    )


def _acts() -> dict[str, str]:
    """Name what changes how a task stands."""
    return {
        "issued": _("Issued"),
        "done": _("Done"),
        "late": _("Done late"),
        "missed": _("Missed"),
        "corrected": _("Entry corrected"),
        "withdrawn": _("Entry taken back"),
        "excused": _("Excused"),
        "taken_back": _("Excuse taken back"),
        "ended": _("Pause ended"),
        "cancelled": _("Cancelled"),
        "reopened": _("Opened again"),
    }
