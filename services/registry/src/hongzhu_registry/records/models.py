"""Records: the evidence that something was done for children or for a school."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from hongzhu_registry.database import Base, FromWorkbook
from hongzhu_registry.evidence.models import GivesEvidence


class Record(GivesEvidence, FromWorkbook, Base):
    """What was done, on which day, told in the words of its kind's form."""

    __tablename__ = "record"

    kind: Mapped[str] = mapped_column(String(30), index=True)
    school_id: Mapped[str] = mapped_column(ForeignKey("school.id"), index=True)
    occurred_on: Mapped[date]
    data: Mapped[Any] = mapped_column(JSON)
    recorded_by: Mapped[str | None] = mapped_column(String(50))
    """The name of who did it, as a workbook gives it."""
    filed_by: Mapped[str | None] = mapped_column(String(36))
    """The account or supporter that filed it; none for what a workbook brought."""
    filed_at: Mapped[datetime]
