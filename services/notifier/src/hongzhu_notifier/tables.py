"""What the notifier keeps: the programmes' names, what is still owed a word, and the log of what was sent."""

from pathlib import Path

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    DateTime,
    Index,
    Integer,
    SmallInteger,
    String,
    Table,
    literal_column,
)

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
    Column("urgent", Boolean, nullable=False),
)

BUREAU = "bureau"
"""The place of what the bureau is told: its one digest is gathered over all schools."""

# That somebody is owed a word: about a task, and about each step of its escalation.
# A row stays after it was told or closed, so that a message that comes late or again does not bring it back.
owed = Table(
    "owed",
    metadata,
    Column("programme", String(100), primary_key=True),
    Column("period", String(50), primary_key=True),
    Column("subject_id", String(50), primary_key=True),
    Column("step", SmallInteger, primary_key=True, autoincrement=False),  # none (0) for the word that it fell due
    Column("place", String(50), nullable=False),  # whose people are told: a school's, or the bureau's
    Column("assignee", String(20)),  # whom the step tells; of the task itself the programme says it
    Column("due_on", Date),  # unknown for a task that was closed before it was announced
    Column("state", String(10), nullable=False),  # waiting, told or closed
    Column("passed", Boolean, nullable=False),  # its time was over before anybody could be told
    Column("changes", SmallInteger, nullable=False),  # of what was heard of the task, how often it changed by then
    Column("tries", SmallInteger, nullable=False),  # how often it was tried in vain to tell it at once
    Column("tell_on", Date, nullable=False),  # the first day whose digest may hold it
    Column("noted_at", DateTime(timezone=True), nullable=False, index=True),
)
# Said in the statement itself: a plan that is made for any state knows of no index of those that wait, and reads the whole table.
WAITING = owed.c.state == literal_column("'waiting'")
Index("ix_owed_waiting", owed.c.place, owed.c.tell_on, postgresql_where=WAITING, sqlite_where=WAITING)

# The primary key is the send lock: whoever inserts the row may send, and nobody else ever.  The cause of a digest is its day,
# that of what is told at once the task.
delivery = Table(
    "delivery",
    metadata,
    Column("recipient_id", String(50), primary_key=True),
    Column("channel", String(20), primary_key=True),
    Column("cause", String(50), primary_key=True),
    Column("day", Date, nullable=False),
    Column("status", String(10), nullable=False),  # reserved, then sent, failed or maybe_sent
    Column("reserved_at", DateTime(timezone=True), nullable=False),
    Column("settled_at", DateTime(timezone=True)),
    Column("lines", JSON, nullable=False),
)
RESERVED = delivery.c.status == literal_column("'reserved'")  # likewise
Index("ix_delivery_reserved", delivery.c.reserved_at, postgresql_where=RESERVED, sqlite_where=RESERVED)

database = Database("notifier", metadata, Path(__file__).with_name("migrations"))
