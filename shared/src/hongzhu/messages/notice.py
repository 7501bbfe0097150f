"""What the notifier says about notices."""

from datetime import date
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from hongzhu.messages.base import Message


class NoticeLine(BaseModel):
    """How much of one programme a notice tells of: counts only, no names."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    programme: str
    period: str
    count: int
    due_on: date
    about: Literal["due", "overdue", "passed"] = "due"
    """What is to be done, what others left undone, and what was over before anybody could be told."""


class NoticeSettled(Message):
    """One notice to one recipient over one channel came to its end: the day's digest, or an urgent one."""

    topic: ClassVar = "notice.settled.v1"

    recipient_id: str
    channel: str
    day: date
    outcome: Literal["sent", "failed", "maybe_sent"]
    urgent: bool
    """Whether it was told at once."""
    lines: tuple[NoticeLine, ...]
