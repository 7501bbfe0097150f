"""Consent: on what basis a child's dossier is held, and until when."""

from datetime import date

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from hongzhu_registry.database import Base, new_id


class Consent(Base):
    """One basis on which a dossier was held: what text, given when and by whom, and when it was taken back.

    A child without a row is held by statutory duty; see `hongzhu_registry.consents.service`.
    """

    __tablename__ = "consent"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    child_id: Mapped[str] = mapped_column(ForeignKey("child.id"), index=True)
    basis: Mapped[str] = mapped_column(String(20))
    """``statutory_duty`` or ``guardian_consent``."""
    text_version: Mapped[int]
    """Which wording of the notice it refers to."""
    given_on: Mapped[date]
    given_by: Mapped[str | None] = mapped_column(String(20))
    """Who agreed, as the relation to the child: mother, grandfather; none for a duty."""
    withdrawn_on: Mapped[date | None]
    withdrawal_recorded_on: Mapped[date | None]
    """The day on which that was entered: the retention clock starts no earlier."""
    recorded_by: Mapped[str] = mapped_column(String(36))
    """The account."""
