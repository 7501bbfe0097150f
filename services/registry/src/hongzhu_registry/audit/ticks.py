"""What the clock does for the audit."""

from sqlalchemy import select, text, update

from hongzhu_registry.audit import service
from hongzhu_registry.audit.chain import chain
from hongzhu_registry.audit.models import AuditEntry
from hongzhu_registry.database import database

_LOCK = 7_140_291
"""The advisory lock that lets one sealer at a time go on with the chain."""


def seal_new() -> int:
    """Seal what was written since the last time and anchor the new head outside the database; return how many."""
    with database.transaction() as session:
        if session.get_bind().dialect.name == "postgresql":
            session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        head = service.head(session)
        entries = session.execute(
            select(AuditEntry).where(AuditEntry.position.is_(None)).order_by(AuditEntry.id).limit(service.AT_ONCE)
        ).scalars()
        links = [(entry.id, position, link) for entry, position, link in chain(head.seal, head.position, entries)]
        if links:
            session.execute(
                update(AuditEntry), [dict(zip(("id", "position", "seal"), each, strict=True)) for each in links]
            )
    if links:
        _, position, link = links[-1]
        service.anchor(service.Head(position, link))
    return len(links)
