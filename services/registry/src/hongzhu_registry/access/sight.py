"""The policy's ties as conditions of a statement: what every list, search, count, single read and export is narrowed by."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields
from functools import lru_cache, partial
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    Table,
    and_,
    bindparam,
    exists,
    false,
    literal_column,
    or_,
    select,
    true,
    union_all,
)

from hongzhu_registry.access.policy import SIGHT, Principal, Role, Tie
from hongzhu_registry.database import metadata


def _setting(name: str) -> Any:
    return literal_column(f"current_setting('hongzhu.{name}', true)", String)


@dataclass(frozen=True, slots=True)
class Told:
    """Who asks, as a session of PostgreSQL was told (`database.narrow`): SQL where a `Principal` has values."""

    level: Any = field(default_factory=partial(_setting, "level"))
    account_id: Any = field(default_factory=partial(_setting, "account_id"))
    school_id: Any = field(default_factory=partial(_setting, "school_id"))
    agency: Any = field(default_factory=partial(_setting, "agency"))
    supporter_id: Any = field(default_factory=partial(_setting, "supporter_id"))
    child_id: Any = field(default_factory=partial(_setting, "child_id"))


Asker = Principal | Told


NAMED = Told(**{each.name: bindparam(each.name, type_=String()) for each in fields(Told)})
"""Whoever asks a prepared statement, told by name with each time (`Principal.session`)."""


@lru_cache(maxsize=1_000)  # what somebody asks again and again is put together once
def in_sight(table: str, principal: Principal) -> ColumnElement[bool]:
    """Say which rows of a table a principal may see; raises `MissingError` where the thing does not exist for its role."""
    return _in_sight(table, principal, principal)


def in_sight_of(role: Role, table: str) -> ColumnElement[bool]:
    """Say the same for a prepared statement, of whoever of a role is `NAMED`."""
    return _in_sight(table, Principal("", role), NAMED)


def _in_sight(table: str, principal: Principal, asker: Asker) -> ColumnElement[bool]:
    principal.must_see(table)
    if principal.is_bureau:
        return true()
    return any_of(table, SIGHT[table].ties(principal.role) or (), principal.role, asker)


Seen = Callable[[str, ColumnElement[Any], Role, Asker], ColumnElement[bool]]
"""Says of a column that names a child, or a supporter, whether that one is in sight."""


def seen_by_subquery(what: str, column: ColumnElement[Any], role: Role, asker: Asker) -> ColumnElement[bool]:
    """Say so by naming all of them."""
    if what == "child":
        children = metadata.tables["child"]
        own_school = role == "school" and column is children.c.id
        return children.c.school_id == asker.school_id if own_school else column.in_(children_of(role, asker))
    return column.in_(supporters_of(role, asker))


def any_of(
    table: str, ties: Iterable[Tie], role: Role, asker: Asker, seen: Seen = seen_by_subquery
) -> ColumnElement[bool]:
    """Say of a row whether any of the ties holds it to whoever asks."""
    rows = metadata.tables[table]
    return or_(false(), *(_held(rows, tie, role, asker, seen) for tie in ties))


def teaches(supporter: Any, child: Any) -> ColumnElement[bool]:
    """Say whether a supporter is the class teacher of a child; each is given by what has its columns."""
    return and_(
        supporter.school_id == child.school_id,
        supporter.grade == child.grade,
        supporter.class_name == child.class_name,
        supporter.duty == "class_teacher",
    )


def children_of(role: Role, asker: Asker) -> Select[Any]:
    """Select the ids of the children that a role has to do with: its school's, its class's, those it is paired with or owes."""
    child, supporter, pairing, task, programme = (
        metadata.tables[name] for name in ("child", "supporter", "pairing", "task", "programme_version")
    )
    match role:
        case "school":
            return select(child.c.id).where(child.c.school_id == asker.school_id)
        case "teacher":
            # A coordinator stands in for every class teacher of her school.
            taught = (
                select(child.c.id)
                .join(supporter, supporter.c.school_id == child.c.school_id)
                .where(
                    supporter.c.id == asker.supporter_id,
                    child.c.left_on.is_(None),
                    or_(supporter.c.duty == "coordinator", teaches(supporter.c, child.c)),
                )
            )
            paired = select(pairing.c.child_id.label("id")).where(
                pairing.c.supporter_id == asker.supporter_id,
                pairing.c.child_id.is_not(None),
                pairing.c.ended_on.is_(None),
            )
            return select(union_all(taught, paired).subquery("mine").c.id)
        case "agency":
            running = select(programme.c.code).where(
                programme.c.agency == asker.agency, programme.c.status == "approved"
            )
            return select(task.c.subject_id.label("id")).where(
                task.c.agency == asker.agency, task.c.programme.in_(running), still_theirs(task)
            )
        case _:
            return select(child.c.id).where(child.c.id == asker.child_id)


def still_theirs(task: Any) -> ColumnElement[bool]:
    """Say of a task whether its agency has to do with the child because of it: not of one that was cancelled and never done."""
    return or_(task.c.closed_state.is_(None), task.c.done_on.is_not(None))


def supporters_of(role: Role, asker: Asker) -> Select[Any]:
    """Select the ids of the supporters that are a role's own."""
    ties = SIGHT["supporter"].ties(role) or ()
    return select(metadata.tables["supporter"].c.id).where(any_of("supporter", ties, role, asker))


def _held(rows: Table, tie: Tie, role: Role, asker: Asker, seen: Seen) -> ColumnElement[bool]:
    match tie.kind:
        case "at":
            return _is(rows, tie, asker.school_id)
        case "of":
            return seen("child", rows.c[tie.column], role, asker)
        case "by":
            return seen("supporter", rows.c[tie.column], role, asker)
        case "oneself":
            return _is(rows, tie, asker.supporter_id)
        case "named":
            return _is(rows, tie, asker.agency)
        case "titled":
            title = metadata.tables["agency_title"]
            return rows.c[tie.column].in_(select(title.c.title).where(title.c.agency == asker.agency))
        case "through":
            link, row, child = _link(rows.name)
            return exists().where(link.c[row] == rows.c[tie.column], seen("child", link.c[child], role, asker))
        case "any":
            return true()


def _is(rows: Table, tie: Tie, value: Any) -> ColumnElement[bool]:
    equal: ColumnElement[bool] = rows.c[tie.column] == value
    return equal


def _link(table: str) -> tuple[Table, str, str]:
    link, row, child = SIGHT[table].through or ("", "", "")
    return metadata.tables[link], row, child
