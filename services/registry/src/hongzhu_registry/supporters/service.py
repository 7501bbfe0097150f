"""Supporters are added and vetted by those they help for: an agency its volunteers, a school its teachers, the bureau all."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from hongzhu.database import among
from hongzhu.errors import InvalidError, MissingError
from hongzhu.messages import batches
from hongzhu_registry.access.policy import Principal
from hongzhu_registry.database import new_id
from hongzhu_registry.pairings import service as pairings
from hongzhu_registry.schools import queries as schools
from hongzhu_registry.sealing import key_ring
from hongzhu_registry.supporters import queries
from hongzhu_registry.supporters.models import Supporter

TEACHER = "teacher"
_SEALED = ("phone", "email")
_OFFICE = ("duty", "grade", "class_name")
_AT_ONCE = 5_000
"""Ids that one statement names."""


def add(session: Session, principal: Principal, values: Mapping[str, Any]) -> Supporter:
    """Keep a new supporter where whoever adds it may put it; a school answers for its own teachers, all others apply first."""
    principal.must_be("bureau", "school", "agency")
    values = {**values, **_placed(session, principal, values)}
    status = values.pop("status") or ("vetted" if values["kind"] == TEACHER and values["school_id"] else "applied")
    made = Supporter(id=new_id(), kind=values.pop("kind"), **_place_of(values))
    _judge(made, status)
    _write(made, values)
    session.add(made)
    session.flush()
    return made


def change(
    session: Session, principal: Principal, supporter_id: str, changes: Mapping[str, Any], expect: Callable[[int], None]
) -> None:
    """Change what is known of a supporter in sight, or vet or reject it.

    Who is vetted no longer has neither pairing nor class any more: nothing of a child is shown to it, also by a link it was sent.
    """
    principal.must_be("bureau", "school", "agency")
    seen = queries.visible(principal).where(Supporter.id == supporter_id).with_for_update(of=Supporter)
    if session.execute(seen).first() is None:
        raise MissingError
    supporter = session.get_one(Supporter, supporter_id, populate_existing=True)
    expect(supporter.version)
    values = dict(changes)
    status = values.pop("status", None)
    if status is not None:
        was_vetted = supporter.vetted
        _judge(supporter, status)
        if was_vetted and not supporter.vetted:
            pairings.end_of_supporter(session, supporter_id)
            values = dict.fromkeys(_OFFICE) | values
    _write(supporter, values)
    supporter.version += 1
    session.flush()


def reject(session: Session, supporter_id: str) -> None:
    """Find that a supporter does not suit: it helps nobody from today on."""
    session.execute(update(Supporter).where(Supporter.id == supporter_id).values(vetted=False, rejected=True))
    pairings.end_of_supporter(session, supporter_id)


def accept(session: Session, ids: Sequence[str]) -> set[str]:
    """Let supporters be vetted whom a list says to be, all but those who were found not to suit, whom it returns."""
    rejected: set[str] = set()
    for some in batches(ids, _AT_ONCE):
        these = among(session, Supporter.id, some)
        applied = Supporter.rejected.is_(False), Supporter.vetted.is_(False)
        session.execute(update(Supporter).where(these, *applied).values(vetted=True))
        rejected.update(session.scalars(select(Supporter.id).where(these, Supporter.rejected)))
    return rejected


def without_office(session: Session) -> None:
    """Take class and office from all who are not vetted: what a school's list says of them counts no more."""
    held = or_(*(getattr(Supporter, name).is_not(None) for name in _OFFICE))
    session.execute(update(Supporter).where(Supporter.vetted.is_(False), held).values(dict.fromkeys(_OFFICE)))


def _placed(session: Session, principal: Principal, values: Mapping[str, Any]) -> dict[str, Any]:
    school_id, organisation = values["school_id"], values["organisation"]
    if principal.role == "agency":
        if school_id or organisation not in (None, principal.agency):
            raise MissingError
        return {"organisation": principal.agency, "school_id": None}
    if principal.role == "school":
        if organisation or school_id not in (None, principal.school_id):
            raise MissingError
        return {"organisation": principal.school_id, "school_id": principal.school_id}
    if school_id and organisation:
        raise InvalidError("Name either the school or the organisation it helps for.", field="organisation")
    if school_id:
        schools.require(session, principal, school_id)
    return {"organisation": organisation or school_id or "", "school_id": school_id}


def _place_of(values: dict[str, Any]) -> dict[str, Any]:
    return {name: values.pop(name) for name in ("organisation", "school_id")}


def _write(supporter: Supporter, values: Mapping[str, Any]) -> None:
    if supporter.kind != TEACHER and any(values.get(name) is not None for name in _OFFICE):
        raise InvalidError("Only a teacher has a class or an office at school.", field="duty")
    if not supporter.vetted and any(values.get(name) is not None for name in _OFFICE):
        raise InvalidError("Only who is vetted has a class or an office at school.", field="duty")
    for name, value in values.items():
        sealed = name in _SEALED
        setattr(supporter, name, key_ring().seal(value, "supporter", name, supporter.id) if sealed else value)


def _judge(supporter: Supporter, status: str) -> None:
    supporter.vetted, supporter.rejected = status == "vetted", status == "rejected"
