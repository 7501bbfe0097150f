"""Runs the notifier's migrations."""

from hongzhu.database import run_migrations

run_migrations()
