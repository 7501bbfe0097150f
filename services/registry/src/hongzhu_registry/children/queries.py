"""Statements about children."""

import sys
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, String, and_, bindparam, case, exists, false, func, or_, select
from sqlalchemy.orm import Session

from hongzhu.clock import today
from hongzhu.database import among
from hongzhu.direct import Prepared
from hongzhu.errors import ConflictError, InvalidError, MissingError
from hongzhu.facts import ChildFacts
from hongzhu.programme import Programme
from hongzhu_registry.access.policy import DOSSIER, OPENED, Principal, Role, fields_of
from hongzhu_registry.access.sight import in_sight, in_sight_of, still_theirs
from hongzhu_registry.children.models import Child, Relative
from hongzhu_registry.database import everything
from hongzhu_registry.pairings.models import Pairing
from hongzhu_registry.programmes.queries import definitions
from hongzhu_registry.retention.queries import is_over
from hongzhu_registry.retention.rules import WITHDRAWN
from hongzhu_registry.schools.models import School
from hongzhu_registry.schools.queries import called
from hongzhu_registry.sealing import key_ring
from hongzhu_registry.tasks.models import Task

OPEN_COLUMNS = {column.name: column for column in Child.__table__.columns if column.name in DOSSIER.keys() - OPENED}
"""What is kept in clear, and has a purpose."""
SEALED = ("id_number", "address")
"""What is kept sealed of a child itself; of its family it is the telephone numbers."""
HOME_TAUGHT = "送教上门"
"""How a roster writes, with the disability, that a child cannot attend and is taught at home."""
PAIRINGS = [name.removeprefix("has_") for name in ChildFacts.model_fields if name.startswith("has_")]
"""The kinds of pairing that a programme may ask about."""
NUMBER = 18
"""Signs of an identity number."""
_ALWAYS = ("id", "school_id", "version")
_FIELD_OF = {
    "q": "name",
    "school": "school_id",
    "stage": "school_id",
    "town": "school_id",
    "status": "left_on",
    "disabled": "disability",
    "retention_over": "retention_ends",
}
"""Which field a filter asks about, where it is not the one of its name."""


def visible(session: Session, principal: Principal) -> Select[Any]:
    """Select the children a principal may see, with the fields it may see of them.

    An agency sees the children that its approved programmes owe something to, or did, and of each the fields that the bureau
    approved for those very programmes.
    """
    if principal.role == "agency":
        return _for_agency([each for each in definitions(session, principal.agency) if each.subject == "child"])
    return _shown_to(principal.role).where(in_sight("child", principal))


@cache
def _shown_to(role: Role) -> Select[Any]:
    # Made once: to put so many columns together takes as long as to read a row of them.
    seen = fields_of(role)
    return select(*(column for name, column in OPEN_COLUMNS.items() if name in seen))


@cache
def listed(role: Role) -> Prepared:
    """List the children that a role sees, from the one ``after`` on, ``most`` of them; not for agencies (`visible`)."""
    id_ = Child.__table__.c.id
    seen = _shown_to(role).where(in_sight_of(role, "child"), id_ > bindparam("after", type_=String()))
    return Prepared(seen.order_by(id_).limit(bindparam("most", type_=Integer())))


@cache
def whole(role: Role) -> Prepared:
    """Select ``asked``, if a role sees it, as `visible` does, with what `sealed` selects of it; not for agencies."""
    return Prepared(_with_sealed(_shown_to(role), role).where(in_sight_of(role, "child")))


@cache
def sealed(role: Role) -> Prepared:
    """Select what is sealed of ``asked`` and what a role has a purpose for, once for each of the family."""
    return Prepared(_with_sealed(select(), role))


def _with_sealed(statement: Select[Any], role: Role) -> Select[Any]:
    seen, child, relative = fields_of(role), Child.__table__, Relative.__table__
    columns = [child.c[name] for name in SEALED if name in seen]
    relatives = [column.label(f"relative_{column.name}") for column in relative.c]
    family = relatives if seen & {"family", "left_behind"} else []
    both = child.outerjoin(relative, relative.c.child_id == child.c.id) if family else child
    chosen = statement.add_columns(*columns, *family)
    return chosen.select_from(both).where(child.c.id == bindparam("asked", type_=String()))


