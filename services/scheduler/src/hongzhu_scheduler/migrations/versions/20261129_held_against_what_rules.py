"""Tasks are held against the version that rules.

Revision ID: 20261129_held
"""

import sqlalchemy as sa
from alembic import op

revision = "20261129_held"
down_revision = "20261123_first_tables"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the version that a programme's open tasks were last held against."""
    op.add_column("programme", sa.Column("held_by", sa.Integer))
