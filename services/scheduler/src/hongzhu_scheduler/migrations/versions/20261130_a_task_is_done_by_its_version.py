"""What resolves a task is what the version says under which it was issued.

Revision ID: 20261130_by_version
"""

import json

import sqlalchemy as sa
from alembic import op

revision = "20261130_by_version"
down_revision = "20261129_held"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Keep the kind of evidence with each version, and no longer with the newest alone."""
    connection = op.get_bind()
    op.add_column("programme_version", sa.Column("resolved_by", sa.String(50), nullable=False, server_default=""))
    kept = sa.table("programme_version", *map(sa.column, ("code", "version", "definition", "resolved_by")))
    for row in connection.execute(sa.select(kept)).all():
        mine = kept.update().where(kept.c.code == row.code, kept.c.version == row.version)
        connection.execute(mine.values(resolved_by=json.loads(row.definition)["resolved_by"]))
    op.drop_column("programme", "resolved_by")
