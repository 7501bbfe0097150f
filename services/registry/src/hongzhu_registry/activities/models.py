"""Activities: collective events, and who came (活动)."""

from datetime import date

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from hongzhu_registry.database import Base, FromWorkbook
from hongzhu_registry.evidence.models import GivesEvidence


class Activity(GivesEvidence, FromWorkbook, Base):
    """A lecture, a birthday, a camp: held, or planned for a day to come."""

    __tablename__ = "activity"

    code: Mapped[str | None] = mapped_column(String(50), index=True)
    """The number under which the list of those who came refers to it."""
    organisation: Mapped[str | None] = mapped_column(String(100), index=True)
    school_id: Mapped[str | None] = mapped_column(ForeignKey("school.id"), index=True)
    kind: Mapped[str] = mapped_column(String(30), index=True)
    name: Mapped[str] = mapped_column(String(100))
    held_on: Mapped[date]
    ends_on: Mapped[date | None]
    place: Mapped[str | None] = mapped_column(String(100))
    attendance: Mapped[int | None]
    brochures: Mapped[int | None]
    gifts: Mapped[int | None]
    planned: Mapped[bool]
    note: Mapped[str | None] = mapped_column(String(200))


class Attendance(FromWorkbook, Base):
    """A child on an activity's list: it came, or stayed away and is still owed."""

    __tablename__ = "attendance"

    activity_id: Mapped[str] = mapped_column(ForeignKey("activity.id"), index=True)
    child_id: Mapped[str] = mapped_column(ForeignKey("child.id"), index=True)
    attended: Mapped[bool]
