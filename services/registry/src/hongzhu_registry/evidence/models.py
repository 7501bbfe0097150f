"""Evidence of every kind: what was done, for whom, on which day."""

from datetime import date

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from hongzhu_registry.database import Base


class Evidence(Base):
    """That something was done for one subject on one day; a record, pairing or activity is evidence for each of its subjects."""

    __tablename__ = "evidence"
    __table_args__ = (Index("ix_evidence_match", "subject_id", "kind", "done_on"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    """The id of the record, pairing or activity."""
    subject_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    kind: Mapped[str] = mapped_column(String(30))
    done_on: Mapped[date]
