"""What a list of tasks may be narrowed by, in the API and on the page."""

from datetime import date

from pydantic import BaseModel

from hongzhu.task_state import TaskState


class Filters(BaseModel):
    """What a list of tasks may be narrowed by."""

    school_id: str | None = None
    school: str | None = None
    """How the name of its school begins."""
    agency: str | None = None
    programme: str | None = None
    child_id: str | None = None
    assignee_id: str | None = None
    """The supporter who is told of them: the child's class teacher, else the school's coordinator."""
    state: TaskState | None = None
    done: bool | None = None
    """Whether it was done, in time or late, of what is owed: neither excused nor cancelled."""
    begins_before: date | None = None
    """The last day on which its period may begin: the week, term or school year it is for."""
    begins_after: date | None = None
    due_before: date | None = None
    due_after: date | None = None
