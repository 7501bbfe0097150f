"""Referrals: a child that was counselled is evidence."""

from sqlalchemy.orm import Session

from hongzhu_registry.access.policy import Principal
from hongzhu_registry.events.service import say_referrals
from hongzhu_registry.evidence.service import file_for
from hongzhu_registry.referrals.models import Referral

COUNSELLING = "counselling"


def settled(referral: Referral) -> tuple[str, ...]:
    """Name what evidence and the event of the referral stand on: the counselling once there was one."""
    return ("referred_on",) if referral.counselled_on is None else ("referred_on", "counselled_on")


def file_counselling(session: Session, principal: Principal, referral: Referral) -> None:
    """Say that the child was referred, and file that it was counselled, once it was."""
    say_referrals(session, [referral.id])
    if referral.counselled_on is not None:
        file_for(session, COUNSELLING, [(referral.id, referral.child_id, referral.counselled_on)], by=principal)
