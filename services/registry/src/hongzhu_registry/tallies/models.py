"""Tallies: how many there are, counted again where something changed, so that no page counts a hundred thousand rows."""

from datetime import date

from sqlalchemy import BigInteger, Index, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column

from hongzhu_registry.database import Base

EVERYWHERE = "*"
"""Stands for all schools together."""


class Touched(Base):
    """That something changed of a school's tasks of one period, or of its children, and is to be counted again.

    Only added to, so that nobody who changes something waits for anybody else.
    """

    __tablename__ = "touched"

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)
    school_id: Mapped[str] = mapped_column(String(36))
    period_start: Mapped[date | None]
    """Of the tasks; none where it was its children that changed."""


class TaskTally(Base):
    """How many tasks stand alike: of one programme, in one school or everywhere, with the same days.

    Days are part of it, so that what is due, overdue or missed follows from the day on which one asks (`state_on`).
    """

    __tablename__ = "task_tally"
    __table_args__ = (
        Index("ix_task_tally_school", "school_id", "period_start"),
        Index(
            "ix_task_tally_open",
            *("grace_until", "due_on", "school_id", "programme", "tasks"),
            postgresql_where=text("settled IS NULL"),
            sqlite_where=text("settled IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)
    school_id: Mapped[str] = mapped_column(String(36))
    agency: Mapped[str] = mapped_column(String(50))
    programme: Mapped[str] = mapped_column(String(100))
    period_start: Mapped[date]
    due_on: Mapped[date]
    grace_until: Mapped[date]
    """The last of days where they may be done for ever."""
    settled: Mapped[str | None] = mapped_column(String(10))
    """How they stand whatever the day; none while that follows from the day."""
    tasks: Mapped[int]


class ChildTally(Base):
    """How many children a school has, or all schools together, of those who have not left."""

    __tablename__ = "child_tally"

    school_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    children: Mapped[int]
    boys: Mapped[int]
    girls: Mapped[int]
    in_poverty: Mapped[int]
    conflicts: Mapped[int]
    """Those, and those who left, that another school has on its roster."""
