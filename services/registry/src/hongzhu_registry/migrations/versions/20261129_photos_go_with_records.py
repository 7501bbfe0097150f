"""A photo may go with what was done.

Revision ID: 20261129_photos
"""

import sqlalchemy as sa
from alembic import op

revision = "20261129_photos"
down_revision = "20261129_tallies"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "photo",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("school_id", sa.String(length=36), nullable=False),
        sa.Column("image", sa.LargeBinary(), nullable=True),
        sa.Column("filed_by", sa.String(length=36), nullable=False),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_photo")),
    )
    op.create_index(op.f("ix_photo_school_id"), "photo", ["school_id"], unique=False)
