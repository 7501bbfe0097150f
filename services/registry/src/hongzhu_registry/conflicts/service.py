"""The bureau says which of several schools a child is at."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from hongzhu.errors import InvalidError, MissingError
from hongzhu_registry.access.policy import Principal
from hongzhu_registry.children.models import Child, RosterEntry
from hongzhu_registry.conflicts import queries
from hongzhu_registry.moves import service as moves


def settle(session: Session, principal: Principal, child_id: str, school_id: str) -> None:
    """Let a child be where it is, or at a school that has it on its roster; the others' entries no longer count.

    A child that left comes back there, unless it is said to stay where it was: then it has left.  Raises `MissingError` when
    nothing is in conflict.  Handing in the same rosters again does not bring it up again.
    """
    principal.must_be("bureau")
    if session.scalar(queries.in_conflict().where(queries.child_column == child_id)) is None:
        raise MissingError
    child = session.execute(select(Child.school_id, Child.left_on).where(Child.id == child_id)).one()
    entry = RosterEntry.child_id == child_id, RosterEntry.school_id == school_id
    if school_id != child.school_id and session.scalar(select(RosterEntry.id).where(*entry)) is None:
        raise InvalidError(
            "The child does not stand on the roster of the school {school}.", school=school_id, field="school_id"
        )
    if child.left_on is not None and school_id != child.school_id:
        moves.come_back(session, principal, child_id, on=None)
    moves.transfer(session, principal, child_id, school_id=school_id, on=None, grade=None, class_name=None)
