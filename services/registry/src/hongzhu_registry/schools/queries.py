"""Statements about schools."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Select, exists, select
from sqlalchemy.orm import Session

from hongzhu.database import among
from hongzhu.errors import MissingError
from hongzhu.facts import SchoolFacts
from hongzhu_registry.access.policy import Principal
from hongzhu_registry.access.sight import in_sight
from hongzhu_registry.database import UNSHOWN
from hongzhu_registry.pairings.models import Pairing
from hongzhu_registry.schools.models import School

COLUMNS = [column for column in School.__table__.columns if column.name not in UNSHOWN]

TO_CHOOSE_FROM = 200
"""Schools in a list that somebody chooses from; where there are more, one says how the name begins."""


def visible(principal: Principal) -> Select[Any]:
    """Select the schools in sight."""
    return select(*COLUMNS).where(in_sight("school", principal))


def require(session: Session, principal: Principal, school_id: str) -> None:
    """See that a school is in sight; raises `MissingError`."""
    seen = visible(principal).where(School.id == school_id).with_only_columns(School.id)
    if session.scalar(seen) is None:
        raise MissingError


def called(begins: str) -> Select[Any]:
    """Select the ids of the schools whose name begins so."""
    return select(School.id).where(School.name.startswith(begins.strip(), autoescape=True))


def facts(session: Session, ids: Sequence[str] | None = None) -> list[SchoolFacts]:
    """Read the facts of schools, of all when no ids are given."""
    counselled = exists().where(
        Pairing.school_id == School.id, Pairing.kind == "law_counsellor", Pairing.ended_on.is_(None)
    )
    stored = [School.__table__.c[name] for name in SchoolFacts.model_fields if name in School.__table__.c]
    statement = select(*stored, counselled.label("has_law_counsellor")).order_by(School.id)
    if ids is not None:
        statement = statement.where(School.id.in_(ids))
    return [SchoolFacts(**row, school_id=row["id"], present=True) for row in session.execute(statement).mappings()]


def names(session: Session) -> dict[str, str]:
    """Read what the schools are called, by id."""
    return {row.id: row.name for row in session.execute(select(School.id, School.name))}


def names_in_sight(session: Session, principal: Principal) -> dict[str, str]:
    """Read what the schools in sight are called, by id, in the order of their names."""
    statement = visible(principal).with_only_columns(School.id, School.name).order_by(School.name)
    return {row.id: row.name for row in session.execute(statement)}


def names_to_show(session: Session, principal: Principal, ids: Collection[str]) -> dict[str, str]:
    """Read what the schools in sight are called, by id: all as long as one may choose among them, else some and those of `ids`."""
    statement = visible(principal).with_only_columns(School.id, School.name).order_by(School.name)
    rows = session.execute(statement.limit(TO_CHOOSE_FROM + 1)).all()
    if len(rows) > TO_CHOOSE_FROM:
        rows = [*rows, *session.execute(statement.where(among(session, School.id, ids)))]
    return {row.id: row.name for row in rows}
