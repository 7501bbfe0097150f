"""What of a dossier is kept sealed, opened for whoever may read it: one child at a time."""

from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from hongzhu.clock import today
from hongzhu_registry.access.policy import OPENED, TELEPHONE_ONLY, Principal, fields_of
from hongzhu_registry.access.sight import still_theirs
from hongzhu_registry.children import families
from hongzhu_registry.children.models import Child
from hongzhu_registry.programmes.queries import definitions
from hongzhu_registry.retention.rules import WITHDRAWN
from hongzhu_registry.sealing import key_ring
from hongzhu_registry.tasks.models import Task

_SEALED = ("id_number", "address")
_OF_ONE = select(*(Child.__table__.c[name] for name in _SEALED)).where(Child.__table__.c.id == bindparam("child_id"))
"""Made once, as it is asked with every dossier."""


def opened(session: Session, principal: Principal, child_id: str) -> dict[str, Any]:
    """Open the sealed fields that a principal may read of a child in its sight: ``id_number``, ``address``, ``family``.

    With them comes what follows from who of the family is away: by which regime it is left behind.
    """
    fields = OPENED & (
        _approved(session, principal, child_id) if principal.role == "agency" else fields_of(principal.role)
    )
    shown: dict[str, Any] = {}
    if sealed := [name for name in _SEALED if name in fields]:
        child = session.connection().execute(_OF_ONE, {"child_id": child_id}).one()
        shown = {name: key_ring().open(getattr(child, name), "child", name, child_id) for name in sealed}
    if fields & {"family", "left_behind"}:
        family = families.relatives_of(session, child_id)
    if "left_behind" in fields:
        shown["left_behind"] = families.left_behind(family, today())
    if "family" in fields:
        if principal.role == "teacher":
            family = {role: {name: told[name] for name in sorted(TELEPHONE_ONLY)} for role, told in family.items()}
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
