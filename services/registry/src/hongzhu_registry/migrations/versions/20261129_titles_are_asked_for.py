"""An agency asks for the titles that it goes by.

Revision ID: 20261129_titles
"""

import sqlalchemy as sa
from alembic import op

revision = "20261129_titles"
down_revision = "20261129_answers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; the titles that there are stay the agencies'."""
    op.add_column("agency", sa.Column("titles_asked", sa.JSON(), nullable=True))
