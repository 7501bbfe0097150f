"""Assessments: dated test results (学业检测)."""

from datetime import date

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from hongzhu_registry.database import Base, FromWorkbook

CONCERN_BELOW = 60
"""A mark under this in the latest assessment is an academic concern (学困)."""


class Assessment(FromWorkbook, Base):
    """One child's mark in one subject on one day."""

    __tablename__ = "assessment"

    child_id: Mapped[str] = mapped_column(ForeignKey("child.id"), index=True)
    school_id: Mapped[str] = mapped_column(ForeignKey("school.id"), index=True)
    tested_on: Mapped[date]
    term: Mapped[str | None] = mapped_column(String(30))
    subject: Mapped[str] = mapped_column(String(20))
    mark: Mapped[float]
