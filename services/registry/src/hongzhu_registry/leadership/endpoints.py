"""``/leaders``: who answers for the programme, in the city and in each school."""

from typing import Any

from sqlalchemy import select

from hongzhu_registry.access.sight import in_sight
from hongzhu_registry.database import UNSHOWN
from hongzhu_registry.leadership.models import Leader
from hongzhu_registry.rest import Asking, InTransaction, Paging, Router

router = Router(prefix="/leaders", tags=["leaders"])

_COLUMNS = [column for column in Leader.__table__.columns if column.name not in UNSHOWN]


@router.get("")
def list_leaders(
    session: InTransaction, principal: Asking, page: Paging, school_id: str | None = None
) -> dict[str, Any]:
    """List the members of leading groups in sight; those of the city's are of no school."""
    statement = select(*_COLUMNS).where(in_sight("leader", principal))
    if school_id is not None:
        statement = statement.where(Leader.school_id == school_id)
    return page.of(session, statement, Leader.__table__.c.id)
