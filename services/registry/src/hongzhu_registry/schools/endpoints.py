"""``/schools``."""

from typing import Any

from fastapi import Response

from hongzhu.errors import MissingError
from hongzhu_registry.rest import Asking, InTransaction, Paging, Router, etag
from hongzhu_registry.schools import queries
from hongzhu_registry.schools.models import School

router = Router(prefix="/schools", tags=["schools"])


@router.get("")
def list_schools(session: InTransaction, principal: Asking, page: Paging, town: str | None = None) -> dict[str, Any]:
    """List the schools in sight."""
    statement = queries.visible(principal)
    if town is not None:
        statement = statement.where(School.town == town)
    return page.of(session, statement, School.__table__.c.id)


@router.get("/{school_id}")
def show_school(session: InTransaction, principal: Asking, response: Response, school_id: str) -> dict[str, Any]:
    """Show one school."""
    found = session.execute(queries.visible(principal).where(School.id == school_id)).mappings().first()
    if found is None:
        raise MissingError
    response.headers["ETag"] = etag(found["version"])
    return dict(found)
