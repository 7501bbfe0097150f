"""The task ledger: every task the scheduler issued, with the evidence that resolves it."""

from datetime import date

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from hongzhu_registry.database import Base


class Task(Base):
    """One occurrence of a programme for one subject in one period.

    Partitioned by the period's start on PostgreSQL.  The state of an open task is worked out (`hongzhu.task_state`), never stored.
    """

    __tablename__ = "task"
    __table_args__ = (
        Index("ix_task_open", "subject_id", "evidence_kind", "opens_on"),
        Index("ix_task_school", "school_id", "period_start"),
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
    closed_state: Mapped[str | None] = mapped_column(String(10))
    """What the scheduler froze it as; until then the state follows from window and evidence."""
