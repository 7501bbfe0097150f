"""Reports that were closed: what they said then, kept so that they always say it again."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from hongzhu_registry.database import Base, new_id


class ClosedReport(Base):
    """A report over a period as it stood at its cut-off; from here all its formats are made, byte for byte the same."""

    __tablename__ = "report"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    begins_on: Mapped[date]
    ends_on: Mapped[date]
    cut_off: Mapped[date]
    closed_at: Mapped[datetime]
    closed_by: Mapped[str] = mapped_column(String(36))
    content: Mapped[Any] = mapped_column(JSON)
    """The report (`reports.document.Report`)."""
    ledgers: Mapped[bytes] = mapped_column(LargeBinary)
    """The ledgers behind it, one row a line, compressed; they name no child."""
    signed_on: Mapped[date | None]
    signed_by: Mapped[str | None] = mapped_column(String(36))
