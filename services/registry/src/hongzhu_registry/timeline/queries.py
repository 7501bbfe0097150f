"""A child's timeline: everything that happened, out of every noun's rows, in one statement."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import JSON, ColumnElement, Float, Select, String, case, cast, func, literal, null, select, union_all
from sqlalchemy.orm import Session

from hongzhu_registry.access.policy import Principal
from hongzhu_registry.activities.models import Activity, Attendance
from hongzhu_registry.agencies.queries import titles_of
from hongzhu_registry.assessments.models import Assessment
from hongzhu_registry.children.models import Child, ChildChange
from hongzhu_registry.consents.models import Consent
from hongzhu_registry.enrolments.models import Enrolment
from hongzhu_registry.evidence.models import Evidence, EvidenceChange
from hongzhu_registry.excuses.models import Excuse
from hongzhu_registry.pairings.models import Pairing
from hongzhu_registry.programmes.queries import definitions
from hongzhu_registry.records.models import Record
from hongzhu_registry.referrals.models import Referral
from hongzhu_registry.subsidies.models import Subsidy
from hongzhu_registry.supporters.models import Supporter

_MOVED = {"transfer": "transferred", "leave": "left", "return": "returned"}
"""What a change is called by its source; every other one is just ``changed``."""
_TOLD_ELSEWHERE = ("entered", "consent", "withdrawal")
"""Sources of changes that the timeline shows by other rows."""


def events(session: Session, principal: Principal, child_id: str) -> Select[Any]:
    """Select what happened to a child: ``key, on, kind, id, what, amount, by, fields``, as far as it is the principal's to see.

    An agency sees what it did itself: its own pairings, activities and referrals, and the records its programmes ask for.
    """
    parts = list(_parts(principal, child_id))
    if principal.role == "agency":
        parts = list(_of_agency(session, principal.agency, child_id))
    happened = union_all(*parts).subquery()
    key = (happened.c.on + " " + happened.c.kind + " " + happened.c.id).label("key")
    return select(key, *happened.c)


def newest_first(
    session: Session, statement: Select[Any], *, limit: int | None, cursor: str | None
) -> list[dict[str, Any]]:
    """Read events, the newest first, from the one after `cursor` on."""
    key = statement.selected_columns["key"]
    if cursor is not None:
        statement = statement.where(key < cursor)
    return [dict(row) for row in session.execute(statement.order_by(key.desc()).limit(limit)).mappings()]


def _event(
    kind: str | ColumnElement[str],
    on: Any,
    row_id: Any,
    *,
    what: Any = None,
    amount: Any = None,
    by: Any = None,
    fields: Any = None,
) -> Select[Any]:
    return select(
        cast(on, String).label("on"),
        (literal(kind) if isinstance(kind, str) else kind).label("kind"),
        row_id.label("id"),
        cast(null() if what is None else what, String).label("what"),
        cast(null() if amount is None else amount, Float).label("amount"),
        cast(null() if by is None else by, String).label("by"),
        (cast(null(), JSON) if fields is None else fields).label("fields"),
    )


def _parts(principal: Principal, child_id: str) -> Iterator[Select[Any]]:
    yield from _dossier(child_id)
    if principal.sees("consent"):
        yield from _consents(child_id)
    yield from _pairings(child_id)
    yield _records(child_id)
    yield _activities(child_id)
    if principal.sees("excuse"):
        yield from _taken_back(child_id)
        yield from _excuses(child_id)
    if principal.sees("referral"):
        yield _referrals(child_id)
    yield _event(
        "assessment", Assessment.tested_on, Assessment.id, what=Assessment.subject, amount=Assessment.mark
    ).where(Assessment.child_id == child_id)
    if principal.sees("subsidy"):
        yield _event(
            "subsidy", Subsidy.taught_on, Subsidy.id, amount=Subsidy.transport + Subsidy.meals, by=Subsidy.teacher
        ).where(Subsidy.child_id == child_id)
    # A place without a first day stands at the day on which the dossier begins.
    starts_on = func.coalesce(Enrolment.starts_on, Child.entered_on)
    yield (
        _event("enrolment", starts_on, Enrolment.id, what=Enrolment.kind)
        .join(Child, Child.id == Enrolment.child_id)
        .where(Enrolment.child_id == child_id)
    )


def _dossier(child_id: str) -> Iterator[Select[Any]]:
    mine = ChildChange.child_id == child_id
    # Whoever came back has a new first day; the first of all stands in the change that replaced it.
    first = (
        select(ChildChange.fields["entered_on"][0].as_string())
        .where(mine, ChildChange.source == "return")
        .order_by(ChildChange.version)
        .limit(1)
        .scalar_subquery()
    )
    entered = func.coalesce(first, cast(Child.entered_on, String))
    yield _event("entered", entered, Child.id).where(Child.id == child_id)
    on = func.coalesce(cast(ChildChange.effective_on, String), func.substr(cast(ChildChange.at, String), 1, 10))
    kind = case(*((ChildChange.source == source, kind) for source, kind in _MOVED.items()), else_="changed")
    yield _event(
        kind, on, ChildChange.id, what=ChildChange.source, by=ChildChange.account_id, fields=ChildChange.fields
    ).where(mine, ChildChange.source.not_in(_TOLD_ELSEWHERE))


def _consents(child_id: str) -> Iterator[Select[Any]]:
    given = Consent.child_id == child_id
    yield _event("consent_given", Consent.given_on, Consent.id, what=Consent.basis, by=Consent.given_by).where(given)
    yield _event("consent_withdrawn", Consent.withdrawn_on, Consent.id, what=Consent.basis, by=Consent.given_by).where(
        given, Consent.withdrawn_on.is_not(None)
    )


def _pairings(child_id: str) -> Iterator[Select[Any]]:
    for kind, on in (("pairing_began", Pairing.began_on), ("pairing_ended", Pairing.ended_on)):
        yield (
            _event(kind, on, Pairing.id, what=Pairing.kind, by=Supporter.name)
            .join(Supporter, Supporter.id == Pairing.supporter_id)
            .where(Pairing.child_id == child_id, on.is_not(None))
        )


def _records(child_id: str) -> Select[Any]:
    return (
        _event("record", Record.occurred_on, Record.id, what=Record.kind, by=Record.recorded_by)
        .join(Evidence, Evidence.id == Record.id)
        .where(Evidence.subject_id == child_id)
    )


def _taken_back(child_id: str) -> Iterator[Select[Any]]:
    for kind, which in (
        ("evidence_withdrawn", EvidenceChange.now_on.is_(None)),
        ("evidence_corrected", EvidenceChange.now_on.is_not(None)),
    ):
        yield _event(
            kind, EvidenceChange.changed_on, EvidenceChange.id, what=EvidenceChange.kind, by=EvidenceChange.account_id
        ).where(EvidenceChange.subject_id == child_id, which)


def _excuses(child_id: str) -> Iterator[Select[Any]]:
    theirs, of_days = Excuse.subject_id == child_id, Excuse.first.is_not(None)
    yield _event("excused", Excuse.given_on, Excuse.id, what=Excuse.programme, by=Excuse.given_by).where(
        theirs, ~of_days
    )
    lasting = Excuse.lifted_on.is_(None)
    yield _event("pause_began", Excuse.first, Excuse.id, by=Excuse.given_by).where(theirs, of_days, lasting)
    yield _event("pause_ended", Excuse.last, Excuse.id, by=Excuse.ended_by).where(
        theirs, of_days, lasting, Excuse.last.is_not(None)
    )
    kind = case((of_days, "pause_taken_back"), else_="excuse_taken_back")
    yield _event(kind, Excuse.lifted_on, Excuse.id, what=Excuse.programme, by=Excuse.lifted_by).where(theirs, ~lasting)


def _activities(child_id: str) -> Select[Any]:
    return (
        _event("activity", Activity.held_on, Attendance.id, what=Activity.kind, by=Activity.name)
        .join(Attendance, Attendance.activity_id == Activity.id)
        .where(Attendance.child_id == child_id, Attendance.attended)
    )


def _referrals(child_id: str) -> Select[Any]:
    return _event("referral", Referral.referred_on, Referral.id, what=Referral.organisation).where(
        Referral.child_id == child_id
    )


def _of_agency(session: Session, agency: str | None, child_id: str) -> Iterator[Select[Any]]:
    titles = titles_of(agency)
    for each in _pairings(child_id):
        yield each.where(Supporter.organisation.in_(titles))
    yield _activities(child_id).where(Activity.organisation.in_(titles))
    yield _referrals(child_id).where(Referral.organisation.in_(titles))
    yield _records(child_id).where(Record.kind.in_(_asked_for(session, agency)))


def _asked_for(session: Session, agency: str | None) -> Sequence[str]:
    return [each.resolved_by for each in definitions(session, agency) if each.form is not None]
