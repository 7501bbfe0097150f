"""Children come and change; every change is kept as a version, and the scheduler hears of it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from hongzhu.clock import now, today
from hongzhu.database import among
from hongzhu.errors import ConflictError, InvalidError, MissingError
from hongzhu_registry.access.policy import Principal
from hongzhu_registry.children import announcing, families, queries
from hongzhu_registry.children.initials import initials
from hongzhu_registry.children.models import Child, ChildChange
from hongzhu_registry.database import everything, new_id
from hongzhu_registry.events.service import say_hardship_changed, say_roster_changed
from hongzhu_registry.schools import queries as schools
from hongzhu_registry.sealing import key_ring
from hongzhu_registry.tallies.queries import touch_children

Expect = Callable[[int], None]
"""Looks at the version there is before a change, and raises when it is not the one that was read."""
FIRST = "entered"
"""The source of a child's first version."""


def announce(session: Session, ids: Sequence[str] | None = None) -> None:
    """Say the facts of children on the bus, of all when no ids are given."""
    announcing.announce(session, ids)
    if ids:
        with everything(session):
            touch_children(session, among(session, Child.id, ids))


def touched(session: Session, ids: Iterable[str]) -> None:
    """Give children whose facts changed a new version, and say so."""
    changed = sorted(set(ids))
    with everything(session):
        session.execute(update(Child).where(Child.id.in_(changed)).values(version=Child.version + 1))
    announce(session, changed)


def locked(session: Session, principal: Principal, child_id: str, expect: Expect | None = None) -> Mapping[str, Any]:
    """Return a child in sight, kept from all others until the transaction ends; raises `MissingError`.

    `expect` is shown the version there is, and refuses if it is not the one that was read.
    """
    statement = queries.visible(session, principal).where(Child.id == child_id)
    found = session.execute(statement.with_for_update(of=Child)).mappings().first()
    if found is None:
        raise MissingError
    if expect is not None:
        expect(found["version"])
    if found["anonymised_at"] is not None:
        raise queries.anonymous_for_good()
    return dict(found)


def amend(
    session: Session,
    principal: Principal,
    child: Mapping[str, Any],
    values: Mapping[str, Any],
    *,
    source: str,
    also: Mapping[str, Any] | None = None,
    effective_on: date | None = None,
) -> None:
    """Write new values into a child's row, keep what changed as its next version, and say so on the bus.

    `also` are changes already made beside the row, as ``{field: [old, new]}``, or ``{field: None}`` for what is sealed.
    """
    changed = {name: value for name, value in values.items() if child[name] != value}
    fields = {name: [_plain(child[name]), _plain(value)] for name, value in changed.items()} | dict(also or {})
    if not fields:
        return
    if changed:
        touch_children(session, Child.id == child["id"])  # where it was until now
        found_by = {"initials": initials(changed["name"])} if "name" in changed else {}
        session.execute(update(Child).where(Child.id == child["id"]).values(**changed, **found_by))
    session.add(
        ChildChange(
            child_id=child["id"],
            version=child["version"] + 1,
            at=now(),
            account_id=principal.account_id,
            source=source,
            effective_on=effective_on or today(),
            fields=fields,
        )
    )
    touched(session, [child["id"]])
    if "in_poverty" in changed:
        say_hardship_changed(session, [child["id"]])
    if changed.keys() & {"school_id", "left_on"}:
        say_roster_changed(session, {child["school_id"], changed.get("school_id", child["school_id"])})


def change(session: Session, principal: Principal, child_id: str, changes: Mapping[str, Any], expect: Expect) -> None:
    """Correct some fields of a child, its address and its family among them."""
    principal.must_be("bureau", "school")
    child = locked(session, principal, child_id, expect)
    values = dict(changes)
    also = families.change(session, child_id, values.pop("family", None) or {})
    if "address" in values:
        also |= _move_house(session, child_id, values.pop("address"))
    amend(session, principal, child, values, source="patch", also=also)


def enter(session: Session, principal: Principal, values: Mapping[str, Any]) -> str:
    """Open a dossier and return its id; raises `ConflictError` when there is one under that identity number.

    Where it is held is told only to those who see it.
    """
    principal.must_be("bureau", "school")
    row = dict(values)
    number, address, family = row.pop("id_number"), row.pop("address", None), row.pop("family", None) or {}
    row["school_id"] = row.get("school_id") or principal.school_id
    if row["school_id"] is None:
        raise InvalidError("Name the school.", field="school_id")
    schools.require(session, principal, row["school_id"])
    index = key_ring().index(number, "child")
    known = queries.visible(session, principal).where(Child.id_number_index == index).with_only_columns(Child.id)
    if (held := session.scalar(known)) is not None:
        raise ConflictError("This child is held already, under {child}.", child=held, field="id_number")
    child_id = new_id()
    child = Child(
        id=child_id,
        id_number=key_ring().seal(number, "child", "id_number", child_id),
        id_number_index=index,
        address=key_ring().seal(address, "child", "address", child_id),
        **row,
    )
    try:
        with session.begin_nested():
            session.add(child)
    except IntegrityError as error:
        raise ConflictError(
            "A dossier with this identity number is held already. If the child has come to your school, ask the bureau for a "
            "transfer.",
            field="id_number",
        ) from error
    families.change(session, child_id, family)
    session.add(
        ChildChange(
            child_id=child_id,
            version=1,
            at=now(),
            account_id=principal.account_id,
            source=FIRST,
            effective_on=row["entered_on"],
            fields={},
        )
    )
    announce(session, [child_id])
    say_roster_changed(session, [row["school_id"]])
    return child_id


def _move_house(session: Session, child_id: str, address: str | None) -> dict[str, Any]:
    before = key_ring().open(
        session.get_one(Child, child_id, populate_existing=True).address, "child", "address", child_id
    )
    if before == address:
        return {}
    sealed = key_ring().seal(address, "child", "address", child_id)
    session.execute(update(Child).where(Child.id == child_id).values(address=sealed))
    return {"address": None}


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value
