"""The migrations and the tables say the same."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from county import County
from sqlalchemy import make_url, text
from sqlalchemy.exc import ProgrammingError

from hongzhu.database import engine
from hongzhu.testing.databases import Configure, service_account
from hongzhu_registry.database import database
from hongzhu_registry.tables import metadata


def test_migrating_makes_exactly_the_tables_and_doing_it_again_changes_nothing(
    configure: Configure, database_url: str
) -> None:
    configure(registry_database_url=database_url)
    database.migrate()
    database.migrate()
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


@pytest.mark.postgres
def test_whoever_migrates_is_no_superuser(configure: Configure, postgres_url: str) -> None:
    with service_account(postgres_url) as migrating:
        with engine(postgres_url).begin() as connection:
            connection.exec_driver_sql(f"ALTER SCHEMA public OWNER TO {make_url(migrating).username}")
        configure(registry_database_url=migrating)
        database.migrate()
        # The wall stands before the owner, too.
        with database.unseeing() as session, pytest.raises(ProgrammingError, match="row-level security"):
            session.execute(
                text("INSERT INTO facility (id, version, organisation, kind, name) VALUES ('a', 1, 'a', 'a', 'a')")
            )


def test_an_empty_registry_answers(empty_registry: County) -> None:
    assert empty_registry.http.get("/readyz").status_code == 200
    assert empty_registry.ask(None, "GET", "/children").status_code == 401
