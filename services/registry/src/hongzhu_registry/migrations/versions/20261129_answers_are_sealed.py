"""Answers that may be given again are kept sealed.

Revision ID: 20261129_answers
"""

import json

import sqlalchemy as sa
from alembic import op

from hongzhu_registry.sealing import key_ring

revision = "20261129_answers"
down_revision = "20261123_initials"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Seal what there is, and keep no column in clear."""
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("SELECT set_config('hongzhu.level', 'all', true)"))
    answered = sa.table("answered", *map(sa.column, ("account_id", "key")), sa.column("answer", sa.JSON))
    kept = connection.execute(sa.select(answered)).all()
    op.drop_column("answered", "answer")
    op.add_column("answered", sa.Column("answer", sa.LargeBinary(), nullable=True))
    mine = sa.text("UPDATE answered SET answer = :answer WHERE account_id = :account_id AND key = :key")
    for row in kept:
        sealed = key_ring().seal(json.dumps(row.answer), "answered", f"answer.{row.key}", row.account_id)
        connection.execute(mine, {"account_id": row.account_id, "key": row.key, "answer": sealed})
