"""The migrations and the tables say the same."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from hongzhu_notifier.tables import database, metadata


@pytest.mark.usefixtures("notifier")
def test_migrating_makes_exactly_the_tables_and_doing_it_again_changes_nothing() -> None:
    database.migrate()
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
