"""Excuses: a subject is excused from one task by name, or, in a pause, from whatever is due in some days."""

from datetime import date

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from hongzhu_registry.database import Base, new_id
from hongzhu_registry.sealing import sealed


class Excuse(Base):
    """Either of one task, then it names it, or of days, then it has a first one: a pause."""

    __tablename__ = "excuse"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    version: Mapped[int] = mapped_column(default=1)
    subject_id: Mapped[str] = mapped_column(String(36), index=True)
    school_id: Mapped[str] = mapped_column(String(36))
    """The subject's school when it was given; of a programme for the city, whatever stands for one there."""
    task_id: Mapped[str | None] = mapped_column(String(36))
    programme: Mapped[str | None] = mapped_column(String(100))
    period: Mapped[str | None] = mapped_column(String(50))
    first: Mapped[date | None]
    last: Mapped[date | None]
    """None while nobody knows when the pause will end."""
    reason: Mapped[bytes | None] = sealed()
    """Sealed, and never on the bus: it may be about a child's health."""
    given_on: Mapped[date]
    given_by: Mapped[str] = mapped_column(String(36))
    ended_on: Mapped[date | None]
    """The day on which it was said when the pause ends or that it ended."""
    ended_by: Mapped[str | None] = mapped_column(String(36))
    lifted_on: Mapped[date | None]
    """The day on which it was taken back."""
    lifted_by: Mapped[str | None] = mapped_column(String(36))
