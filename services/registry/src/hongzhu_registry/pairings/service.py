"""Tying a supporter to a child or a school, and ending it."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import case, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from hongzhu import messages
from hongzhu.clock import today
from hongzhu.errors import ConflictError, InvalidError, MissingError
from hongzhu_registry.access.policy import Principal
from hongzhu_registry.children import queries as children
from hongzhu_registry.children import service as child_service
from hongzhu_registry.children.models import Child
from hongzhu_registry.database import everything
from hongzhu_registry.days import not_to_come
from hongzhu_registry.evidence import service as evidence
from hongzhu_registry.pairings import queries
from hongzhu_registry.pairings.models import Pairing
from hongzhu_registry.schools import queries as schools
from hongzhu_registry.schools import service as school_service
from hongzhu_registry.supporters import queries as supporters
from hongzhu_registry.supporters.models import Supporter

PEER = "peer"
"""The kind of a pairing, and of its supporter, who is a child itself (结对同伴)."""


def pair(
    session: Session,
    principal: Principal,
    *,
    kind: str,
    supporter_id: str,
    child_id: str | None = None,
    school_id: str | None = None,
    began_on: date | None = None,
    reason: Mapping[str, Any] | None = None,
) -> Pairing:
    """Tie a vetted supporter with a free place to a child or a school.

    Raises `MissingError` for what is out of sight and `ConflictError` when the subject is paired, the places are taken or the
    child has left, also when two ask at once; and when a match, which has a `reason`, was declined before.
    """
    began_on = began_on or today()
    not_to_come(began_on=began_on)
    _must_see_subject(session, principal, child_id, school_id)
    if child_id is not None:
        _must_be_here(session, child_id)
    # Two who match the same supporter take turns, so that each sees the places the other took.
    statement = supporters.visible(principal).where(Supporter.id == supporter_id).with_for_update(of=Supporter)
    supporter = session.execute(statement).mappings().first()
    if supporter is None:
        raise MissingError
    if not supporter["vetted"] or supporter["rejected"]:
        raise InvalidError(
            "Nobody meets a child unvetted: this supporter has not been vetted yet.", field="supporter_id"
        )
    evidence.must_be_theirs(session, principal, kind, "pairing")
    if reason is not None and queries.was_declined(session, kind, supporter_id, child_id, school_id):
        raise ConflictError("This match was declined; somebody else is to be found.", field="reason")
    places = supporter["capacity"] or 1
    taken = set(
        session.scalars(
            select(Pairing.place).where(
                Pairing.supporter_id == supporter_id, Pairing.kind == kind, Pairing.ended_on.is_(None)
            )
        )
    )
    free = next((place for place in range(1, places + 1) if place not in taken), None)
    if free is None:
        raise ConflictError("All {places} places of this supporter are taken.", places=places, field="supporter_id")
    made = Pairing(
        kind=kind,
        supporter_id=supporter_id,
        child_id=child_id,
        school_id=school_id,
        place=free,
        began_on=began_on,
        reason=reason,
    )
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError as error:
        raise ConflictError("It is paired already.") from error
    subject = str(child_id or school_id)
    evidence.file(session, [messages.Evidence(id=made.id, kind=kind, subject_id=subject, done_on=made.began_on)])
    if child_id:
        child_service.touched(session, [child_id])
    else:
        school_service.touched(session, [subject])
    return made


def end(
    session: Session, principal: Principal, pairing_id: str, ended_on: date, expect: child_service.Expect
) -> Pairing:
    """End a pairing that is in sight; raises `ConflictError` when it is over already."""
    principal.must_be("bureau", "school", "agency")
    pairing = _locked(session, principal, pairing_id)
    expect(pairing.version)
    if pairing.ended_on is not None:
        raise ConflictError("This pairing is over already.")
    if not pairing.began_on <= ended_on <= today():
        raise InvalidError("A pairing ends between the day it began and today.", field="ended_on")
    pairing.ended_on = ended_on
    pairing.version += 1
    session.flush()
    _touched(session, pairing)
    return pairing


def accept(session: Session, principal: Principal, pairing_id: str) -> Pairing:
    """Say that a match suits; raises `ConflictError` when it is over."""
    principal.must_be("agency")
    pairing = _locked(session, principal, pairing_id)
    if pairing.ended_on is not None:
        raise ConflictError("This pairing is over already.")
    pairing.accepted_on = pairing.accepted_on or today()
    pairing.version += 1
    session.flush()
    return pairing


def withdraw(session: Session, principal: Principal, pairing_id: str, reason: str) -> Pairing:
    """Take back a pairing that was made in error; raises `ConflictError` when it was taken back before."""
    principal.must_be("bureau", "school", "agency")
    pairing = _locked(session, principal, pairing_id)
    evidence.withdraw(session, pairing_id, by=principal, reason=reason)
    pairing.withdrawn_on = today()
    pairing.ended_on = pairing.began_on
    pairing.version += 1
    session.flush()
    _touched(session, pairing)
    return pairing


def _locked(session: Session, principal: Principal, pairing_id: str) -> Pairing:
    seen = queries.visible(principal).where(Pairing.id == pairing_id)
    child_id = session.execute(seen.with_only_columns(Pairing.child_id)).one_or_none()
    if child_id is None:
        raise MissingError
    _left_on(session, child_id[0])  # the child before its pairings, as whoever changes both does
    if session.execute(seen.with_for_update(of=Pairing)).first() is None:
        raise MissingError
    return session.get_one(Pairing, pairing_id, populate_existing=True)


def _touched(session: Session, pairing: Pairing) -> None:
    if pairing.child_id is not None:
        child_service.touched(session, [pairing.child_id])
    else:
        school_service.touched(session, [str(pairing.school_id)])


def end_of_supporter(session: Session, supporter_id: str) -> None:
    """End all pairings of a supporter today, as when it turns out not to suit; each subject may be owed another."""
    lasting = select(Pairing).where(Pairing.supporter_id == supporter_id, Pairing.ended_on.is_(None))
    with everything(session):
        for pairing in session.scalars(lasting.order_by(Pairing.child_id, Pairing.id).with_for_update()).all():
            pairing.ended_on = today()
            pairing.version += 1
            session.flush()
            _touched(session, pairing)


def end_for_children(
    session: Session, child_ids: Sequence[str], ended_on: date, *, of_school: str | None = None
) -> None:
    """End the pairings of children, or only those with a school's own people; whoever asks for it says so on the bus."""
    ending = update(Pairing).where(Pairing.child_id.in_(child_ids), Pairing.ended_on.is_(None))
    if of_school is not None:
        ending = ending.where(Pairing.supporter_id.in_(select(Supporter.id).where(Supporter.school_id == of_school)))
    # One that began later than its child left was a mistake, and never lasted.
    last = case((Pairing.began_on > ended_on, Pairing.began_on), else_=ended_on)
    session.execute(
        ending.values(ended_on=last, version=Pairing.version + 1).execution_options(synchronize_session=False)
    )


