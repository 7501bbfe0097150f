"""A dossier as its page shows it: what every noun has of one child, as far as it is the reader's to see."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hongzhu.clock import today
from hongzhu.i18n import written
from hongzhu_registry.access.models import Account
from hongzhu_registry.access.policy import Principal
from hongzhu_registry.access.sight import in_sight
from hongzhu_registry.activities.models import Activity, Attendance
from hongzhu_registry.assessments.models import Assessment
from hongzhu_registry.children.models import ChildChange
from hongzhu_registry.children.opening import whole
from hongzhu_registry.consents import service as consents
from hongzhu_registry.copies import looks, words
from hongzhu_registry.copies.queries import seen_by
from hongzhu_registry.database import FromWorkbook
from hongzhu_registry.enrolments.models import Enrolment
from hongzhu_registry.excuses import service as excuses
from hongzhu_registry.pairings.models import Pairing
from hongzhu_registry.referrals.models import Referral
from hongzhu_registry.subsidies.models import Subsidy
from hongzhu_registry.supporters.models import Supporter
from hongzhu_registry.tasks import queries as tasks
from hongzhu_registry.tasks.models import Task

MOST = 50
"""The most rows of each kind; a dossier has a handful, and what happened has a page of its own."""
LOOKS = 10
"""The latest looks; the audit has all."""
OWN = ("bureau", "school")
"""The roles that keep dossiers."""
Rows = Sequence[Mapping[str, Any]]


def dossier(session: Session, principal: Principal, child_id: str) -> dict[str, Any]:
    """Put a dossier together; raises `MissingError`."""
    child = whole(session, principal, child_id)
    keeps = principal.is_bureau or principal.role in OWN
    return {
        "child": child,
        "keeps": keeps,
        "owed": _open_tasks(session, principal, child_id),
        "pairings": _pairings(session, principal, child_id),
        "scores": _scores(_rows(session, principal, Assessment, child_id, "tested_on")),
        "referrals": _rows(session, principal, Referral, child_id, "referred_on"),
        "enrolments": _rows(session, principal, Enrolment, child_id, "id"),
        "subsidies": _rows(session, principal, Subsidy, child_id, "taught_on"),
        "activities": _activities(session, principal, child_id),
        "consents": consents.history(session, child_id) if keeps else [],
        "pauses": excuses.pauses(session, principal, child_id) if keeps else [],
        "versions": _versions(session, child_id) if keeps else [],
        "looks": list(islice(looks.merged(seen_by(session, child_id)), LOOKS)) if principal.is_bureau else [],
    }


def _rows(session: Session, principal: Principal, model: type[FromWorkbook], child_id: str, day: str) -> Rows:
    """Read a child's rows of one kind, the newest first; none for whom there is no such thing."""
    table: Any = model.__table__  # type: ignore[attr-defined]  # models are tables
    if not principal.sees(table.name):
        return []
    statement = select(*(each for each in table.columns if each.name not in ("identity", "content_hash", "reason")))
    mine = statement.where(in_sight(table.name, principal), table.c.child_id == child_id)
    return _read(session, mine.order_by(table.c[day].desc(), table.c.id.desc()))


def _read(session: Session, statement: Any) -> Rows:
    return [dict(row) for row in session.execute(statement.limit(MOST)).mappings()]


def _open_tasks(session: Session, principal: Principal, child_id: str) -> Rows:
    day = today()
    mine = tasks.visible(principal, day).where(Task.subject_id == child_id, tasks.state_on(day).in_(("due", "overdue")))
    return _read(session, mine.order_by(Task.due_on, Task.programme))


def _pairings(session: Session, principal: Principal, child_id: str) -> Rows:
    statement = (
        select(Pairing.id, Pairing.kind, Pairing.began_on, Pairing.ended_on, Supporter.name, Supporter.occupation)
        .join(Supporter, Supporter.id == Pairing.supporter_id)
        .where(in_sight("pairing", principal), Pairing.child_id == child_id, Pairing.withdrawn_on.is_(None))
    )
    return _read(session, statement.order_by(Pairing.ended_on.is_not(None), Pairing.began_on.desc()))


def _activities(session: Session, principal: Principal, child_id: str) -> Rows:
    statement = (
        select(Activity.id, Activity.kind, Activity.name, Activity.held_on, Attendance.attended)
        .join(Attendance, Attendance.activity_id == Activity.id)
        .where(in_sight("activity", principal), Attendance.child_id == child_id)
    )
    return _read(session, statement.order_by(Activity.held_on.desc(), Activity.id))


def _versions(session: Session, child_id: str) -> Rows:
    """Read who changed what, the newest first, of a child whose dossier the reader keeps."""
    columns = ("id", "version", "at", "source", "effective_on", "fields")
    statement = (
        select(*(ChildChange.__table__.c[name] for name in columns), Account.username.label("by"))
        .outerjoin(Account, Account.id == ChildChange.account_id)
        .where(ChildChange.child_id == child_id)
    )
    return _read(session, statement.order_by(ChildChange.version.desc()))


def _scores(marks: Rows) -> dict[str, Any] | None:
    """Draw a child's marks, day by day, a line for each subject."""
    days = sorted({each["tested_on"] for each in marks})
    of_subject: dict[str, dict[Any, float]] = defaultdict(dict)
    for each in marks:
        of_subject[each["subject"]][each["tested_on"]] = each["mark"]
    if not days:
        return None
    series = [
        {"name": words.value(name), "values": [of.get(day) for day in days]} for name, of in sorted(of_subject.items())
    ]
    return {"kind": "line", "labels": [written(day, "y年M月", "MMM y") for day in days], "series": series}
