"""Agencies, and the titles under which people write them."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from hongzhu_registry.database import Base

OPEN = "open"


class Agency(Base):
    """An organisation that runs programmes."""

    __tablename__ = "agency"

    name: Mapped[str] = mapped_column(String(50), primary_key=True)
    title_zh: Mapped[str] = mapped_column(String(100))
    title_en: Mapped[str] = mapped_column(String(100))
    standing: Mapped[str] = mapped_column(String(10), default=OPEN, server_default=OPEN)
    """``open``, ``suspended`` or ``revoked``: only while it is open does any account of it open anything."""
    titles_asked: Mapped[list[str] | None] = mapped_column(JSON)
    """Titles that it goes by, as it says, and that the bureau has not agreed to."""
    introduced_at: Mapped[datetime | None]
    """When its plugin last began by saying who it is; it declares its programmes after that."""
    supporters_told: Mapped[int] = mapped_column(default=0, server_default="0")
    """Up to which change of its supporters it was told (`supporters.queries.changes`)."""


class AgencyTitle(Base):
    """One of the ways in which workbooks write an agency, as the bureau agrees: what is written so is the agency's to see."""

    __tablename__ = "agency_title"

    title: Mapped[str] = mapped_column(String(100), primary_key=True)
    agency: Mapped[str] = mapped_column(ForeignKey("agency.name"), index=True)
