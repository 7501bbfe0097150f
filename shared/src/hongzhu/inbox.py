"""The inbox: a message handled twice has one effect."""

from sqlalchemy import Column, DateTime, MetaData, String, Table
from sqlalchemy.orm import Session

from hongzhu.clock import now
from hongzhu.database import upsert

NAME = "inbox"


def inbox_table(metadata: MetaData) -> Table:
    """Declare the inbox among a service's tables."""
    return Table(
        NAME,
        metadata,
        Column("message_id", String(100), primary_key=True),
        Column("topic", String(50), nullable=False),
        Column("handled_at", DateTime(timezone=True), nullable=False, index=True),
    )


def first_time(session: Session, inbox: Table, message_id: str, topic: str) -> bool:
    """Note that the message is being handled in this transaction; false when it has been before."""
    row = {"message_id": message_id, "topic": topic, "handled_at": now()}
    return bool(session.connection().execute(upsert(session, inbox).on_conflict_do_nothing(), row).rowcount)