def forget_peers(session: Session, child_ids: Sequence[str]) -> None:
    """Take out the names of peers (结对同伴) that are kept for nobody but children whose dossiers become anonymous.

    A peer is itself a child.  Where one of these children is the peer, told by its school and name, its name goes as well; so this
    comes before the children's own names go.
    """
    paired = select(Pairing.supporter_id).where(Pairing.kind == PEER)
    in_clear = paired.join(Child, Child.id == Pairing.child_id).where(
        Child.anonymised_at.is_(None), Child.id.not_in(child_ids)
    )
    only_theirs = (
        Supporter.id.in_(paired.where(Pairing.child_id.in_(child_ids))),
        Supporter.id.not_in(in_clear),
    )
    named = select(Child.id).where(Child.school_id == Supporter.school_id, Child.name == Supporter.name)
    one_of_them = (
        named.where(Child.id.in_(child_ids)).exists(),
        ~named.where(Child.id.not_in(child_ids)).exists(),  # else it may be that one
    )
    for those in (only_theirs, one_of_them):
        session.execute(
            update(Supporter)
            .where(Supporter.kind == PEER, *those)
            .values(name="", phone=None, email=None, identity=None, content_hash=None)
            .execution_options(synchronize_session=False)
        )


def _left_on(session: Session, child_id: str | None) -> date | None:
    """Return the day on which a child left, kept from all others until the transaction ends."""
    with everything(session):  # whoever asks
        return session.scalar(select(Child.left_on).where(Child.id == child_id).with_for_update())


def _must_be_here(session: Session, child_id: str) -> None:
    if _left_on(session, child_id) is not None:
        raise ConflictError("The child has left; let it come back first.", field="child_id")


def _must_see_subject(session: Session, principal: Principal, child_id: str | None, school_id: str | None) -> None:
    if child_id is not None and school_id is None:
        children.require_open(session, principal, [child_id])
    elif school_id is not None and child_id is None:
        schools.require(session, principal, school_id)
    else:
        raise InvalidError("Name either a child or a school.", field="child_id")
