"""Offices: what the scheduler was told of agencies, of the city and of facilities, which are owed something like a child is."""

from typing import Any

from sqlalchemy import JSON, String
from sqlalchemy.orm import Mapped, mapped_column

from hongzhu_registry.database import Base


class Office(Base):
    """The facts of one office as they were last said on the bus; they are worked out anew, and said when they changed."""

    __tablename__ = "office"

    id: Mapped[str] = mapped_column(String(50), primary_key=True)
    """An agency's name, ``city``, or a facility's id."""
    kind: Mapped[str] = mapped_column(String(10))
    """``agency``, ``city`` or ``facility``: the kind of subject that it is (`hongzhu.facts.SUBJECTS`)."""
    version: Mapped[int]
    said: Mapped[Any] = mapped_column(JSON)
