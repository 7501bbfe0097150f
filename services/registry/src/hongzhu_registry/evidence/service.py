"""Filing evidence: it resolves tasks in the request's own transaction, and the scheduler hears of it."""

from collections.abc import Sequence
from datetime import date
from operator import attrgetter
from typing import Literal

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from hongzhu import messages
from hongzhu.errors import InvalidError
from hongzhu.messages import EvidenceFiled, batches
from hongzhu_registry import staging
from hongzhu_registry.access.policy import Principal
from hongzhu_registry.database import everything, publish
from hongzhu_registry.evidence.models import Evidence
from hongzhu_registry.programmes import queries as programmes
from hongzhu_registry.supporters.models import Supporter
from hongzhu_registry.tasks import queries as tasks

_NAMES = ("id", "subject_id", "kind", "done_on")
_AS_STORED = attrgetter(*_NAMES)
_AT_ONCE = 5_000
"""Ids that one statement names."""


Way = Literal["record", "pairing", "row"]
"""How a kind of evidence comes about: a form is filled in, somebody is tied to a subject, or a row tells of it."""


def must_be_theirs(session: Session, principal: Principal, kind: str, way: Way) -> None:
    """See that somebody may give evidence of a kind, and in this way; raises `InvalidError`.

    What a running programme asks for with a form is a record, and what people are kept for is a pairing; nothing else stands
    in for them.  An agency cannot give what only others promised.  What the bureau hands in as workbooks is not asked.
    """
    asking = [each for each in programmes.definitions(session) if each.resolved_by == kind]
    if way != "record" and any(each.form is not None for each in asking):
        raise InvalidError("The kind {kind} is shown by a record with its form; file that.", kind=kind, field="kind")
    if way == "row" and _has_people(session, kind):
        raise InvalidError("The kind {kind} is shown by a pairing; make that.", kind=kind, field="kind")
    if principal.role == "agency" and asking and principal.agency not in {each.agency for each in asking}:
        raise InvalidError("No running programme of yours is resolved by the kind {kind}.", kind=kind, field="kind")


def _has_people(session: Session, kind: str) -> bool:
    with everything(session):  # whosever people they are
        return bool(session.scalar(select(exists().where(Supporter.kind == kind))))


def file(session: Session, evidence: Sequence[messages.Evidence]) -> None:
    """Keep new evidence, link it to the tasks it resolves, and tell the scheduler."""
    if not evidence:
        return
    tasks.keep_apart(session, [each.subject_id for each in evidence], evidence=True)
    with everything(session):  # it resolves whosever task it is
        staging.insert(session, Evidence, _NAMES, map(_AS_STORED, evidence))
        tasks.link(session, [each.id for each in evidence])
    _tell(session, evidence)


def file_for(
    session: Session, kind: str, done: Sequence[tuple[str, str, date]], *, by: Principal | None = None
) -> None:
    """File evidence of one kind: the id of the row that shows it, the subject, and the day.

    `by` is who wrote the row at a door, and must be allowed to.
    """
    known: set[tuple[str, str]] = set()
    for ids in batches(sorted({each for each, _, _ in done}), _AT_ONCE):
        with everything(session):  # it may be there though it is out of sight
            rows = session.execute(
                select(Evidence.id, Evidence.subject_id).where(staging.among(session, Evidence.id, ids))
            ).all()
        known.update((row.id, row.subject_id) for row in rows)
    new = [
        messages.Evidence(id=each, kind=kind, subject_id=subject, done_on=day)
        for each, subject, day in done
        if (each, subject) not in known
    ]
    if new and by is not None:
        must_be_theirs(session, by, kind, "row")
    file(session, new)


def announce(session: Session) -> None:
    """Say all evidence on the bus once more."""
    columns = [Evidence.__table__.c[name] for name in messages.Evidence.model_fields]
    rows = session.execute(select(*columns).order_by(Evidence.id, Evidence.subject_id)).mappings()
    _tell(session, [messages.Evidence(**row) for row in rows])


def _tell(session: Session, evidence: Sequence[messages.Evidence]) -> None:
    publish(session, *(EvidenceFiled(evidence=batch) for batch in batches(evidence)))
