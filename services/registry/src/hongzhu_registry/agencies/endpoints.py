"""``/agencies``: who takes part."""

from typing import Any

from sqlalchemy import select

from hongzhu.agency import Agency as Introduction
from hongzhu.errors import InvalidError, MissingError
from hongzhu_registry.access.sight import in_sight
from hongzhu_registry.agencies import service
from hongzhu_registry.agencies.models import Agency
from hongzhu_registry.rest import Asking, InTransaction, Paging, Router

router = Router(prefix="/agencies", tags=["agencies"])


@router.get("")
def list_agencies(session: InTransaction, principal: Asking, page: Paging) -> dict[str, Any]:
    """List the agencies."""
    return page.of(
        session, select(*Agency.__table__.columns).where(in_sight("agency", principal)), Agency.__table__.c.name
    )


@router.put("/{name}")
def introduce_agency(session: InTransaction, principal: Asking, name: str, agency: Introduction) -> dict[str, Any]:
    """Say who one is: an agency for itself, or the bureau for it."""
    principal.must_be("bureau", "agency")
    if principal.role == "agency" and principal.agency != name:
        raise MissingError
    if agency.name != name:
        raise InvalidError("The name in the address and the one in the body differ.", field="name")
    kept = service.introduce(session, agency)
    return {"name": kept.name, "title_zh": kept.title_zh, "title_en": kept.title_en}
