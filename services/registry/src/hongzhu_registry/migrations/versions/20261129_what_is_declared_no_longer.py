"""What an agency's plugin no longer declares is seen.

Revision ID: 20261129_declared
"""

import sqlalchemy as sa
from alembic import op

revision = "20261129_declared"
down_revision = "20261129_supporters"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; they are filled when the agencies' plugins start next."""
    op.add_column("agency", sa.Column("introduced_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("programme_version", sa.Column("declared_at", sa.DateTime(timezone=True), nullable=True))
