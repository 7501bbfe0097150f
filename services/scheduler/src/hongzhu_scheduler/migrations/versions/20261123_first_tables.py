"""The first tables: subjects, programmes, calendar, tasks, evidence, outbox and inbox."""

import sqlalchemy as sa
from alembic import op

revision = "20261123_first_tables"
down_revision = None
branch_labels = None
depends_on = None

KEY = sa.String(100).with_variant(sa.String(100, collation="C"), "postgresql")
PERIOD = sa.String(50).with_variant(sa.String(50, collation="C"), "postgresql")


def upgrade() -> None:
    _subjects()
    _programmes()
    _tasks()
    _messages()


def _subjects() -> None:
    for name, facts in (
        (
            "child",
            (
                sa.Column("stage", sa.String(20)),
                sa.Column("grade", sa.Integer),
                sa.Column("sex", sa.String(20)),
                sa.Column("boarding", sa.Boolean),
                sa.Column("in_poverty", sa.Boolean),
                sa.Column("disabled", sa.Boolean),
                sa.Column("cannot_attend", sa.Boolean),
                sa.Column("both_parents_away", sa.Boolean),
                sa.Column("has_proxy_parent", sa.Boolean),
                sa.Column("has_love_parent", sa.Boolean),
                sa.Column("has_mentor", sa.Boolean),
                sa.Column("has_peer", sa.Boolean),
                sa.Column("has_disability_partner", sa.Boolean),
                sa.Column("academic_concern", sa.Boolean),
            ),
        ),
        (
            "school",
            (
                sa.Column("stage", sa.String(20)),
                sa.Column("urban", sa.Boolean),
                sa.Column("boarding", sa.Boolean),
                sa.Column("after_school", sa.Boolean),
                sa.Column("has_home", sa.Boolean),
                sa.Column("has_call_room", sa.Boolean),
                sa.Column("has_counselling_station", sa.Boolean),
                sa.Column("has_law_counsellor", sa.Boolean),
            ),
        ),
        ("agency", (sa.Column("places_short", sa.Boolean),)),
        ("city", (sa.Column("sites_missing", sa.Boolean), sa.Column("has_leading_group", sa.Boolean))),
        ("facility", (sa.Column("kind", sa.String(20)), sa.Column("built", sa.Boolean))),
    ):
        op.create_table(
            name,
            sa.Column("id", KEY, nullable=False),
            sa.Column("version", sa.Integer, nullable=False),
            sa.Column("school_id", KEY, nullable=False),
            sa.Column("entered_on", sa.Date, nullable=False),
            sa.Column("present", sa.Boolean, nullable=False),
            *facts,
            sa.Column("shard", sa.SmallInteger, nullable=False),
            sa.Column("held_since", sa.Date, nullable=False),
            *(sa.Column(f"{fact.name}_since", sa.Date) for fact in facts),
            sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        )
        op.create_index(op.f(f"ix_{name}_shard_school_id"), name, ["shard", "school_id"])
        op.create_index(op.f(f"ix_{name}_school_id"), name, ["school_id"])


