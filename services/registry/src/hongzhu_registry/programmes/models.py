"""Programmes and their versions."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, String
from sqlalchemy.orm import Mapped, mapped_column

from hongzhu_registry.database import Base


class ProgrammeVersion(Base):
    """One version of a programme; on any day the newest runs of those that were approved and whose day has come."""

    __tablename__ = "programme_version"

    code: Mapped[str] = mapped_column(String(100), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    agency: Mapped[str] = mapped_column(String(50), index=True)
    definition: Mapped[Any] = mapped_column(JSON)
    tuning: Mapped[Any | None] = mapped_column(JSON)
    """What the bureau changed of the trigger that the agency declared; the definition has it already."""
    status: Mapped[str] = mapped_column(String(10))
    """``proposed``, ``approved`` or ``suspended``; ``superseded`` once another version was decided on that leaves it no day."""
    effective_from: Mapped[date | None]
    approved_by: Mapped[str | None] = mapped_column(String(36))
    approved_at: Mapped[datetime | None]
    declared_at: Mapped[datetime | None]
    """When its agency's plugin last declared it; never, where the bureau added it."""
