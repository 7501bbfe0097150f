"""Statements about referrals."""

from typing import Any

from sqlalchemy import Select, and_, select

from hongzhu_registry.referrals.models import Referral

_ENDS = (Referral.withdrawn_on, Referral.declined_on, Referral.counselled_on)


def unsettled() -> Select[Any]:
    """Select the referrals that came to no end yet: offered and not answered, or accepted and not carried out."""
    names = ("id", "child_id", "school_id", "organisation", "referred_on", "accepted_on")
    columns = (Referral.__table__.c[name] for name in names)
    return select(*columns).where(and_(*(day.is_(None) for day in _ENDS)))
