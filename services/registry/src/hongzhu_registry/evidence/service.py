"""Filing evidence, and taking it back: both tell on tasks in the request's own transaction, and the scheduler hears of it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from hongzhu import messages
from hongzhu.clock import today
from hongzhu.database import among
from hongzhu.errors import ConflictError, InvalidError
from hongzhu.messages import EvidenceFiled, EvidenceWithdrawn, batches
from hongzhu.programme import Programme
from hongzhu_registry import staging
from hongzhu_registry.access.policy import Principal
from hongzhu_registry.children.queries import anonymous
from hongzhu_registry.database import everything, new_id, publish
from hongzhu_registry.evidence import queries
from hongzhu_registry.evidence.models import Evidence, EvidenceChange
from hongzhu_registry.evidence.queries import Shows
from hongzhu_registry.programmes import queries as programmes
from hongzhu_registry.sealing import key_ring
from hongzhu_registry.supporters.models import Supporter
from hongzhu_registry.tasks import queries as tasks

_NAMES = ("id", "subject_id", "version", "kind", "done_on", "filed_on")
_AT_ONCE = 5_000
"""Ids that one statement names."""


Shown = Mapping[str, tuple[str, date]]
"""What a row is evidence of: by subject, the kind and the day."""


class Because(BaseModel):
    """Why something is taken back; it is kept sealed."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(min_length=1, max_length=500)


Way = Literal["record", "pairing", "row"]
"""How a kind of evidence comes about: a form is filled in, somebody is tied to a subject, or a row tells of it."""


def must_be_theirs(session: Session, principal: Principal, kind: str, way: Way) -> list[Programme]:
    """See that somebody may give evidence of a kind, and in this way; return who asks for it.  Raises `InvalidError`.

    What a programme asks for with a form is a record, and what people are kept for is a pairing; nothing else stands
    in for them.  An agency cannot give what only others promised.  What the bureau hands in as workbooks is not asked.
    """
    asking = programmes.asking(session, kind)
    if way != "record" and any(each.form is not None for each in asking):
        raise InvalidError("The kind {kind} is shown by a record with its form; file that.", kind=kind, field="kind")
    if way == "row" and _has_people(session, kind):
        raise InvalidError("The kind {kind} is shown by a pairing; make that.", kind=kind, field="kind")
    if principal.role == "agency" and asking and principal.agency not in {each.agency for each in asking}:
        raise InvalidError("No running programme of yours is resolved by the kind {kind}.", kind=kind, field="kind")
    return asking


def _has_people(session: Session, kind: str) -> bool:
    with everything(session):  # whosever people they are
        return bool(session.scalar(select(exists().where(Supporter.kind == kind))))


def file(session: Session, evidence: Sequence[messages.Evidence]) -> None:
    """Keep new evidence, link it to the tasks it resolves, and tell the scheduler."""
    if not evidence:
        return
    tasks.keep_apart(session, [each.subject_id for each in evidence], evidence=True)
    filed_on = today()
    rows = ((each.id, each.subject_id, each.version, each.kind, each.done_on, filed_on) for each in evidence)
    with everything(session):  # it resolves whosever task it is
        staging.insert(session, Evidence, _NAMES, rows)
        tasks.link(session, [each.id for each in evidence])
    _tell(session, evidence)


def file_for(
    session: Session, kind: str, done: Sequence[tuple[str, str, date | None]], *, by: Principal | None = None
) -> None:
    """File evidence of one kind: the id of the row that shows it, the subject, and the day.

    What is there with another kind or day is corrected; what was taken back stays so.  Where no day is known it is the one on
    which it was filed.  `by` is who wrote the row at a door, and must be allowed to.
    """
    known: dict[tuple[str, str], Evidence] = {}
    for ids in batches(sorted({each for each, _, _ in done}), _AT_ONCE):
        with everything(session):  # it may be there though it is out of sight
            rows = session.scalars(select(Evidence).where(among(session, Evidence.id, ids)))
            known.update({(row.id, row.subject_id): row for row in rows})
    new = [
        messages.Evidence(id=each, kind=kind, subject_id=subject, done_on=day or today())
        for each, subject, day in done
        if (each, subject) not in known
    ]
    if new and by is not None:
        must_be_theirs(session, by, kind, "row")
    file(session, new)
    for each, subject, day in done:
        before = known.get((each, subject))
        if before is None or before.done_on is None:
            continue
        now = (kind, day or before.done_on)
        if now != (before.kind, before.done_on):
            amend(session, each, {subject: now}, by=by)


def file_shown(session: Session, shows: Shows) -> None:
    """File what rows show (`evidence.queries`) and is no evidence yet."""
    with everything(session):  # it may be there though it is out of sight
        new = [messages.Evidence(**row) for row in session.execute(queries.not_filed(shows)).mappings()]
    file(session, new)


def is_left(session: Session, shows: Shows) -> bool:
    """Say whether rows show anything that is no evidence yet."""
    return session.execute(queries.not_filed(shows).limit(1)).first() is not None


