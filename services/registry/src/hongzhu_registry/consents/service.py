"""On what basis a dossier is held: a duty in law, or a guardian's consent, which can be taken back."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hongzhu.clock import today
from hongzhu.errors import ConflictError, InvalidError
from hongzhu_registry.access.policy import Principal
from hongzhu_registry.children import service as children
from hongzhu_registry.consents.models import Consent
from hongzhu_registry.days import not_to_come
from hongzhu_registry.retention import queries as retention
from hongzhu_registry.retention.rules import GUARDIAN_CONSENT, STATUTORY_DUTY, WITHDRAWN

BY_DEFAULT: Mapping[str, Any] = {
    "id": None,
    "basis": STATUTORY_DUTY,
    "text_version": 1,
    "given_on": None,
    "given_by": None,
    "withdrawn_on": None,
}
"""What holds for a child of whom nothing else was recorded."""


def history(session: Session, child_id: str) -> list[dict[str, Any]]:
    """Return what a dossier has rested on, the newest first; never empty."""
    rows = session.execute(
        select(*(Consent.__table__.c[name] for name in BY_DEFAULT))
        .where(Consent.child_id == child_id)
        .order_by(Consent.id.desc())
    ).mappings()
    return [*map(dict, rows)] or [dict(BY_DEFAULT)]


def give(
    session: Session,
    principal: Principal,
    child_id: str,
    *,
    basis: str,
    text_version: int,
    given_on: date | None,
    given_by: str | None,
) -> None:
    """Record on what basis a dossier is held from now on; a retention clock that a withdrawal had started stops."""
    principal.must_be("bureau", "school")
    child = children.locked(session, principal, child_id)
    day = _while_held(child, given_on, "given_on")
    if (basis == GUARDIAN_CONSENT) != (given_by is not None):
        raise InvalidError(
            "A consent says who gave it, as the relation to the child; a duty does not.", field="given_by"
        )
    session.add(
        Consent(
            child_id=child_id,
            basis=basis,
            text_version=text_version,
            given_on=day,
            given_by=given_by,
            recorded_by=principal.account_id,
        )
    )
    session.flush()
    _rest_on(session, principal, child, basis, "consent", day)


def withdraw(session: Session, principal: Principal, child_id: str, *, withdrawn_on: date | None) -> None:
    """Record that a guardian took consent back: agencies stop seeing the child, and the retention clock starts."""
    principal.must_be("bureau", "school")
    child = children.locked(session, principal, child_id)
    day = _while_held(child, withdrawn_on, "withdrawn_on")
    newest = session.scalar(select(Consent).where(Consent.child_id == child_id).order_by(Consent.id.desc()).limit(1))
    if newest is None or newest.basis != GUARDIAN_CONSENT or newest.withdrawn_on is not None:
        raise ConflictError("This dossier does not rest on a guardian's consent, so there is none to take back.")
    if day < newest.given_on:
        raise InvalidError("The consent was given later than that day.", field="withdrawn_on")
    newest.withdrawn_on, newest.withdrawal_recorded_on = day, today()
    session.flush()
    _rest_on(session, principal, child, WITHDRAWN, "withdrawal", day)


def _rest_on(
    session: Session, principal: Principal, child: Mapping[str, Any], basis: str, source: str, day: date
) -> None:
    ends = retention.end_for(session, child["id"], basis=basis, watched_until=child["watch_until"])
    children.amend(session, principal, child, {"basis": basis, "retention_ends": ends}, source=source, effective_on=day)


def _while_held(child: Mapping[str, Any], on: date | None, field: str) -> date:
    day = on or today()
    not_to_come(**{field: day})
    if day < child["entered_on"]:
        raise InvalidError(
            "The dossier was opened later than that day, on {day}.", day=child["entered_on"], field=field
        )
    return day
