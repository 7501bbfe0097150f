"""Children are found by the initials of their names.

Revision ID: 20261123_initials
"""

import sqlalchemy as sa
from alembic import op

from hongzhu_registry.children.initials import initials

revision = "20261123_initials"
down_revision = "20261123_reports"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, and fill it."""
    # By the order of the letters, in which what begins alike lies together.
    text = sa.String(length=50).with_variant(sa.String(length=50, collation="C"), "postgresql")
    op.add_column("child", sa.Column("initials", text, nullable=True))
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("SELECT set_config('hongzhu.level', 'all', true)"))
    rows = connection.execute(sa.text("SELECT id, name FROM child WHERE name <> ''")).all()
    told = [{"id": row.id, "initials": initials(row.name)} for row in rows]
    if told:
        connection.execute(sa.text("UPDATE child SET initials = :initials WHERE id = :id"), told)
    op.create_index(op.f("ix_child_initials"), "child", ["initials"], unique=False)
