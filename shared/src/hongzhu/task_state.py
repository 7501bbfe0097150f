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


def task_state(
    window: Window,
    done_on: date | None,
    day: date,
    *,
    excused: bool = False,
    paused: bool = False,
    cancelled: bool = False,
) -> TaskState:
    """Say how a task stands on `day`, given the day its evidence says it was done on, if there is any, and what frees from it.

    Whoever excuses a task by name has the last word.  What was done is done, also in a pause (`paused`: its due day lies in
    one) and also when it is owed no longer (`cancelled`); else these two free from it, in this order.
    """
    if excused:
        return "excused"
    if done_on is not None and window.accepts(done_on):
        return "done" if done_on <= window.due_on else "late"
    if paused:
        return "excused"
    if cancelled:
        return "cancelled"
    if day <= window.due_on:
        return "due"
    if window.grace_until is None or day <= window.grace_until:
        return "overdue"
    return "missed"
