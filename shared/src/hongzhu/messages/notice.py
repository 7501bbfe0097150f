"""What the notifier says about notices."""

from datetime import date
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from hongzhu.messages.base import Message


class NoticeLine(BaseModel):
    """How much of one programme a digest asks for: counts only, no names."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    programme: str
    period: str
    count: int
    due_on: date


class NoticeSettled(Message):
    """One digest to one recipient over one channel came to its end."""

    topic: ClassVar = "notice.settled.v1"

    recipient_id: str
    channel: str
    day: date
    outcome: Literal["sent", "failed", "maybe_sent"]
    lines: tuple[NoticeLine, ...]
