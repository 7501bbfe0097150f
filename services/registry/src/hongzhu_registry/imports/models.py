"""Imports that were handed in, through the API or the page."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, String
from sqlalchemy.orm import Mapped, mapped_column

from hongzhu_registry.database import Base, new_id


class Import(Base):
    """One hand-in: how far it is, and what it came to."""

    __tablename__ = "import"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    account_id: Mapped[str] = mapped_column(String(36), index=True)
    file: Mapped[str] = mapped_column(String(200))
    status: Mapped[str] = mapped_column(String(12))
    """``running``, ``done`` or ``failed``."""
    done: Mapped[int] = mapped_column(default=0)
    of: Mapped[int] = mapped_column(default=0)
    """Progress: steps done, and how many there are."""
    result: Mapped[Any] = mapped_column(JSON, nullable=True)
    started_at: Mapped[datetime]
