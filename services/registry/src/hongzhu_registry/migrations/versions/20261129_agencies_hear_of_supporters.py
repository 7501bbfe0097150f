"""An agency is told when its supporters change.

Revision ID: 20261129_supporters
"""

import sqlalchemy as sa
from alembic import op

revision = "20261129_supporters"
down_revision = "20261129_photos"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; every agency that has supporters is told once more."""
    op.add_column("agency", sa.Column("supporters_told", sa.Integer(), nullable=False, server_default="0"))