def _for_agency(programmes: Sequence[Programme]) -> Select[Any]:
    columns: list[ColumnElement[Any]] = []
    for name, column in OPEN_COLUMNS.items():
        needing = [each.code for each in programmes if name in each.fields]
        if name in _ALWAYS:
            columns.append(column)
        elif needing:
            # Where consent was taken back, it is owed no more than to be told apart.
            columns.append(case((and_(_owed(needing), Child.basis != WITHDRAWN), column)).label(name))
    return select(*columns).where(_owed([each.code for each in programmes]))


def _owed(programmes: Sequence[str]) -> ColumnElement[bool]:
    return exists().where(Task.subject_id == Child.id, Task.programme.in_(programmes), still_theirs(Task.__table__))


def filtered(session: Session, principal: Principal, filters: Mapping[str, Any]) -> Select[Any]:
    """Select the children in sight that the filters let through.

    Nobody can narrow by a field out of sight: whoever gets through would tell what it holds.
    """
    statement = visible(session, principal)
    seen = statement.selected_columns
    opened = frozenset() if principal.role == "agency" else OPENED & fields_of(principal.role)
    for name, value in filters.items():
        field = _FIELD_OF.get(name, name)
        if field not in seen and field not in opened:
            raise InvalidError("You cannot narrow by {where}, which you do not see.", where=name, field=name)
        match name:
            case "stage":
                statement = statement.where(Child.school_id.in_(select(School.id).where(School.stage == value)))
            case "school":
                statement = statement.where(Child.school_id.in_(called(value)))
            case "town":
                statement = statement.where(Child.school_id.in_(select(School.id).where(School.town == value)))
            case "status":
                statement = statement.where(_standing(seen[field], value))
            case "disabled":
                statement = statement.where(seen[field].is_not(None) if value else seen[field].is_(None))
            case "retention_over":
                statement = statement.where(is_over(today()) if value else ~is_over(today()))
            case "q":
                statement = statement.where(_called(seen, opened, value))
            case "id_number":
                statement = statement.where(Child.id_number_index == key_ring().index(value.upper(), "child"))
            case _:
                statement = statement.where(seen[field] == value)
    return statement


def is_number(said: str) -> bool:
    """Say whether somebody typed an identity number, and not a name."""
    said = said.strip()
    return said.isascii() and len(said) == NUMBER and said[:-1].isdigit()


def _called(seen: Any, opened: frozenset[str], said: str) -> ColumnElement[bool]:
    """Say which children somebody means: by an identity number, the initials of a name, or how it begins."""
    said = said.strip()
    if is_number(said):
        if "id_number" not in opened:
            raise InvalidError("You cannot narrow by {where}, which you do not see.", where="id_number", field="q")
        return Child.id_number_index == key_ring().index(said.upper(), "child")
    if said.isascii() and said.isalpha():
        return and_(seen["name"].is_not(None), _begins(Child.initials, said.lower()))
    return _begins(seen["name"], said)


def _begins(column: Any, said: str) -> ColumnElement[bool]:
    # As a range: row-level security lets no index be used for what is like something.  Its ends stand in the statement: whether
    # few are called like that or half the city, PostgreSQL must know, to go by the name or by the order of the list.
    if "\0" in said:  # nobody is called like that, and no statement can hold it
        return false()
    ends = (said, said + chr(sys.maxunicode))
    first, behind = (bindparam(None, each, String(), literal_execute=True) for each in ends)
    return and_(column >= first, column < behind)


def _standing(left_on: ColumnElement[Any], status: str) -> ColumnElement[bool]:
    """Say whether a child is here, has left and is still followed, or has left for good."""
    watched = Child.watch_until >= today()
    match status:
        case "present":
            return left_on.is_(None)
        case "watched":
            return and_(left_on.is_not(None), watched)
        case _:
            return and_(left_on.is_not(None), or_(Child.watch_until.is_(None), ~watched))


