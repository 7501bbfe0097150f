"""Alembic's entry: everything is in `hongzhu.database`."""

from hongzhu.database import run_migrations

run_migrations()
