"""What each file of a roster said is known, and schools are compared as they are.

Revision ID: 20261130_rosters
"""

import sqlalchemy as sa
from alembic import op

revision = "20261130_rosters"
down_revision = "20261129_accepted"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Keep what the latest file said as the first that is known; drop what is not asked for any more."""
    op.add_column("roster_entry", sa.Column("said", sa.JSON(), nullable=False, server_default="{}"))
    connection = op.get_bind()
    make = "json_object"
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("SELECT set_config('hongzhu.level', 'all', true)"))
        make = "json_build_object"
    connection.execute(sa.text(f"UPDATE roster_entry SET said = {make}(file, content_hash)"))  # noqa: S608 - no value of anybody's
    op.drop_column("roster_entry", "content_hash")
    op.drop_column("school", "content_hash")
