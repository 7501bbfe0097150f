"""What the notifier keeps: the programmes' names, what is still owed a word, and the log of what was sent."""

from pathlib import Path

from sqlalchemy import JSON, Column, Date, DateTime, Index, Integer, String, Table

from hongzhu.database import Database, new_metadata
from hongzhu.inbox import inbox_table
from hongzhu.outbox import outbox_table

metadata = new_metadata()

inbox = inbox_table(metadata)
outbox = outbox_table(metadata)

programme = Table(
    "programme",
    metadata,
    Column("code", String(100), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("name_zh", String(200), nullable=False),
    Column("name_en", String(200), nullable=False),
    Column("assignee", String(20), nullable=False),
)

# A row stays after it was told or closed, so that a message that comes late or again does not bring it back.
owed = Table(
    "owed",
    metadata,
    Column("programme", String(100), primary_key=True),
    Column("period", String(50), primary_key=True),
    Column("subject_id", String(50), primary_key=True),
    Column("school_id", String(50), nullable=False),
    Column("due_on", Date),  # unknown for a task that was closed before it was announced
    Column("state", String(10), nullable=False),  # waiting, told or closed
    Column("tell_on", Date, nullable=False),  # the first day whose digest may hold it
    Column("noted_at", DateTime(timezone=True), nullable=False, index=True),
)
_waiting = owed.c.state == "waiting"
Index("ix_owed_waiting", owed.c.school_id, owed.c.tell_on, postgresql_where=_waiting, sqlite_where=_waiting)

# The primary key is the send lock: whoever inserts the row may send, and nobody else ever.
delivery = Table(
    "delivery",
    metadata,
    Column("recipient_id", String(50), primary_key=True),
    Column("channel", String(20), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("status", String(10), nullable=False),  # reserved, then sent, failed or maybe_sent
    Column("reserved_at", DateTime(timezone=True), nullable=False),
    Column("settled_at", DateTime(timezone=True)),
    Column("lines", JSON, nullable=False),
)
_reserved = delivery.c.status == "reserved"
Index("ix_delivery_reserved", delivery.c.reserved_at, postgresql_where=_reserved, sqlite_where=_reserved)

database = Database("notifier", metadata, Path(__file__).with_name("migrations"))
