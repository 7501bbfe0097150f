"""Children: the dossier's own row, its family, and the rosters it stands on."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from hongzhu_registry.children.initials import initials
from hongzhu_registry.database import Base, new_id
from hongzhu_registry.sealing import sealed

_BY_LETTER = String(50).with_variant(String(50, collation="C"), "postgresql")
"""In the order of the signs themselves, in which what begins alike lies together."""


class Child(Base):
    """A left-behind child (留守儿童); facts are stored, flags are derived."""

    __tablename__ = "child"
    # The order of a school's list, page by page.
    __table_args__ = (Index("ix_child_school_id", "school_id", "id"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    version: Mapped[int] = mapped_column(default=1)
    school_id: Mapped[str] = mapped_column(ForeignKey("school.id"))
    name: Mapped[str] = mapped_column(_BY_LETTER, index=True)
    initials: Mapped[str | None] = mapped_column(
        _BY_LETTER,
        index=True,
        default=lambda row: initials(row.get_current_parameters()["name"]),
    )
    """The first letters of the name (`children.initials`), shown to nobody; whoever changes the name changes them."""
    sex: Mapped[str] = mapped_column(String(6))
    born_on: Mapped[date]
    id_number: Mapped[bytes | None] = sealed()
    """Sealed; looked up by its blind index.  None once the dossier is anonymous."""
    id_number_index: Mapped[bytes | None] = mapped_column(LargeBinary(32), unique=True)
    address: Mapped[bytes | None] = sealed()
    """Sealed."""
    ethnicity: Mapped[str | None] = mapped_column(String(20))
    grade: Mapped[int | None]
    class_name: Mapped[str | None] = mapped_column(String(20))
    boarding: Mapped[bool | None]
    in_poverty: Mapped[bool | None]
    health: Mapped[str | None] = mapped_column(String(50))
    disability: Mapped[str | None] = mapped_column(String(50))
    left_behind_type: Mapped[str | None] = mapped_column(String(20))
    academic_concern: Mapped[bool | None]
    """Whether the latest assessment is a concern (`assessments.service` keeps it); none when there is no assessment."""
    note: Mapped[str | None] = mapped_column(String(500))
    entered_on: Mapped[date]
    left_on: Mapped[date | None]
    left_reason: Mapped[str | None] = mapped_column(String(20))
    watch_until: Mapped[date | None]
    """The last day on which the dossier of a child that left is still followed."""
    basis: Mapped[str] = mapped_column(String(20), default="statutory_duty", server_default="statutory_duty")
    """What the dossier rests on today: ``statutory_duty``, ``guardian_consent``, or ``withdrawn``; `Consent` has the history."""
    retention_ends: Mapped[date | None] = mapped_column(index=True)
    """The last day on which the dossier is kept in clear; none while there is reason to keep it."""
    anonymised_at: Mapped[datetime | None]
    links_ended_at: Mapped[datetime | None]
    """When guardians' links were last called back: those made before open nothing."""


class Relative(Base):
    """A parent or guardian: who is away, where, since when; who guards."""

    __tablename__ = "relative"

    child_id: Mapped[str] = mapped_column(ForeignKey("child.id"), primary_key=True)
    role: Mapped[str] = mapped_column(String(10), primary_key=True)
    """``father``, ``mother`` or ``guardian``."""
    name: Mapped[str | None] = mapped_column(String(50))
    relation: Mapped[str | None] = mapped_column(String(20))
    place: Mapped[str | None] = mapped_column(String(100))
    away: Mapped[bool | None]
    away_since: Mapped[str | None] = mapped_column(String(10))
    able: Mapped[bool | None]
    """Whether this person is able to guard the child; none until that was looked into."""
    phone: Mapped[bytes | None] = sealed("phone.{role}")
    """Sealed."""


class RosterEntry(Base):
    """A child as one school's roster has it.  Two schools' entries for one child are a conflict for the bureau to settle."""

    __tablename__ = "roster_entry"

    child_id: Mapped[str] = mapped_column(ForeignKey("child.id"), primary_key=True)
    school_id: Mapped[str] = mapped_column(ForeignKey("school.id"), primary_key=True)
    said: Mapped[dict[str, str]] = mapped_column(JSON)
    """A keyed hash of what each file's row said last, by the file's name: a file that says the same again changes nothing."""
    file: Mapped[str] = mapped_column(String(200))
    id: Mapped[str] = mapped_column(String(36), default=new_id, unique=True)
    settled_on: Mapped[date | None]
    """The day on which it was settled that the child is at another school; this entry then is no conflict any more."""


class ChildChange(Base):
    """What one act changed of a child: who, when, and from what to what."""

    __tablename__ = "child_change"
    __table_args__ = (Index("ix_child_change_child", "child_id", "at"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    child_id: Mapped[str] = mapped_column(ForeignKey("child.id"))
    version: Mapped[int]
    """The version it led to."""
    at: Mapped[datetime]
    account_id: Mapped[str | None] = mapped_column(String(36))
    """Who; none for what was done by the clock or a command."""
    source: Mapped[str] = mapped_column(String(250))
    """Where it came from: ``entered``, ``patch``, ``transfer``, ``leave``, ``return``, ``consent``, ``withdrawal``, or ``import:`` and
    the file."""
    effective_on: Mapped[date | None]
    """The day from which it holds, where that is not the day on which it was entered."""
    fields: Mapped[dict[str, Any]] = mapped_column(JSON)
    """``{field: [old, new]}``; for what is sealed ``{field: null}``, and so for all once the dossier is anonymous."""
