"""Notices as their recipients find them in the registry."""

from datetime import date
from typing import Any

from sqlalchemy import JSON, String
from sqlalchemy.orm import Mapped, mapped_column

from hongzhu_registry.database import Base


class Notice(Base):
    """One notice to one recipient over one channel, as the notifier settled it."""

    __tablename__ = "notice"

    id: Mapped[str] = mapped_column(String(100), primary_key=True)
    """The id of the message that told of it."""
    recipient_id: Mapped[str] = mapped_column(String(36), index=True)
    """A supporter's id, or ``bureau``."""
    channel: Mapped[str] = mapped_column(String(20))
    day: Mapped[date]
    outcome: Mapped[str] = mapped_column(String(10))
    urgent: Mapped[bool]
    """Whether it was told at once, and not in the day's digest."""
    lines: Mapped[Any] = mapped_column(JSON)
