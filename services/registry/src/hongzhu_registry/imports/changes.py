"""What a changed roster changes: the fields of a child and its family, from what to what, kept as a version each."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from hongzhu.clock import now, today
from hongzhu.database import among
from hongzhu_registry.children.models import Child, Relative
from hongzhu_registry.database import new_id
from hongzhu_registry.sealing import KeyRing
from hongzhu_registry.workbooks import Child as Row

Family = dict[str, dict[str, Any]]
"""A child's relatives by role, as the table has them but for the telephone number, which is in clear."""
Fields = dict[str, list[Any] | None]
"""From what to what by field; nothing for what is sealed, as in `ChildChange`."""

VERSION = ("id", "child_id", "version", "at", "account_id", "source", "effective_on", "fields")
PLAIN: tuple[str, ...] = ("name", "ethnicity", "grade", "class_name", "boarding", "in_poverty", "health", "disability")
PLAIN += ("left_behind_type", "note")
"""What a roster says of a child itself; sex and birth date are the identity number's, which tells the child."""
FAMILY: Mapping[str, Mapping[str, str]] = {
    "father": {"name": "name", "place": "place", "since": "away_since", "phone": "phone"},
    "mother": {"name": "name", "place": "place", "since": "away_since", "phone": "phone"},
    "guardian": {"name": "name", "relation": "relation", "phone": "phone"},
}
"""The relatives that a roster names: what the row calls a field, and what the table calls it."""
OF_RELATIVE = ("name", "relation", "place", "away", "away_since", "able", "phone")


class Known(NamedTuple):
    """What is known of a child: its row, its address, and its relatives, in clear."""

    child: Mapping[str, Any]
    address: str | None
    family: Family


def known(session: Session, keys: KeyRing, ids: Sequence[str]) -> dict[str, Known]:
    """Read what is known of children."""
    columns = [Child.__table__.c[name] for name in ("id", "version", "entered_on", "left_on", "address", *PLAIN)]
    found: dict[str, Known] = {}
    for child in session.execute(select(*columns).where(among(session, Child.id, ids))).mappings():
        address = keys.open(child["address"], "child", "address", child["id"])
        found[child["id"]] = Known(dict(child), address, {})
    family = select(*Relative.__table__.columns).where(among(session, Relative.child_id, ids))
    for relative in session.execute(family).mappings():
        child_id, role = relative["child_id"], relative["role"]
        phone = keys.open(relative["phone"], "relative", f"phone.{role}", child_id)
        found[child_id].family[role] = {**relative, "phone": phone}
    return found


def completed(row: Row, before: Known) -> Row:
    """Return a row that says of the child what is known already wherever its sheet has no column."""
    missing: dict[str, Any] = {name: before.child[name] for name in PLAIN if not _has(row, name)}
    if "address" not in row.columns:
        missing["address"] = before.address
    return row._replace(**missing) if missing else row


def _has(row: Row, name: str) -> bool:
    # Grade and class may each be written with the other.
    return name in row.columns or (name in ("grade", "class_name") and bool(getattr(row, name)))


def family(row: Row, before: Family) -> Family:
    """Return the relatives as they stand after a row: as it says where its sheet has a column, as they are known elsewhere.

    Only a relative of whom the sheet has the name's column, and nothing in it, is nobody any more; one without such a column is
    known without a name as soon as the sheet says something else.
    """
    after = dict(before)
    for role, names in _family_columns(row.columns):
        person = getattr(row, role)
        told = {column: getattr(person, name) or None for name, column in names}
        somebody = any(told.values())
        if "place" in told:
            told["away"] = away(row, role)
        if "name" in told and not told["name"]:
            after.pop(role, None)
        elif somebody or role in before:
            after[role] = before.get(role, {}) | told
    return after


@lru_cache
def _family_columns(columns: frozenset[str]) -> Sequence[tuple[str, Sequence[tuple[str, str]]]]:
    """Return what a sheet with some columns says of each relative: what its row calls a field, and what the table calls it."""
    return [
        (role, [(name, column) for name, column in names.items() if f"{role}_{name}" in columns])
        for role, names in FAMILY.items()
    ]


def unnamed(row: Row) -> Iterator[str]:
    """Yield the roles of those of whom a row says something beside a blank name, which is not kept."""
    for role in FAMILY:
        person = getattr(row, role)
        if not person.name and any(person) and f"{role}_name" in row.columns:
            yield role


def away(row: Row, role: str) -> bool | None:
    """Say whether a parent is away, which follows from the place; None where the sheet has no column for it."""
    parent = getattr(row, role)
    return bool(parent.place) and not parent.at_home if f"{role}_place" in row.columns else None


def between(before: Known, row: Row, after: Family) -> Fields:
    """Tell from what to what a row, and the family as it stands after it, change what is known."""
    fields: Fields = {}
    for name in PLAIN:
        old, new = before.child[name], getattr(row, name)
        if new == "":
            new = None
        if old != new:
            fields[name] = [old, new]
    if (row.address or None) != before.address:
        fields["address"] = None
    for role in FAMILY:
        was, stands = before.family.get(role, {}), after.get(role, {})
        for column in OF_RELATIVE:
            old, new = was.get(column), stands.get(column)
            if old != new:
                fields[f"{role}.{column}"] = None if column == "phone" else [old, new]
    return fields


def version(child_id: str, before: Known, fields: Fields, file: str, account_id: str | None) -> tuple[Any, ...]:
    """Make the row of the version that a change led to."""
    number = before.child["version"] + 1
    return (new_id(), child_id, number, now(), account_id, f"import:{file}"[:250], today(), fields)