def shown(session: Session, principal: Principal, child_id: str) -> dict[str, Any]:
    """Show what a principal sees of a child, but for what is sealed; raises `MissingError`."""
    found = session.execute(visible(session, principal).where(Child.__table__.c.id == child_id)).mappings().first()
    if found is None:
        raise MissingError
    return dict(found)


def names_in_sight(session: Session, principal: Principal, ids: Sequence[str]) -> dict[str, str]:
    """Read what children are called, by id; those that are out of sight, or whose name is, are not there."""
    statement = visible(session, principal)
    if "name" not in statement.selected_columns:
        return {}
    columns = statement.selected_columns
    found = session.execute(statement.with_only_columns(columns["id"], columns["name"]).where(Child.id.in_(ids)))
    return {row.id: row.name for row in found if row.name is not None}


def schools_in_sight(session: Session, principal: Principal, ids: Sequence[str]) -> dict[str, str]:
    """Read of what schools children are, by id; those that are out of sight are not there."""
    statement = visible(session, principal).with_only_columns(Child.id, Child.school_id).where(Child.id.in_(ids))
    return {row.id: row.school_id for row in session.execute(statement)}


def require(session: Session, principal: Principal, child_ids: Sequence[str]) -> str:
    """Return the one school of the children, all of which must be in sight; raises `MissingError`."""
    return _required(session, principal, child_ids)[0]


def require_open(session: Session, principal: Principal, child_ids: Sequence[str]) -> str:
    """Return what `require` does, of children of whom something may still be kept; raises `ConflictError`."""
    school_id, anonymous = _required(session, principal, child_ids)
    if anonymous:
        raise anonymous_for_good()
    return school_id


def _required(session: Session, principal: Principal, child_ids: Sequence[str]) -> tuple[str, bool]:
    """Return the children's one school, and whether any of them is anonymous."""
    child = Child.__table__.c
    asked = visible(session, principal).with_only_columns(child.school_id, child.anonymised_at.is_not(None))
    found = session.execute(asked.where(among(session, child.id, child_ids))).all()
    schools = {school_id for school_id, _ in found}
    if len(found) != len(set(child_ids)) or len(schools) != 1:
        raise MissingError
    return str(schools.pop()), any(anonymous for _, anonymous in found)


def anonymous(session: Session, ids: Collection[str]) -> set[str]:
    """Name those of some subjects that are children whose dossiers were made anonymous: no words about them are kept."""
    statement = select(Child.id).where(Child.id.in_(ids), Child.anonymised_at.is_not(None))
    with everything(session):  # whoever asks may see none of them
        return set(session.scalars(statement))


def anonymous_for_good() -> ConflictError:
    """Say that nothing can be kept of a child any more."""
    return ConflictError("This dossier was made anonymous when its time was over; nothing can be added to it.")


def facts(session: Session, ids: Sequence[str] | None = None) -> Select[Any]:
    """Select the facts of children, of all when no ids are given."""
    columns: list[Any] = [
        Child.id,
        Child.version,
        Child.school_id,
        Child.entered_on,
        Child.left_on.is_(None).label("present"),
        School.stage,
        Child.grade,
        Child.sex,
        Child.boarding,
        Child.in_poverty,
        Child.disability.is_not(None).label("disabled"),
        (Child.left_behind_type == "双亲留守").label("both_parents_away"),
        func.coalesce(Child.disability.contains(HOME_TAUGHT), False).label("cannot_attend"),
        *(_paired(kind).label(f"has_{kind}") for kind in PAIRINGS),
        Child.academic_concern,
    ]
    statement = select(*columns).join(School, School.id == Child.school_id)
    return statement if ids is None else statement.where(among(session, Child.id, ids))


def _paired(kind: str) -> ColumnElement[bool]:
    return exists().where(Pairing.child_id == Child.id, Pairing.kind == kind, Pairing.ended_on.is_(None))


def count(session: Session) -> Mapping[str, int]:
    """Count the children who are here, in all and in poverty."""
    row = session.execute(
        select(
            func.count().label("children"),
            func.count().filter(Child.in_poverty.is_(True)).label("in_poverty"),
        ).where(Child.left_on.is_(None))
    ).one()
    return {"children": row.children, "in_poverty": row.in_poverty}
