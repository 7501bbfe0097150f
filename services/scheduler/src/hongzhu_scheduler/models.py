"""The scheduler's tables: what it knows of subjects, programmes and evidence, and the tasks it has issued. No names."""

from datetime import date
from pathlib import Path
from typing import Any, get_args, get_type_hints
from zlib import crc32

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    Float,
    Index,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.types import TypeEngine

from hongzhu.clock import today
from hongzhu.database import Database, new_metadata
from hongzhu.facts import SUBJECTS, Facts
from hongzhu.inbox import inbox_table
from hongzhu.outbox import outbox_table

SHARDS = 16
"""Into how many parts the planners divide a programme's subjects, by school, so that a batch stays whole."""
WHOLE = -1
"""The one part of a programme that is not divided: a rota gives one subject of all its turn."""

# Ids compare as bytes, which is what SQLite does, and twice as fast on PostgreSQL as a language's order.
Key = String(100).with_variant(String(100, collation="C"), "postgresql")
Period = String(50).with_variant(String(50, collation="C"), "postgresql")

metadata = new_metadata()
database = Database("scheduler", metadata, Path(__file__).parent / "migrations")


def shard_of(school_id: str) -> int:
    """Return the shard that a school and its children are planned in."""
    return crc32(school_id.encode()) % SHARDS


def _column(name: str, hint: object) -> Column[object]:
    optional = type(None) in get_args(hint)
    kind = next((each for each in get_args(hint) if each is not type(None)), hint) if optional else hint
    types: dict[object, TypeEngine[Any]] = {str: Key, int: Integer(), bool: Boolean(), date: Date()}
    # What is left is a Literal of texts.
    return Column(name, types.get(kind, String(20)), primary_key=name == "id", nullable=optional)


def own_facts(facts: type[Facts]) -> list[str]:
    """Name what a programme may ask about one kind of subject."""
    return [fact for fact in facts.model_fields if fact not in Facts.model_fields]


def _subject(name: str, facts: type[Facts]) -> Table:
    """Declare the projection of one kind of subject: a column for each fact, and what planning needs beside them."""
    hints = get_type_hints(facts)
    table = Table(
        name,
        metadata,
        *(_column(fact, hints[fact]) for fact in facts.model_fields),
        Column("shard", SmallInteger, nullable=False),
        # Since when it has been there, at this school; and each fact that changed after that, since when it has held.
        Column("held_since", Date, nullable=False),
        *(Column(f"{fact}_since", Date) for fact in own_facts(facts)),
    )
    Index(f"ix_{name}_shard_school_id", table.c.shard, table.c.school_id)
    Index(f"ix_{name}_school_id", table.c.school_id)
    return table


SUBJECT_TABLES = {name: _subject(name, facts) for name, facts in SUBJECTS.items()}
child, school = SUBJECT_TABLES["child"], SUBJECT_TABLES["school"]

