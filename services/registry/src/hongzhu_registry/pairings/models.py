"""Pairings: a supporter tied to a child or to a school for a period."""

from datetime import date
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from hongzhu_registry.database import Base, new_id
from hongzhu_registry.evidence.models import GivesEvidence


def _one_at_a_time(name: str, *columns: str) -> Index:
    lasting = text("ended_on IS NULL")
    return Index(name, *columns, unique=True, postgresql_where=lasting, sqlite_where=lasting)


class Pairing(GivesEvidence, Base):
    """A supporter tied to a child or a school, from one day on until it ends.

    Two answers at once can neither pair a subject twice nor overfill a supporter: a pairing takes one numbered place of its
    supporter's, and places and subjects are unique while the pairing lasts.
    """

    __tablename__ = "pairing"
    __table_args__ = (
        CheckConstraint("(child_id IS NULL) <> (school_id IS NULL)", name="one_subject"),
        _one_at_a_time("uq_pairing_child", "kind", "child_id"),
        _one_at_a_time("uq_pairing_school", "kind", "school_id"),
        _one_at_a_time("uq_pairing_place", "supporter_id", "kind", "place"),
        # Who was let go is counted of each supporter by the clock.
        Index("ix_pairing_supporter_id_ended_on", "supporter_id", "ended_on"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    version: Mapped[int] = mapped_column(default=1)
    kind: Mapped[str] = mapped_column(String(30))
    supporter_id: Mapped[str] = mapped_column(ForeignKey("supporter.id"))
    child_id: Mapped[str | None] = mapped_column(ForeignKey("child.id"))
    school_id: Mapped[str | None] = mapped_column(ForeignKey("school.id"))
    place: Mapped[int]
    """Which of its supporter's places it takes, from 1 to the supporter's capacity."""
    began_on: Mapped[date]
    ended_on: Mapped[date | None]
    reason: Mapped[Any | None] = mapped_column(JSON)
    """Why this supporter and no other, as `hongzhu.matching` had it: of the same town or not, and how many places were free."""
    accepted_on: Mapped[date | None]
    """The day on which the agency said that it suits; one that was matched lasts meanwhile, and may be declined."""
