"""``/supporters``."""

from functools import partial
from typing import Annotated, Any, Literal

from fastapi import Header, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from hongzhu.errors import InvalidError, MissingError
from hongzhu_registry.access.policy import Principal
from hongzhu_registry.answers.once import OnlyOnce
from hongzhu_registry.rest import Asking, InTransaction, Paging, Router, etag, must_match
from hongzhu_registry.supporters import queries, service
from hongzhu_registry.supporters.models import Supporter

router = Router(prefix="/supporters", tags=["supporters"])

Status = Literal["applied", "vetted", "rejected"]


class Changes(BaseModel):
    """What may be changed of a supporter."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = Field(None, min_length=1, max_length=50)
    phone: str | None = Field(None, min_length=1, max_length=50)
    """Kept sealed."""
    email: str | None = Field(None, min_length=3, max_length=200)
    """Kept sealed."""
    occupation: str | None = Field(None, max_length=100)
    town: str | None = Field(None, max_length=50)
    capacity: int | None = Field(None, ge=1, le=1000)
    """How many it takes on; one unless told."""
    status: Status | None = None
    duty: Literal["class_teacher", "coordinator"] | None = None
    grade: int | None = Field(None, ge=1, le=12)
    class_name: str | None = Field(None, max_length=20)


class NewSupporter(Changes):
    """Somebody who helps: an agency's for the agency itself, a school's at the school."""

    kind: str = Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=30)
    name: str = Field(min_length=1, max_length=50)
    organisation: str | None = Field(None, min_length=1, max_length=100)
    school_id: str | None = None


@router.get("")
def list_supporters(
    session: InTransaction, principal: Asking, page: Paging, kind: str | None = None, vetted: bool | None = None
) -> dict[str, Any]:
    """List the supporters in sight."""
    statement = queries.visible(principal)
    if kind is not None:
        statement = statement.where(Supporter.kind == kind)
    if vetted is not None:
        statement = statement.where(Supporter.vetted.is_(vetted))
    return page.of(session, statement, Supporter.__table__.c.id)


@router.post("", status_code=201)
def add_supporter(
    session: InTransaction, principal: Asking, once: OnlyOnce, response: Response, supporter: NewSupporter
) -> Any:
    """Add a supporter: applied, until it is vetted or rejected; a school's own teachers are vetted unless it says otherwise."""
    principal.must_be("bureau", "school", "agency")

    def act() -> dict[str, Any]:
        made = service.add(session, principal, supporter.model_dump())
        return _shown(session, principal, response, made.id)

    return once(act, supporter)


@router.get("/{supporter_id}")
def show_supporter(session: InTransaction, principal: Asking, response: Response, supporter_id: str) -> dict[str, Any]:
    """Show one supporter."""
    return _shown(session, principal, response, supporter_id)


@router.patch("/{supporter_id}")
def change_supporter(
    supporter_id: str,
    changes: Changes,
    response: Response,
    *,
    session: InTransaction,
    principal: Asking,
    if_match: Annotated[str | None, Header()] = None,
) -> dict[str, Any]:
    """Change what is known of a supporter, vet or reject it; whoever is rejected is paired with nobody from today on."""
    sent = changes.model_dump(exclude_unset=True)
    for name in ("name", "status"):
        if name in sent and sent[name] is None:
            raise InvalidError("{where} is not as it should be.", field=name, where=name)
    service.change(session, principal, supporter_id, sent, partial(must_match, if_match))
    return _shown(session, principal, response, supporter_id)


def _shown(session: Session, principal: Principal, response: Response, supporter_id: str) -> dict[str, Any]:
    found = session.execute(queries.visible(principal).where(Supporter.id == supporter_id)).mappings().first()
    if found is None:
        raise MissingError
    response.headers["ETag"] = etag(found["version"])
    return dict(found)
