"""What the clock does for the audit."""

from sqlalchemy import select, text

from hongzhu_registry import staging
from hongzhu_registry.audit import service
from hongzhu_registry.audit.chain import SEALED, chain
from hongzhu_registry.audit.models import AuditEntry
from hongzhu_registry.database import database

_ENTRY = AuditEntry.__table__
_UNSEALED = (
    select(*(_ENTRY.c[name] for name in SEALED))
    .where(_ENTRY.c.position.is_(None))
    .order_by(_ENTRY.c.id)
    .limit(service.AT_ONCE)
)
_LOCK = 7_140_291
"""The advisory lock that lets one sealer at a time go on with the chain."""


def seal_new() -> int:
    """Seal what was written since the last time and anchor the new head outside the database; return how many."""
    with database.transaction() as session:
        if session.get_bind().dialect.name == "postgresql":
            session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        head = service.head(session)
        entries = session.execute(_UNSEALED)
        links = [(entry.id, position, link) for entry, position, link in chain(head.seal, head.position, entries)]
        if links:
            staging.update(session, AuditEntry, ("id", "position", "seal"), links)
    if links:
        _, position, link = links[-1]
        service.anchor(service.Head(position, link))
    return len(links)
