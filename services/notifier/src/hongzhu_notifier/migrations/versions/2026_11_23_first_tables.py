"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_23"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "inbox",
        sa.Column("message_id", sa.String(100), primary_key=True),
        sa.Column("topic", sa.String(50), nullable=False),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_inbox_handled_at", "inbox", ["handled_at"])
    op.create_table(
        "outbox",
        sa.Column("sequence", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("message_id", sa.String(100), nullable=False),
        sa.Column("topic", sa.String(50), nullable=False),
        sa.Column("routing_key", sa.String(100), nullable=False),
        sa.Column("payload", sa.Text, nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True)),
        sa.Column("unroutable", sa.Boolean, nullable=False, server_default="0"),
    )
    _partial_index("ix_outbox_waiting", "outbox", ["sequence"], "published_at IS NULL")
    op.create_table(
        "programme",
        sa.Column("code", sa.String(100), primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("name_zh", sa.String(200), nullable=False),
        sa.Column("name_en", sa.String(200), nullable=False),
        sa.Column("assignee", sa.String(20), nullable=False),
        sa.Column("urgent", sa.Boolean, nullable=False),
    )
    op.create_table(
        "owed",
        sa.Column("programme", sa.String(100), primary_key=True),
        sa.Column("period", sa.String(50), primary_key=True),
        sa.Column("subject_id", sa.String(50), primary_key=True),
        sa.Column("step", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("place", sa.String(50), nullable=False),
        sa.Column("assignee", sa.String(20)),
        sa.Column("due_on", sa.Date),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("passed", sa.Boolean, nullable=False),
        sa.Column("changes", sa.SmallInteger, nullable=False),
        sa.Column("tries", sa.SmallInteger, nullable=False),
        sa.Column("tell_on", sa.Date, nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_owed_noted_at", "owed", ["noted_at"])
    _partial_index("ix_owed_waiting", "owed", ["place", "tell_on"], "state = 'waiting'")
    op.create_table(
        "delivery",
        sa.Column("recipient_id", sa.String(50), primary_key=True),
        sa.Column("channel", sa.String(20), primary_key=True),
        sa.Column("cause", sa.String(50), primary_key=True),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("reserved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True)),
        sa.Column("lines", sa.JSON, nullable=False),
    )
    _partial_index("ix_delivery_reserved", "delivery", ["reserved_at"], "status = 'reserved'")


def downgrade() -> None:
    for table in ("delivery", "owed", "programme", "outbox", "inbox"):
        op.drop_table(table)


def _partial_index(name: str, table: str, columns: list[str], rows: str) -> None:
    op.create_index(name, table, columns, postgresql_where=sa.text(rows), sqlite_where=sa.text(rows))
