"""Events as they stand in the rows of other nouns; nothing is kept twice."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, aliased

from hongzhu.messages import batches
from hongzhu_registry.assessments.models import Assessment
from hongzhu_registry.enrolments.models import Enrolment
from hongzhu_registry.mandatory_reports.models import MandatoryReport
from hongzhu_registry.referrals.models import Referral

_AT_ONCE = 5_000
"""Ids that one statement names."""


def drops(session: Session, children: Sequence[str] | None = None) -> Iterable[tuple[date, str, float]]:
    """Yield day, child and points of every test in which a mark was under that of the test before in its subject.

    Of several subjects the one that fell furthest counts.
    """
    mark, before = aliased(Assessment), aliased(Assessment)
    last = (
        select(before.mark)
        .where(before.child_id == mark.child_id, before.subject == mark.subject, before.tested_on < mark.tested_on)
        .order_by(before.tested_on.desc(), before.id)
        .limit(1)
        .scalar_subquery()
    )
    fell = func.max(last - mark.mark)
    statement = select(mark.tested_on, mark.child_id, fell).group_by(mark.tested_on, mark.child_id).having(fell > 0)
    for about in _about(mark.child_id, children):
        yield from (tuple(row) for row in session.execute(statement.where(*about)))


def referrals(session: Session, ids: Sequence[str] | None = None) -> Iterable[tuple[str, date, str]]:
    """Yield id, day and child of referrals."""
    for about in _about(Referral.id, ids):
        for row in session.execute(select(Referral.id, Referral.referred_on, Referral.child_id).where(*about)):
            yield row.id, row.referred_on, row.child_id


def acceptances(session: Session, ids: Sequence[str] | None = None) -> Iterable[tuple[str, date, str]]:
    """Yield event, day and child of referrals that were accepted and not withdrawn."""
    went_on = Referral.accepted_on.is_not(None), Referral.withdrawn_on.is_(None)
    for about in _about(Referral.id, ids):
        statement = select(Referral.id, Referral.accepted_on, Referral.child_id).where(*went_on, *about)
        for row in session.execute(statement):
            yield acceptance(row.id), row.accepted_on, row.child_id


def acceptance(referral_id: str) -> str:
    """Name the event that a referral was accepted; the referral itself names that it was offered."""
    return f"{referral_id}-yes"


def enrolments(session: Session, ids: Sequence[str] | None = None) -> Iterable[tuple[date, str]]:
    """Yield the day from which a child has a place, and the child."""
    for about in _about(Enrolment.id, ids):
        starts_on = Enrolment.starts_on
        for row in session.execute(select(starts_on, Enrolment.child_id).where(starts_on.is_not(None), *about)):
            yield row.starts_on, row.child_id


def mandatory_reports(session: Session) -> Iterable[tuple[str, date, str]]:
    """Yield id, day and agency of the reports that an agency must answer, for work that nobody asks for."""
    columns = MandatoryReport.id, MandatoryReport.reported_on, MandatoryReport.agency
    for row in session.execute(select(*columns).where(MandatoryReport.agency.is_not(None))):
        yield row.id, row.reported_on, row.agency


def _about(column: Any, ids: Sequence[str] | None) -> Iterable[list[ColumnElement[bool]]]:
    if ids is None:
        yield []
    else:
        yield from ([column.in_(some)] for some in batches(ids, _AT_ONCE))
