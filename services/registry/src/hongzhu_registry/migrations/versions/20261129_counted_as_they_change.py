"""Children and tasks are counted as they change.

Revision ID: 20261129_tallies
"""

import sqlalchemy as sa
from alembic import op

revision = "20261129_tallies"
down_revision = "20261129_titles"
branch_labels = None
depends_on = None

_COUNTED = ("children", "boys", "girls", "in_poverty", "conflicts")


def upgrade() -> None:
    """Make the tables, and let everything be counted once."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "touched",
        sa.Column("id", number, autoincrement=True, nullable=False),
        sa.Column("school_id", sa.String(length=36), nullable=False),
        sa.Column("period_start", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_touched")),
    )
    op.create_table(
        "task_tally",
        sa.Column("id", number, autoincrement=True, nullable=False),
        sa.Column("school_id", sa.String(length=36), nullable=False),
        sa.Column("agency", sa.String(length=50), nullable=False),
        sa.Column("programme", sa.String(length=100), nullable=False),
        sa.Column("period_start", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("grace_until", sa.Date(), nullable=False),
        sa.Column("settled", sa.String(length=10), nullable=True),
        sa.Column("tasks", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task_tally")),
    )
    op.create_index("ix_task_tally_school", "task_tally", ["school_id", "period_start"])
    still_open = sa.text("settled IS NULL")
    op.create_index(
        "ix_task_tally_open",
        "task_tally",
        ["grace_until", "due_on", "school_id", "programme", "tasks"],
        postgresql_where=still_open,
        sqlite_where=still_open,
    )
    op.create_table(
        "child_tally",
        sa.Column("school_id", sa.String(length=36), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in _COUNTED),
        sa.PrimaryKeyConstraint("school_id", name=op.f("pk_child_tally")),
    )
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        # By the order of the signs, in which names that begin alike lie together.
        op.alter_column("child", "name", type_=sa.String(length=50, collation="C"))
        connection.execute(sa.text("SELECT set_config('hongzhu.level', 'all', true)"))
    op.create_index(op.f("ix_child_name"), "child", ["name"])
    op.execute("INSERT INTO touched (school_id) SELECT DISTINCT school_id FROM child")
    op.execute(
        "INSERT INTO touched (school_id, period_start) SELECT school_id, period_start FROM task GROUP BY school_id, period_start"
    )
