"""Reporting, reading and answering suspected harm; nobody learns of a report whose office it is not, not even the bureau."""

import secrets
from typing import Any

from sqlalchemy import Select, case, false, or_, select
from sqlalchemy.orm import Session

from hongzhu.clock import now, today
from hongzhu.errors import ConflictError, MissingError
from hongzhu.programme import OnEvent
from hongzhu.trigger import parts
from hongzhu_registry.access.policy import Principal
from hongzhu_registry.access.sight import in_sight
from hongzhu_registry.children.models import Child
from hongzhu_registry.children.queries import anonymous, require_open
from hongzhu_registry.database import everything, new_id
from hongzhu_registry.events.service import MANDATORY_REPORT, say_mandatory_report
from hongzhu_registry.evidence.service import file_for
from hongzhu_registry.mandatory_reports.models import MandatoryReport
from hongzhu_registry.programmes import queries as programmes
from hongzhu_registry.sealing import key_ring

ANSWERED = "mandatory_report_answered"
_RECEIVED = ("id", "number", "reported_at")
"""What a reporter sees."""
_TOLD = ("child_id", "school_id", "agency", "answered_at", "outcome")
"""What those see besides whose office it is."""


def report(session: Session, principal: Principal, child_id: str, what: str) -> dict[str, Any]:
    """Take a report about a child in sight; return what its reporter sees of it."""
    school_id = require_open(session, principal, [child_id])
    report_id = new_id()
    made = MandatoryReport(
        id=report_id,
        number=f"{today():%Y%m%d}-{secrets.token_hex(3).upper()}",
        child_id=child_id,
        school_id=school_id,
        agency=_who_answers(session),
        reported_by=principal.account_id,
        reported_on=today(),
        reported_at=now(),
        what=key_ring().seal(what, "mandatory_report", "what", report_id),
    )
    session.add(made)
    session.flush()
    if made.agency is not None:
        say_mandatory_report(session, made.id, today(), made.agency)
    return {name: getattr(made, name) for name in _RECEIVED}


def listed(principal: Principal) -> Select[Any]:
    """Select the reports that it is one's office to see, and one's own; of these only that they were received."""
    columns = MandatoryReport.__table__.c
    office = in_sight("mandatory_report", principal) if _is_office(principal) else false()
    own = MandatoryReport.reported_by == principal.account_id
    told = (case((office, columns[name])).label(name) for name in _TOLD)
    return select(*(columns[name] for name in _RECEIVED), *told).where(or_(office, own))


def shown(session: Session, principal: Principal, report_id: str) -> dict[str, Any]:
    """Open a report for those whose office it is; show its reporter that it was received."""
    found = session.execute(listed(principal).where(MandatoryReport.id == report_id)).mappings().first()
    if found is None:
        raise MissingError
    if found["child_id"] is None:
        return {name: found[name] for name in _RECEIVED}
    return {**found, **_opened(session, report_id, found["child_id"])}


def answer(session: Session, principal: Principal, report_id: str, outcome: str, note: str) -> dict[str, Any]:
    """File what became of a report; raises `ConflictError` when that was filed."""
    if not _is_office(principal):
        raise MissingError
    seen = MandatoryReport.id == report_id, in_sight("mandatory_report", principal)
    found = session.scalar(select(MandatoryReport).where(*seen).with_for_update())
    if found is None:
        raise MissingError
    if found.answered_at is not None:
        raise ConflictError("This report was answered already.")
    found.outcome, found.answered_by, found.answered_at = outcome, principal.account_id, now()
    if anonymous(session, [found.child_id]):  # somebody has acted on the words, and nobody needs them any more
        found.what = None
    else:
        found.note = key_ring().seal(note, "mandatory_report", "note", report_id)
    session.flush()
    if found.agency is not None:
        file_for(session, ANSWERED, [(found.id, found.agency, today())])
    return shown(session, principal, report_id)


def _is_office(principal: Principal) -> bool:
    return principal.role in ("protection", "agency")


def _opened(session: Session, report_id: str, child_id: str) -> dict[str, Any]:
    """Read what is sealed, and who the child is: whoever must act on a report must know that."""
    ring = key_ring()
    kept = session.execute(
        select(MandatoryReport.what, MandatoryReport.note).where(MandatoryReport.id == report_id)
    ).one()
    with everything(session):
        who = session.execute(select(Child.name, Child.sex, Child.grade, Child.class_name).where(Child.id == child_id))
        child = dict(who.mappings().one())
    return {
        "child": child,
        "what": ring.open(kept.what, "mandatory_report", "what", report_id),
        "note": ring.open(kept.note, "mandatory_report", "note", report_id),
    }


def _who_answers(session: Session) -> str | None:
    """Name the agency whose running programme waits for such reports."""
    for each in programmes.definitions(session):
        waits = (trigger for trigger in parts(each.trigger) if isinstance(trigger, OnEvent))
        if any(trigger.event == MANDATORY_REPORT for trigger in waits):
            return each.agency
    return None
