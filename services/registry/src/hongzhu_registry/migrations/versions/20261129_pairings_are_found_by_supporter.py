"""Pairings are found by their supporter.

Revision ID: 20261129_paired
"""

from alembic import op

revision = "20261129_paired"
down_revision = "20261129_listed"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index."""
    op.create_index("ix_pairing_supporter_id_ended_on", "pairing", ["supporter_id", "ended_on"])
