"""Evidence of every kind: what was done, for whom, on which day; and what was taken back or corrected of it."""

from datetime import date

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from hongzhu.clock import today
from hongzhu.errors import ConflictError
from hongzhu_registry.database import Base, new_id
from hongzhu_registry.sealing import sealed


class Evidence(Base):
    """That something was done for one subject on one day; a record, pairing or activity is evidence for each of its subjects."""

    __tablename__ = "evidence"
    __table_args__ = (Index("ix_evidence_match", "subject_id", "kind", "done_on"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    """The id of the record, pairing or activity."""
    subject_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    version: Mapped[int] = mapped_column(default=1)
    """Counts what the bus heard of it."""
    kind: Mapped[str] = mapped_column(String(30))
    done_on: Mapped[date | None]
    """None once it was taken back: so it meets no window."""
    filed_on: Mapped[date] = mapped_column(default=today)
    """The day on which it was entered, or last corrected."""


class EvidenceChange(Base):
    """That evidence was taken back, or corrected: what it had said, when and by whom it was changed, and why."""

    __tablename__ = "evidence_change"
    __table_args__ = (Index("ix_evidence_change_subject", "subject_id", "kind"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    evidence_id: Mapped[str] = mapped_column(String(36))
    subject_id: Mapped[str] = mapped_column(String(36))
    kind: Mapped[str] = mapped_column(String(30))
    """Of what it had been evidence."""
    was_on: Mapped[date]
    was_filed_on: Mapped[date]
    now_on: Mapped[date | None]
    """None when it was taken back, or is evidence of something else."""
    changed_on: Mapped[date]
    account_id: Mapped[str | None] = mapped_column(String(36))
    """Who; none for what a workbook changed."""
    reason: Mapped[bytes | None] = sealed()
    """Sealed: it may be about a child."""


class GivesEvidence:
    """What a row carries of which evidence is filed."""

    withdrawn_on: Mapped[date | None]
    """The day on which it was taken back; it then is evidence of nothing."""

    def must_stand(self) -> None:
        """See that it was not taken back: it stays so; raises `ConflictError`."""
        if self.withdrawn_on is not None:
            raise ConflictError("This was taken back; file what is right as a new one.")
