"""Statements for the guardian's copy: who looked, and what is told of a child in words."""

from typing import Any

from sqlalchemy import String, cast, func, literal, select
from sqlalchemy.orm import Session, aliased

from hongzhu.i18n import ENGLISH, language
from hongzhu_registry.access.models import Account
from hongzhu_registry.agencies.models import Agency
from hongzhu_registry.audit.models import AuditEntry
from hongzhu_registry.enrolments.models import Enrolment
from hongzhu_registry.evidence.models import Evidence
from hongzhu_registry.records.models import Record
from hongzhu_registry.referrals.models import Referral
from hongzhu_registry.schools.models import School
from hongzhu_registry.supporters.models import Supporter


def seen_by(session: Session, child_id: str) -> list[dict[str, Any]]:
    """List who opened or changed the dossier, the newest first: when, in which role, from which house, doing what; no names.

    Lists in which a child stands among others are no look at its dossier.
    """
    own, behind_link = aliased(School), aliased(School)
    agency = Agency.title_en if language.get() == ENGLISH else Agency.title_zh
    house = func.coalesce(own.name, behind_link.name, agency)
    statement = (
        select(AuditEntry.at, AuditEntry.role, house.label("house"), AuditEntry.action)
        .outerjoin(Account, Account.id == AuditEntry.account_id)
        .outerjoin(Supporter, Supporter.id == AuditEntry.account_id)
        .outerjoin(own, own.id == Account.school_id)
        .outerjoin(behind_link, behind_link.id == Supporter.school_id)
        .outerjoin(Agency, Agency.name == Account.agency)
        .where(AuditEntry.subject_id == child_id, AuditEntry.outcome == "done")
        .order_by(AuditEntry.id.desc())
    )
    return [dict(row) for row in session.execute(statement).mappings()]


def told(session: Session, child_id: str) -> list[dict[str, Any]]:
    """List what is written about the child alone, the newest first; what is written about several children names others too."""
    others = aliased(Evidence)
    records = (
        select(cast(Record.occurred_on, String).label("on"), Record.kind, Record.data.label("words"))
        .join(Evidence, Evidence.id == Record.id)
        .where(Evidence.subject_id == child_id)
        .where(~select(others.id).where(others.id == Record.id, others.subject_id != child_id).exists())
    )
    referrals = select(
        cast(Referral.referred_on, String).label("on"), literal("referral").label("kind"), Referral.cause.label("words")
    ).where(Referral.child_id == child_id, Referral.cause.is_not(None))
    enrolments = select(
        cast(Enrolment.starts_on, String).label("on"), Enrolment.kind, Enrolment.note.label("words")
    ).where(Enrolment.child_id == child_id, Enrolment.note.is_not(None))
    found = [dict(row) for part in (records, referrals, enrolments) for row in session.execute(part).mappings()]
    return sorted((each for each in found if each["words"]), key=lambda each: each["on"] or "", reverse=True)
