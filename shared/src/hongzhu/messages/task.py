"""What the scheduler says about tasks: batches of one programme, one school and one period."""

from datetime import date
from typing import ClassVar

from pydantic import Field

from hongzhu.messages.base import BATCH, Message
from hongzhu.task_state import TaskState, Window


class TaskMessage(Message):
    """Something about tasks of one programme, one school and one period."""

    addressed: ClassVar = True

    programme: str
    period: str
    school_id: str
    subjects: tuple[str, ...] = Field(min_length=1, max_length=BATCH)

    @property
    def agency(self) -> str:
        """The agency that the message is addressed to."""
        return self.programme.partition(".")[0]

    @property
    def routing_key(self) -> str:
        """Addressed: the topic, a dot, the agency."""
        return f"{self.topic}.{self.agency}"


class TaskDue(TaskMessage):
    """Tasks fell due."""

    topic: ClassVar = "task.due.v1"

    version: int
    """The version of the programme they were issued under."""
    period_start: date
    opens_on: date
    due_on: date
    grace_until: date | None = None
    changes: int = 0
    """How often their state changed since they were issued; more than none when they are open once more."""

    @property
    def window(self) -> Window:
        """The days on which evidence counts."""
        return Window(self.opens_on, self.due_on, self.grace_until)


class TaskClosed(TaskMessage):
    """Tasks came to their end; nothing more is expected for them."""

    topic: ClassVar = "task.closed.v1"

    period_start: date
    state: TaskState
    changes: int = 1
    """How often their state changed since they were issued: of two messages about a task, the later one says more."""
