"""``/pairings``."""

from datetime import date
from functools import partial
from typing import Annotated, Any

from fastapi import Header, Response
from pydantic import BaseModel, ConfigDict, Field

from hongzhu.errors import MissingError
from hongzhu_registry.answers.once import OnlyOnce
from hongzhu_registry.evidence.service import Because
from hongzhu_registry.pairings import queries, service
from hongzhu_registry.pairings.models import Pairing
from hongzhu_registry.rest import Asking, InTransaction, Paging, Router, etag, must_match

router = Router(prefix="/pairings", tags=["pairings"])


class Reason(BaseModel):
    """Why this supporter and no other."""

    model_config = ConfigDict(extra="forbid")

    same_town: bool
    places_free: int = Field(ge=1, le=10_000)
    """How many places the supporter had left before this one was taken."""


class NewPairing(BaseModel):
    """A supporter to be tied to a child or to a school."""

    model_config = ConfigDict(extra="forbid")

    kind: str = Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=30)
    supporter_id: str
    child_id: str | None = None
    school_id: str | None = None
    began_on: date | None = None
    reason: Reason | None = None
    """How it was matched, for whoever asks later; a person may leave it out."""


class Ending(BaseModel):
    """The day on which a pairing ends."""

    model_config = ConfigDict(extra="forbid")

    ended_on: date


@router.get("")
def list_pairings(
    session: InTransaction,
    principal: Asking,
    page: Paging,
    kind: str | None = None,
    school_id: str | None = None,
    child_id: str | None = None,
) -> dict[str, Any]:
    """List the pairings in sight."""
    statement = queries.visible(principal)
    for column, value in ((Pairing.kind, kind), (Pairing.school_id, school_id), (Pairing.child_id, child_id)):
        if value is not None:
            statement = statement.where(column == value)
    return page.of(session, statement, Pairing.__table__.c.id)


@router.post("", status_code=201)
def create_pairing(session: InTransaction, principal: Asking, once: OnlyOnce, pairing: NewPairing) -> Any:
    """Tie a supporter to a child or a school."""
    principal.must_be("bureau", "school", "agency")
    return once(lambda: _shown(service.pair(session, principal, **pairing.model_dump())), pairing)


@router.get("/{pairing_id}")
def show_pairing(session: InTransaction, principal: Asking, response: Response, pairing_id: str) -> dict[str, Any]:
    """Show one pairing."""
    found = session.execute(queries.visible(principal).where(Pairing.id == pairing_id)).mappings().first()
    if found is None:
        raise MissingError
    response.headers["ETag"] = etag(found["version"])
    return dict(found)


@router.patch("/{pairing_id}")
def end_pairing(
    pairing_id: str,
    ending: Ending,
    response: Response,
    *,
    session: InTransaction,
    principal: Asking,
    if_match: Annotated[str | None, Header()] = None,
) -> dict[str, Any]:
    """End a pairing: the supporter's place is free again, and the subject may be owed another."""
    ended = service.end(session, principal, pairing_id, ending.ended_on, partial(must_match, if_match))
    response.headers["ETag"] = etag(ended.version)
    return _shown(ended)


@router.post("/{pairing_id}/withdraw", status_code=201)
def withdraw_pairing(
    session: InTransaction, principal: Asking, once: OnlyOnce, pairing_id: str, because: Because
) -> Any:
    """Take back a pairing that was made in error: it never was, and its subject is owed one as before."""
    principal.must_be("bureau", "school", "agency")
    return once(lambda: _shown(service.withdraw(session, principal, pairing_id, because.reason)), because)


def _shown(pairing: Pairing) -> dict[str, Any]:
    return {column.name: getattr(pairing, column.name) for column in Pairing.__table__.columns}
