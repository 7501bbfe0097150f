"""``/agencies``: who takes part, how each is doing, and letting one in or out."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hongzhu.agency import Agency as Introduction
from hongzhu.clock import now
from hongzhu.errors import InvalidError, MissingError
from hongzhu_registry.access.policy import Principal
from hongzhu_registry.access.sight import in_sight
from hongzhu_registry.agencies import service, standing
from hongzhu_registry.agencies.models import Agency
from hongzhu_registry.agencies.provision import end_broker_account
from hongzhu_registry.answers.once import Once, OnlyOnce
from hongzhu_registry.rest import Asking, InTransaction, Paging, Router

router = Router(prefix="/agencies", tags=["agencies"])

SHOWN = [column for column in Agency.__table__.columns if column.name != "supporters_told"]


@router.get("")
def list_agencies(session: InTransaction, principal: Asking, page: Paging) -> dict[str, Any]:
    """List the agencies; to the bureau also how each is doing.

    `alive`: whether it listens to its queue or asked for something within five minutes; `waiting`: how many messages it has not
    handled; `parked`: how many it could not; `broker` says why these are null.
    """
    found = page.of(session, select(*SHOWN).where(in_sight("agency", principal)), Agency.__table__.c.name)
    if principal.is_bureau:
        found["items"] = standing.of(session, found["items"])
    return found


@router.get("/{name}")
def show_agency(session: InTransaction, principal: Asking, name: str) -> dict[str, Any]:
    """Show how an agency is doing, to the bureau or to itself."""
    principal.must_be("bureau", "agency")
    _its_own(principal, name)
    agency = session.get(Agency, name)
    if agency is None:
        raise MissingError
    return standing.of(session, [_shown(agency)])[0]


@router.put("/{name}")
def introduce_agency(session: InTransaction, principal: Asking, name: str, agency: Introduction) -> dict[str, Any]:
    """Say who one is: an agency for itself, or the bureau for it.

    `titles_asked`: those under which nothing is the agency's to see until the bureau agrees, by saying them here or approving a
    programme of the agency's.
    """
    principal.must_be("bureau", "agency")
    _its_own(principal, name)
    if agency.name != name:
        raise InvalidError("The name in the address and the one in the body differ.", field="name")
    introduced = service.introduce(session, agency)
    if principal.is_bureau:
        service.agree_to_titles(session, name)
    else:
        introduced.introduced_at = now()
    return _shown(introduced)


@router.post("/{name}/suspend")
def suspend_agency(session: InTransaction, principal: Asking, once: OnlyOnce, name: str) -> Any:
    """Close an agency for a while: nothing of it opens anything, its queue goes on collecting (administrator)."""
    return _change(session, principal, once, name, service.suspend)


@router.post("/{name}/resume")
def resume_agency(session: InTransaction, principal: Asking, once: OnlyOnce, name: str) -> Any:
    """Let a suspended agency back in; it catches up (administrator)."""
    return _change(session, principal, once, name, service.resume)


@router.post("/{name}/revoke")
def revoke_agency(session: InTransaction, principal: Asking, once: OnlyOnce, name: str) -> Any:
    """End an agency's tokens for good (administrator).

    `broker_account` says whether its account on the broker has ended as well; ``left`` where this process may not do that, and
    ``hongzhu agency revoke`` has to be run where it may be done.
    """
    principal.must_be("admin")

    def act() -> dict[str, Any]:
        agency = _shown(service.revoke(session, name))
        return agency | {"broker_account": "ended" if end_broker_account(name) else "left"}

    return once(act, None, 200)


def _change(
    session: Session, principal: Principal, once: Once, name: str, change: Callable[[Session, str], Agency]
) -> Any:
    principal.must_be("admin")
    return once(lambda: _shown(change(session, name)), None, 200)


def _its_own(principal: Principal, name: str) -> None:
    if principal.role == "agency" and principal.agency != name:
        raise MissingError


def _shown(agency: Agency) -> dict[str, Any]:
    return {column.name: getattr(agency, column.name) for column in SHOWN}
