"""The bureau's calendar."""

from typing import Any

from sqlalchemy import JSON
from sqlalchemy.orm import Mapped, mapped_column

from hongzhu_registry.database import Base


class CalendarVersion(Base):
    """The calendar whole, as it was announced at one time."""

    __tablename__ = "calendar_version"

    version: Mapped[int] = mapped_column(primary_key=True)
    calendar: Mapped[Any] = mapped_column(JSON)
