"""Matches are accepted by their agency.

Revision ID: 20261129_accepted
"""

import sqlalchemy as sa
from alembic import op

revision = "20261129_accepted"
down_revision = "20261129_paired"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the day."""
    op.add_column("pairing", sa.Column("accepted_on", sa.Date(), nullable=True))
