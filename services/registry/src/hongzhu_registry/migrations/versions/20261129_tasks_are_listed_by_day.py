"""Tasks are listed by their day.

Revision ID: 20261129_listed
"""

import sqlalchemy as sa
from alembic import op

revision = "20261129_listed"
down_revision = "20261129_declared"
branch_labels = None
depends_on = None

UNSETTLED = sa.text("done_on IS NULL AND excuse_id IS NULL AND pause_id IS NULL")


def upgrade() -> None:
    """Make the indexes."""
    op.create_index("ix_task_newest", "task", ["opens_on", "id"])
    op.create_index("ix_task_unsettled", "task", ["due_on", "id"], postgresql_where=UNSETTLED, sqlite_where=UNSETTLED)
