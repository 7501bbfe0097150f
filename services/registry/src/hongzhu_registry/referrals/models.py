"""Referrals: a child passed on to an agency for counselling (转介)."""

from datetime import date

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from hongzhu_registry.database import Base, FromWorkbook
from hongzhu_registry.evidence.models import GivesEvidence
from hongzhu_registry.sealing import sealed


class Referral(GivesEvidence, FromWorkbook, Base):
    """A child passed on to an agency, from the day it was offered to the day it was helped, or to that on which it came to nothing.

    Which step it has come to follows from its days (`referrals.steps`).
    """

    __tablename__ = "referral"

    child_id: Mapped[str] = mapped_column(ForeignKey("child.id"), index=True)
    school_id: Mapped[str] = mapped_column(ForeignKey("school.id"), index=True)
    organisation: Mapped[str] = mapped_column(String(100), index=True)
    """The agency it went to, as it is written; `agencies.service.titles_of` says which agency that is."""
    cause: Mapped[str | None] = mapped_column(String(200))
    referred_on: Mapped[date]
    accepted_on: Mapped[date | None]
    declined_on: Mapped[date | None]
    counselled_on: Mapped[date | None]
    reason: Mapped[bytes | None] = sealed()
    """Sealed: why it was declined or withdrawn."""
