"""The task ledger: every task the scheduler issued, with the evidence that resolves it."""

from datetime import date

from sqlalchemy import Index, String, and_
from sqlalchemy.orm import Mapped, mapped_column

from hongzhu.clock import today
from hongzhu_registry.database import Base


class Task(Base):
    """One occurrence of a programme for one subject in one period.

    Partitioned by the period's start on PostgreSQL.  The state of an open task is worked out (`hongzhu.task_state`), never stored.
    """

    __tablename__ = "task"
    __table_args__ = (
        Index("ix_task_open", "subject_id", "evidence_kind", "opens_on"),
        Index("ix_task_school", "school_id", "period_start"),
        Index("ix_task_newest", "opens_on", "id"),
        {"postgresql_partition_by": "RANGE (period_start)"},
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    """UUIDv5 of programme, subject and period (`hongzhu.period.task_id`), so that it is the same wherever it is worked out."""
    period_start: Mapped[date] = mapped_column(primary_key=True)
    programme: Mapped[str] = mapped_column(String(100))
    version: Mapped[int]
    agency: Mapped[str] = mapped_column(String(50), index=True)
    evidence_kind: Mapped[str] = mapped_column(String(30))
    subject_id: Mapped[str] = mapped_column(String(36))
    school_id: Mapped[str] = mapped_column(String(36))
    period: Mapped[str] = mapped_column(String(50))
    opens_on: Mapped[date]
    due_on: Mapped[date]
    grace_until: Mapped[date | None]
    done_on: Mapped[date | None]
    evidence_id: Mapped[str | None] = mapped_column(String(36))
    excuse_id: Mapped[str | None] = mapped_column(String(36))
    """The excuse of it by name, which has the last word."""
    pause_id: Mapped[str | None] = mapped_column(String(36))
    """The pause in which its due day lies."""
    closed_state: Mapped[str | None] = mapped_column(String(10))
    """``cancelled`` once the scheduler said so: that it is owed no longer is the one thing that does not follow from what is here."""
    changes: Mapped[int] = mapped_column(default=0)
    """How many changes of its state the scheduler counted when it last said something of it; what it said before that is old."""
    issued_on: Mapped[date] = mapped_column(default=today)
    """The day on which it was entered here."""


UNSETTLED = and_(Task.done_on.is_(None), Task.excuse_id.is_(None), Task.pause_id.is_(None))
"""What may still be to be done, which is little of a ledger that has grown."""
Index("ix_task_unsettled", Task.due_on, Task.id, postgresql_where=UNSETTLED, sqlite_where=UNSETTLED)


class TaskAct(Base):
    """That the scheduler cancelled a task, or opened it again."""

    __tablename__ = "task_act"

    task_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    changes: Mapped[int] = mapped_column(primary_key=True)
    """The how-manieth change of the task's state it was: told twice, it is one."""
    subject_id: Mapped[str] = mapped_column(String(36))
    school_id: Mapped[str] = mapped_column(String(36))
    agency: Mapped[str] = mapped_column(String(50))
    act: Mapped[str] = mapped_column(String(10))
    """``cancelled`` or ``reopened``."""
    on: Mapped[date]
    because: Mapped[str | None] = mapped_column(String(100))
    """The id of the message that caused it."""
