"""Making dossiers anonymous when their time is over: who it was is gone, that somebody was there stays.

Ids, days, kinds, marks and amounts stay, and with them every count by school, grade, sex and poverty.  What a record says goes
when it is about nobody any more whose dossier is still in clear.  A child that is still here is left alone: what it is owed needs
its dossier, and only the bureau or the school can say that it left.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import case, delete, extract, insert, select, update
from sqlalchemy.orm import Session

from hongzhu.clock import now, today
from hongzhu_registry.activities.models import Attendance
from hongzhu_registry.assessments.models import Assessment
from hongzhu_registry.audit.models import AuditEntry
from hongzhu_registry.children import service as children
from hongzhu_registry.children.models import Child, ChildChange, Relative, RosterEntry
from hongzhu_registry.enrolments.models import Enrolment
from hongzhu_registry.evidence import service as evidence
from hongzhu_registry.evidence.models import Evidence
from hongzhu_registry.excuses import service as excuses
from hongzhu_registry.mandatory_reports.models import MandatoryReport
from hongzhu_registry.pairings import service as pairings
from hongzhu_registry.photos import queries as photos
from hongzhu_registry.records.models import Record
from hongzhu_registry.referrals.models import Referral
from hongzhu_registry.retention import queries
from hongzhu_registry.subsidies.models import Subsidy

AT_ONCE = 1_000
"""Dossiers that one transaction makes anonymous."""
CLOCK = "clock"
"""Who does it, in the audit."""
_TOLD: dict[Any, dict[str, Any]] = {
    Assessment: {},
    Attendance: {},
    Enrolment: {"note": None},
    Referral: {"cause": None, "reason": None},
    Subsidy: {},
}
"""A child's rows, and what of each is told in words.  Of all the keyed hashes go, for these answer whoever guesses."""


def anonymise_some(session: Session) -> int:
    """Make the next dossiers anonymous whose time was over before today; return how many."""
    ids = queries.over(session, today(), AT_ONCE)
    if ids:
        pairings.forget_peers(session, ids)
        _empty_dossiers(session, ids)
        _empty_rows(session, ids)
        _empty_records(session, ids)
        _empty_reports(session, ids)
        evidence.forget_reasons(session, ids)
        excuses.forget_reasons(session, ids)
        pairings.end_for_children(session, ids, today())
        _write_down(session, ids)
        children.announce(session, ids)
    return len(ids)


def _empty_dossiers(session: Session, ids: Sequence[str]) -> None:
    theirs = Child.id.in_(ids)
    # An empty word is still a word: whoever counts the disabled counts the same, and reads nothing.
    disability = case((Child.disability.is_not(None), ""))
    session.execute(
        update(Child)
        .where(theirs)
        .values(
            name="",
            initials=None,
            id_number=None,
            id_number_index=None,
            address=None,
            ethnicity=None,
            class_name=None,
            health=None,
            disability=disability,
            note=None,
            version=Child.version + 1,
            anonymised_at=now(),
        )
        .execution_options(synchronize_session=False)
    )
    # The year of birth stays, the day does not; there are as many years as grades.
    for year in session.scalars(select(extract("year", Child.born_on)).where(theirs).distinct()).all():
        session.execute(
            update(Child)
            .where(theirs, extract("year", Child.born_on) == year)
            .values(born_on=today().replace(year=int(year), month=1, day=1))
            .execution_options(synchronize_session=False)
        )
    session.execute(delete(Relative).where(Relative.child_id.in_(ids)))
    session.execute(delete(RosterEntry).where(RosterEntry.child_id.in_(ids)))
    # When something changed and by whom stays; what it was, and the name of a file, may tell who it was.
    source = case((ChildChange.source.startswith("import:"), "import"), else_=ChildChange.source)
    session.execute(update(ChildChange).where(ChildChange.child_id.in_(ids)).values(fields={}, source=source))


def _empty_rows(session: Session, ids: Sequence[str]) -> None:
    for model, told in _TOLD.items():
        theirs = update(model).where(model.child_id.in_(ids))
        session.execute(theirs.values(identity=None, content_hash=None, **told))


def _empty_reports(session: Session, ids: Sequence[str]) -> None:
    # Of one that nobody has answered yet the words stay: somebody must still act on them.
    answered = MandatoryReport.child_id.in_(ids), MandatoryReport.answered_at.is_not(None)
    session.execute(update(MandatoryReport).where(*answered).values(what=None, note=None))


def _empty_records(session: Session, ids: Sequence[str]) -> None:
    photos.forget(session, ids)
    mine = select(Evidence.id).where(Evidence.subject_id.in_(ids))
    others = (
        select(Evidence.id)
        .outerjoin(Child, Child.id == Evidence.subject_id)
        .where(Evidence.id == Record.id, Child.anonymised_at.is_(None))
    )
    session.execute(
        update(Record)
        .where(Record.id.in_(mine), ~others.exists())
        .values(data={}, identity=None, content_hash=None)
        .execution_options(synchronize_session=False)
    )


def _write_down(session: Session, ids: Sequence[str]) -> None:
    at = now()
    entry = {"at": at, "account_id": CLOCK, "role": CLOCK, "action": "anonymise", "outcome": "done"}
    session.execute(insert(AuditEntry), [{**entry, "subject_id": each} for each in ids])
