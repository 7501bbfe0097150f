"""What of a dossier is kept sealed, opened for whoever may read it: one child at a time."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hongzhu.clock import today
from hongzhu.direct import Direct, only_session
from hongzhu.errors import MissingError
from hongzhu_registry.access.policy import OPENED, TELEPHONE_ONLY, Principal, Role, fields_of
from hongzhu_registry.access.sight import still_theirs
from hongzhu_registry.children import families, queries
from hongzhu_registry.children.models import Child
from hongzhu_registry.programmes.queries import definitions
from hongzhu_registry.retention.rules import WITHDRAWN
from hongzhu_registry.sealing import key_ring
from hongzhu_registry.tasks.models import Task


def whole(on: Session | Direct, principal: Principal, child_id: str) -> dict[str, Any]:
    """Show all that a principal may read of a child in its sight, sealed or not; raises `MissingError`."""
    if principal.role == "agency":  # which fields it sees, its programmes say
        session = only_session(on)
        return queries.shown(session, principal, child_id) | opened(session, principal, child_id)
    rows = queries.whole(principal.role).rows(on, {**principal.session, "asked": child_id})
    if not rows:
        raise MissingError
    child = {name: value for name, value in rows[0].items() if name in queries.OPEN_COLUMNS}
    return child | _opened(rows, OPENED & fields_of(principal.role), principal.role, child_id)


def opened(session: Session, principal: Principal, child_id: str) -> dict[str, Any]:
    """Open the sealed fields that a principal may read of a child in its sight: ``id_number``, ``address``, ``family``.

    With them comes what follows from who of the family is away: by which regime it is left behind.
    """
    agency = principal.role == "agency"
    fields = OPENED & (_approved(session, principal, child_id) if agency else fields_of(principal.role))
    rows = queries.sealed(principal.role).rows(session, {"asked": child_id}) if fields else []
    return _opened(rows, fields, principal.role, child_id)


def _opened(rows: Sequence[Mapping[str, Any]], fields: frozenset[str], role: Role, child_id: str) -> dict[str, Any]:
    """Open what was selected of one child, row by row of its family."""
    shown: dict[str, Any] = {
        name: key_ring().open(rows[0][name], "child", name, child_id) for name in queries.SEALED if name in fields
    }
    if fields & {"family", "left_behind"}:
        family = families.opened(child_id, rows)
    if "left_behind" in fields:
        shown["left_behind"] = families.left_behind(family, today())
    if "family" in fields:
        if role == "teacher":
            family = {each: {name: told[name] for name in sorted(TELEPHONE_ONLY)} for each, told in family.items()}
        shown["family"] = family
    return shown


def _approved(session: Session, principal: Principal, child_id: str) -> frozenset[str]:
    """Return the sealed fields of those running programmes of an agency that owe the child something."""
    asking = {
        each.code: each.fields & OPENED for each in definitions(session, principal.agency) if each.fields & OPENED
    }
    owed = (
        select(Task.programme)
        .join(Child, Child.id == Task.subject_id)
        .where(
            Task.subject_id == child_id,
            Task.programme.in_(asking),
            still_theirs(Task.__table__),
            Child.basis != WITHDRAWN,
        )
        .distinct()
    )
    return frozenset().union(*(asking[code] for code in session.scalars(owed))) if asking else frozenset()
