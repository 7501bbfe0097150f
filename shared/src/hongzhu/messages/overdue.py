"""What the scheduler says about tasks that are past their day: one message a step of their programme's escalation."""

from datetime import date
from typing import ClassVar

from pydantic import Field

from hongzhu.messages.task import TaskMessage
from hongzhu.programme import Assignee


class TaskOverdue(TaskMessage):
    """Tasks are past their day, nobody has done them, and the time of a step of their escalation has come.

    Their window may be over: what was missed is told like what can still be done late.
    """

    topic: ClassVar = "task.overdue.v1"

    version: int
    """The version of the programme they were issued under, whose steps these are."""
    period_start: date
    due_on: date
    step: int = Field(ge=1)
    """Which step it is, counted from one."""
    to: Assignee
    """Whom the step tells."""
