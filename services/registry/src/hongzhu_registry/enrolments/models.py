"""Enrolments: a child's place in something offered (课后服务 and the like)."""

from datetime import date

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from hongzhu_registry.database import Base, FromWorkbook
from hongzhu_registry.evidence.models import GivesEvidence


class Enrolment(GivesEvidence, FromWorkbook, Base):
    """A child's place."""

    __tablename__ = "enrolment"

    child_id: Mapped[str] = mapped_column(ForeignKey("child.id"), index=True)
    school_id: Mapped[str] = mapped_column(ForeignKey("school.id"), index=True)
    kind: Mapped[str] = mapped_column(String(30))
    starts_on: Mapped[date | None]
    free: Mapped[bool | None]
    note: Mapped[str | None] = mapped_column(String(200))
