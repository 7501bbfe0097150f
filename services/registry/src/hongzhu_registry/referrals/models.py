"""Referrals: a child passed on to an agency for counselling (转介)."""

from datetime import date

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from hongzhu_registry.database import Base, FromWorkbook


class Referral(FromWorkbook, Base):
    """A child passed on to an agency, from the day it was offered to the day it was helped."""

    __tablename__ = "referral"

    child_id: Mapped[str] = mapped_column(ForeignKey("child.id"), index=True)
    school_id: Mapped[str] = mapped_column(ForeignKey("school.id"), index=True)
    organisation: Mapped[str] = mapped_column(String(100), index=True)
    """The agency it went to, as it is written; `agencies.service.titles_of` says which agency that is."""
    cause: Mapped[str | None] = mapped_column(String(200))
    referred_on: Mapped[date]
    accepted_on: Mapped[date | None]
    counselled_on: Mapped[date | None]