programme = Table(
    "programme",
    metadata,
    Column("code", Key, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("agency", String(50), nullable=False),
    Column("definition", Text, nullable=False),
    Column("effective_from", Date, nullable=False),
    Column("suspended", Boolean, nullable=False),
    # The version that its open tasks were last held against.
    Column("held_by", Integer),
)

# Every version that was ever approved or suspended: the one that rules a day is a matter of data, not of what came when.
programme_version = Table(
    "programme_version",
    metadata,
    Column("code", Key, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("resolved_by", String(50), nullable=False),
    Column("definition", Text, nullable=False),
    Column("effective_from", Date, nullable=False),
    Column("suspended", Boolean, nullable=False),
)

calendar = Table(
    "calendar",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("version", Integer, nullable=False),
    Column("definition", Text, nullable=False),
)

# How far each part of a programme has been planned.  Its row lock is what planners and consumers share work by.
marker = Table(
    "marker",
    metadata,
    Column("programme", Key, primary_key=True),
    Column("shard", SmallInteger, primary_key=True),
    Column("planned_through", Date, nullable=False, index=True),
)

# One batch of tasks issued together: one programme at one version, one period, one window.
run = Table(
    "run",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("programme", Key, nullable=False),
    Column("version", Integer, nullable=False),
    Column("period", Period, nullable=False),
    Column("period_start", Date, nullable=False),
    Column("opens_on", Date, nullable=False),
    Column("due_on", Date, nullable=False),
    Column("grace_until", Date),
    Column("settled", Boolean, nullable=False, default=False),
    # What was over by then is past: recorded, and not held against anybody.
    Column("issued_on", Date, nullable=False, default=today),
    # How many steps of the escalation were said, and when the next one is to be looked at; none when no more is to come.
    Column("escalated", SmallInteger, nullable=False, default=0),
    Column("look_on", Date, default=lambda context: context.get_current_parameters()["due_on"]),
)
_looked_at = run.c.look_on.is_not(None)
Index("ix_run_look_on", run.c.look_on, postgresql_where=_looked_at, sqlite_where=_looked_at)
Index("ix_run_unsettled", run.c.grace_until, postgresql_where=~run.c.settled, sqlite_where=~run.c.settled)

# A task is (programme, subject, period), unique; PostgreSQL wants the partition's column in every unique key.
occurrence = Table(
    "occurrence",
    metadata,
    Column("programme", Key, nullable=False),
    Column("subject_id", Key, nullable=False),
    Column("period", Period, nullable=False),
    Column("period_start", Date, nullable=False),
    Column("school_id", Key, nullable=False),
    Column("run_id", Uuid, nullable=False),
    # Since when it is owed no longer.
    Column("ended_on", Date),
    # What it came to, as evidence and excuses have it; nothing while it is open.
    Column("closed_state", String(10)),
    Column("done_on", Date),
    # How often its state changed; nothing for never.
    Column("changes", SmallInteger),
    PrimaryKeyConstraint("programme", "subject_id", "period", "period_start"),
    postgresql_partition_by="RANGE (period_start)",
)
# A run's rows lie together, for its id is made of the time it was issued: a block-range index finds them and, unlike a tree,
# costs an INSERT of a million rows nothing.
Index("ix_occurrence_run_id", occurrence.c.run_id, postgresql_using="brin", postgresql_with={"autosummarize": True})

evidence = Table(
    "evidence",
    metadata,
    Column("id", Key, primary_key=True),
    Column("subject_id", Key, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("kind", String(50), nullable=False),
    # No day for what was taken back: it meets no window, and remains, lest an older word bring it to life.
    Column("done_on", Date),
)
# One for a window's evidence of a kind, one for a subject's: which side is smaller, the database knows; SQLite, which keeps no
# figures of its tables, needs the second one not to go through everybody's.
Index("ix_evidence_kind_done_on_subject_id", evidence.c.kind, evidence.c.done_on, evidence.c.subject_id)
Index("ix_evidence_subject_id_kind_done_on", evidence.c.subject_id, evidence.c.kind, evidence.c.done_on)

# From what a subject is excused: from one task by name, or in a pause from what is due in some days.
excuse = Table(
    "excuse",
    metadata,
    Column("id", Key, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("subject_id", Key, nullable=False, index=True),
    Column("programme", Key),
    Column("period", Period),
    Column("first", Date),
    # Of a pause whose end nobody knows, the last of all days that can be announced.
    Column("last", Date),
    Column("resumes_on", Date),
    Column("lifted", Boolean, nullable=False),
)

# What happened to whom, as far as programmes may wait for it.
event = Table(
    "event",
    metadata,
    Column("id", Key, primary_key=True),
    Column("subject_id", Key, primary_key=True),
    Column("kind", String(30), nullable=False),
    Column("occurred_on", Date, nullable=False),
    Column("amount", Float),
)
Index("ix_event_kind_occurred_on", event.c.kind, event.c.occurred_on)

outbox = outbox_table(metadata)
inbox = inbox_table(metadata)
