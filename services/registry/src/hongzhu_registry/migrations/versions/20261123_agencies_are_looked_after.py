"""Agencies may be suspended and were last seen; supporters may be rejected; a pairing says why it was made.

Revision ID: 20261123_agencies
"""

import sqlalchemy as sa
from alembic import op

revision = "20261123_agencies"
down_revision = "20201123_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    op.add_column("agency", sa.Column("standing", sa.String(length=10), server_default="open", nullable=False))
    op.add_column("token", sa.Column("used_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("supporter", sa.Column("rejected", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("pairing", sa.Column("reason", sa.JSON(), nullable=True))