def _programmes() -> None:
    op.create_table(
        "programme",
        sa.Column("code", KEY, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("agency", sa.String(50), nullable=False),
        sa.Column("resolved_by", sa.String(50), nullable=False),
        sa.Column("definition", sa.Text, nullable=False),
        sa.Column("effective_from", sa.Date, nullable=False),
        sa.Column("suspended", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_programme")),
    )
    op.create_table(
        "programme_version",
        sa.Column("code", KEY, nullable=False),
        sa.Column("version", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("definition", sa.Text, nullable=False),
        sa.Column("effective_from", sa.Date, nullable=False),
        sa.Column("suspended", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("code", "version", name=op.f("pk_programme_version")),
    )
    op.create_table(
        "calendar",
        sa.Column("id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("definition", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar")),
    )
    op.create_table(
        "marker",
        sa.Column("programme", KEY, nullable=False),
        sa.Column("shard", sa.SmallInteger, nullable=False),
        sa.Column("planned_through", sa.Date, nullable=False),
        sa.PrimaryKeyConstraint("programme", "shard", name=op.f("pk_marker")),
    )
    op.create_index(op.f("ix_marker_planned_through"), "marker", ["planned_through"])


def _tasks() -> None:
    op.create_table(
        "run",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("programme", KEY, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("period", PERIOD, nullable=False),
        sa.Column("period_start", sa.Date, nullable=False),
        sa.Column("opens_on", sa.Date, nullable=False),
        sa.Column("due_on", sa.Date, nullable=False),
        sa.Column("grace_until", sa.Date),
        sa.Column("settled", sa.Boolean, nullable=False),
        sa.Column("issued_on", sa.Date, nullable=False),
        sa.Column("escalated", sa.SmallInteger, nullable=False),
        sa.Column("look_on", sa.Date),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run")),
    )
    looked_at = sa.text("look_on IS NOT NULL")
    op.create_index("ix_run_look_on", "run", ["look_on"], postgresql_where=looked_at, sqlite_where=looked_at)
    open_runs = sa.text("NOT settled")
    op.create_index("ix_run_unsettled", "run", ["grace_until"], postgresql_where=open_runs, sqlite_where=open_runs)
    op.create_table(
        "occurrence",
        sa.Column("programme", KEY, nullable=False),
        sa.Column("subject_id", KEY, nullable=False),
        sa.Column("period", PERIOD, nullable=False),
        sa.Column("period_start", sa.Date, nullable=False),
        sa.Column("school_id", KEY, nullable=False),
        sa.Column("run_id", sa.Uuid, nullable=False),
        sa.Column("ended_on", sa.Date),
        sa.Column("closed_state", sa.String(10)),
        sa.Column("done_on", sa.Date),
        sa.Column("changes", sa.SmallInteger),
        sa.PrimaryKeyConstraint("programme", "subject_id", "period", "period_start", name=op.f("pk_occurrence")),
        postgresql_partition_by="RANGE (period_start)",
    )
    op.create_index(
        op.f("ix_occurrence_run_id"),
        "occurrence",
        ["run_id"],
        postgresql_using="brin",
        postgresql_with={"autosummarize": True},
    )
    op.create_table(
        "evidence",
        sa.Column("id", KEY, nullable=False),
        sa.Column("subject_id", KEY, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(50), nullable=False),
        sa.Column("done_on", sa.Date),
        sa.PrimaryKeyConstraint("id", "subject_id", name=op.f("pk_evidence")),
    )
    op.create_index("ix_evidence_kind_done_on_subject_id", "evidence", ["kind", "done_on", "subject_id"])
    op.create_index("ix_evidence_subject_id_kind_done_on", "evidence", ["subject_id", "kind", "done_on"])
    op.create_table(
        "excuse",
        sa.Column("id", KEY, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("subject_id", KEY, nullable=False),
        sa.Column("programme", KEY),
        sa.Column("period", PERIOD),
        sa.Column("first", sa.Date),
        sa.Column("last", sa.Date),
        sa.Column("resumes_on", sa.Date),
        sa.Column("lifted", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_excuse")),
    )
    op.create_index(op.f("ix_excuse_subject_id"), "excuse", ["subject_id"])
    op.create_table(
        "event",
        sa.Column("id", KEY, nullable=False),
        sa.Column("subject_id", KEY, nullable=False),
        sa.Column("kind", sa.String(30), nullable=False),
        sa.Column("occurred_on", sa.Date, nullable=False),
        sa.Column("amount", sa.Float),
        sa.PrimaryKeyConstraint("id", "subject_id", name=op.f("pk_event")),
    )
    op.create_index("ix_event_kind_occurred_on", "event", ["kind", "occurred_on"])


def _messages() -> None:
    op.create_table(
        "outbox",
        sa.Column("sequence", sa.BigInteger().with_variant(sa.Integer, "sqlite"), autoincrement=True, nullable=False),
        sa.Column("message_id", sa.String(100), nullable=False),
        sa.Column("topic", sa.String(50), nullable=False),
        sa.Column("routing_key", sa.String(100), nullable=False),
        sa.Column("payload", sa.Text, nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True)),
        sa.Column("unroutable", sa.Boolean, nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_outbox")),
    )
    waiting = sa.text("published_at IS NULL")
    if op.get_bind().dialect.name == "postgresql":
        # A payload is read once and soon gone: squeezing it would cost a third of the time of writing it.
        op.execute("ALTER TABLE outbox ALTER payload SET STORAGE EXTERNAL")
    op.create_index("ix_outbox_waiting", "outbox", ["sequence"], postgresql_where=waiting, sqlite_where=waiting)
    op.create_table(
        "inbox",
        sa.Column("message_id", sa.String(100), nullable=False),
        sa.Column("topic", sa.String(50), nullable=False),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_inbox")),
    )
    op.create_index(op.f("ix_inbox_handled_at"), "inbox", ["handled_at"])


def downgrade() -> None:
    for table in [
        "inbox",
        "outbox",
        "event",
        "excuse",
        "evidence",
        "occurrence",
        "run",
        "marker",
        "calendar",
        "programme_version",
        "programme",
        "city",
        "agency",
        "school",
        "child",
    ]:
        op.drop_table(table)
