"""Mandatory reports: that somebody must fear for a child (强制报告)."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from hongzhu_registry.database import Base, new_id
from hongzhu_registry.sealing import sealed


class MandatoryReport(Base):
    """A report of suspected harm, seen by those alone whose office it is; its reporter sees that it was received."""

    __tablename__ = "mandatory_report"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    """What its reporter may quote; it tells nothing."""
    child_id: Mapped[str] = mapped_column(ForeignKey("child.id"), index=True)
    school_id: Mapped[str] = mapped_column(ForeignKey("school.id"))
    agency: Mapped[str | None] = mapped_column(String(50))
    """Who must answer: the agency whose running programme waits for such reports; none as long as there is none."""
    reported_by: Mapped[str] = mapped_column(String(36), index=True)
    """The reporter's account."""
    reported_on: Mapped[date]
    reported_at: Mapped[datetime]
    what: Mapped[bytes | None] = sealed()
    """Sealed: what was seen or heard."""
    answered_by: Mapped[str | None] = mapped_column(String(36))
    answered_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(String(20))
    note: Mapped[bytes | None] = sealed()
    """Sealed: what was found and done."""
