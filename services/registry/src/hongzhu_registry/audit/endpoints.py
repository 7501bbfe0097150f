"""``/audit``: who read or wrote what."""

from typing import Any

from sqlalchemy import String, cast, func, select

from hongzhu_registry.audit.models import AuditEntry
from hongzhu_registry.audit.queries import NAMES, readable
from hongzhu_registry.rest import Asking, InTransaction, Paging, Router

router = Router(prefix="/audit", tags=["audit"])


@router.get("")
def list_entries(
    session: InTransaction,
    principal: Asking,
    page: Paging,
    subject_id: str | None = None,
    account_id: str | None = None,
    outcome: str | None = None,
) -> dict[str, Any]:
    """List the entries in the order in which they were written (bureau, auditor); of mandatory reports to the auditor alone."""
    principal.must_be("bureau", "auditor")
    # The key of a page is text everywhere: the number, padded so that it sorts as it counts.
    key = func.substr("000000000000000000" + cast(AuditEntry.id, String), -19).label("id")
    statement = readable(select(key, *(AuditEntry.__table__.c[name] for name in NAMES)), principal)
    for name, value in {"subject_id": subject_id, "account_id": account_id, "outcome": outcome}.items():
        if value is not None:
            statement = statement.where(AuditEntry.__table__.c[name] == value)
    return page.of(session, statement, key)
