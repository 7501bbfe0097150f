"""Alembic's entrance; `Database.migrate` has opened the connection."""

from hongzhu.database import run_migrations

run_migrations()