def correct(session: Session, shows: Shows, ids: Sequence[str]) -> None:
    """Correct the evidence that stands on some rows to what these show by now, and take back what they show no more."""
    changes: defaultdict[str, dict[str, tuple[str, date] | None]] = defaultdict(dict)
    with everything(session):
        for row in session.execute(queries.untrue(shows, among(session, Evidence.id, ids))):
            changes[row.id][row.subject_id] = (row.kind, row.done_on) if row.done_on else None
    for row_id, changed in changes.items():
        amend(session, row_id, changed, by=None)


def shown_by(session: Session, row_id: str) -> Shown:
    """Return what a row is evidence of."""
    with everything(session):
        rows = session.scalars(select(Evidence).where(Evidence.id == row_id, Evidence.done_on.is_not(None)))
        return {row.subject_id: (row.kind, row.done_on) for row in rows if row.done_on}


def subjects_of(session: Session, row_id: str) -> set[str]:
    """Name whom a row is evidence for, or was before it was taken back."""
    with everything(session):
        return set(session.scalars(select(Evidence.subject_id).where(Evidence.id == row_id)))


def differing(before: Shown, after: Shown) -> dict[str, tuple[str, date] | None]:
    """Return what changed of that which a row is evidence of."""
    return {each: after.get(each) for each in {*before, *after} if before.get(each) != after.get(each)}


def withdraw(session: Session, row_id: str, *, by: Principal, reason: str) -> None:
    """Take back everything that a row is evidence of; raises `ConflictError` when that is nothing."""
    shown = shown_by(session, row_id)
    if not shown:
        raise ConflictError("There is nothing to take back: it counts for nobody.")
    amend(session, row_id, dict.fromkeys(shown), by=by, reason=reason)


def amend(
    session: Session,
    row_id: str,
    changes: Mapping[str, tuple[str, date] | None],
    *,
    by: Principal | None,
    reason: str | None = None,
) -> None:
    """Correct what a row is evidence of: for each subject another kind or day, or nothing any more.

    The tasks that it resolved go back to what other evidence says of them.
    """
    if not changes:
        return
    tasks.keep_apart(session, changes, evidence=True)
    with everything(session):
        known = {
            row.subject_id: row
            for row in session.scalars(
                select(Evidence)
                .where(Evidence.id == row_id, Evidence.subject_id.in_(changes))
                .execution_options(populate_existing=True)
            )
        }
        nameless = anonymous(session, changes)
        filed, withdrawn = [], []
        for subject, now in sorted(changes.items()):
            before = known.get(subject)
            if before is not None:
                _change(session, before, now, by, None if subject in nameless else reason)
            if now is not None:
                version = before.version if before is not None else 1
                filed.append(
                    messages.Evidence(id=row_id, kind=now[0], subject_id=subject, done_on=now[1], version=version)
                )
            elif before is not None:
                kind, version = before.kind, before.version
                withdrawn.append(messages.Withdrawn(id=row_id, kind=kind, subject_id=subject, version=version))
        session.flush()
        tasks.relink(session, row_id, sorted(known))
        tasks.link(session, [row_id])
    file(session, [each for each in filed if each.subject_id not in known])
    _tell(session, [each for each in filed if each.subject_id in known])
    publish(session, *(EvidenceWithdrawn(evidence=batch) for batch in batches(withdrawn)))


def _change(
    session: Session, row: Evidence, now: tuple[str, date] | None, by: Principal | None, reason: str | None
) -> None:
    if row.done_on is not None:
        change_id = new_id()
        session.add(
            EvidenceChange(
                id=change_id,
                evidence_id=row.id,
                subject_id=row.subject_id,
                kind=row.kind,
                was_on=row.done_on,
                was_filed_on=row.filed_on,
                now_on=now[1] if now and now[0] == row.kind else None,
                changed_on=today(),
                account_id=by.account_id if by else None,
                reason=key_ring().seal(reason, "evidence_change", "reason", change_id),
            )
        )
    row.version += 1
    row.kind, row.done_on = now or (row.kind, None)
    row.filed_on = today()


def forget_reasons(session: Session, subjects: Sequence[str]) -> None:
    """Take out why evidence about children was changed: their dossiers become anonymous."""
    session.execute(update(EvidenceChange).where(EvidenceChange.subject_id.in_(subjects)).values(reason=None))


def announce(session: Session) -> None:
    """Say all evidence on the bus once more, and what was taken back."""
    columns = [Evidence.__table__.c[name] for name in messages.Evidence.model_fields]
    rows = session.execute(select(*columns).order_by(Evidence.id, Evidence.subject_id)).mappings().all()
    _tell(session, [messages.Evidence(**row) for row in rows if row["done_on"]])
    names = messages.Withdrawn.model_fields
    back = [messages.Withdrawn(**{name: row[name] for name in names}) for row in rows if not row["done_on"]]
    publish(session, *(EvidenceWithdrawn(evidence=batch) for batch in batches(back)))


def _tell(session: Session, evidence: Sequence[messages.Evidence]) -> None:
    publish(session, *(EvidenceFiled(evidence=batch) for batch in batches(evidence)))
