"""The state of a task, worked out whenever it is asked for and never stored while the task is open."""

from datetime import date
from typing import Literal, NamedTuple

TaskState = Literal["due", "overdue", "done", "late", "missed", "excused", "cancelled"]


class Window(NamedTuple):
    """The days on which evidence counts: on time up to `due_on`, late up to `grace_until` (``None``: for ever)."""

    opens_on: date
    due_on: date
    grace_until: date | None

    def accepts(self, day: date) -> bool:
        """Whether something done on `day` resolves the task at all."""
        return self.opens_on <= day and (self.grace_until is None or day <= self.grace_until)


def task_state(window: Window, done_on: date | None, day: date) -> TaskState:
    """Say how a task stands on `day`, given the day its evidence says it was done on, if there is any."""
    if done_on is not None and window.accepts(done_on):
        return "done" if done_on <= window.due_on else "late"
    if day <= window.due_on:
        return "due"
    if window.grace_until is None or day <= window.grace_until:
        return "overdue"
    return "missed"
