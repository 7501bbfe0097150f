"""``/supporters``."""

from typing import Any

from hongzhu.errors import MissingError
from hongzhu_registry.rest import Asking, InTransaction, Paging, Router
from hongzhu_registry.supporters import queries
from hongzhu_registry.supporters.models import Supporter

router = Router(prefix="/supporters", tags=["supporters"])


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


@router.get("/{supporter_id}")
def show_supporter(session: InTransaction, principal: Asking, supporter_id: str) -> dict[str, Any]:
    """Show one supporter."""
    found = session.execute(queries.visible(principal).where(Supporter.id == supporter_id)).mappings().first()
    if found is None:
        raise MissingError
    return dict(found)
