"""Fixtures: fresh, empty databases of both kinds, and an installation of one's own to point at them."""

import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hongzhu.settings import settings

POSTGRES_URL = "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"
"""Where a PostgreSQL is looked for when HONGZHU_TEST_POSTGRES_URL says nothing."""

Configure = Callable[..., None]


@pytest.fixture
def configure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Configure]:
    """Give a fresh installation; call it with settings by name: ``configure(scheduler_database_url=url)``."""

    def set_all(**values: object) -> None:
        for name, value in values.items():
            monkeypatch.setenv(f"HONGZHU_{name.upper()}", str(value))
        settings.cache_clear()

    set_all(home=tmp_path / "home")
    yield set_all
    settings.cache_clear()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Give the URL of a fresh, empty database: the test runs once on SQLite and once on PostgreSQL."""
    with fresh_sqlite(tmp_path) if request.param == "sqlite" else fresh_postgres() as url:
        yield url


@pytest.fixture
def postgres_url() -> Iterator[str]:
    """Give the URL of a fresh, empty PostgreSQL database, for what only PostgreSQL can do."""
    with fresh_postgres() as url:
        yield url


@contextmanager
def fresh_sqlite(folder: Path, template: str | None = None) -> Iterator[str]:
    """Make a SQLite database in `folder`, empty or a copy of `template`; let every connection to it go afterwards."""
    from hongzhu.database import engine  # an agency's machine has no SQLAlchemy, and loads this plugin too

    url = f"sqlite:///{folder / secrets.token_hex(4)}.sqlite3"
    if template:
        shutil.copyfile(template.removeprefix("sqlite:///"), url.removeprefix("sqlite:///"))
    yield url
    engine(url).dispose()


@contextmanager
def service_account(url: str) -> Iterator[str]:
    """Make an account on a PostgreSQL database like the one that a service has in production; give the URL it signs in with.

    It reads and writes the rows of the tables that are made from now on, and owns none: what it may not do, it cannot do here.
    """
    from hongzhu.database import engine, let_go

    name, password = f"hongzhu_test_{secrets.token_hex(6)}", secrets.token_hex(12)
    owner = engine(url)
    with owner.begin() as connection:
        connection.exec_driver_sql(f"CREATE ROLE {name} LOGIN PASSWORD '{password}'")
        connection.exec_driver_sql(f"GRANT CONNECT, TEMPORARY ON DATABASE {owner.url.database} TO {name}")
        connection.exec_driver_sql(f"GRANT USAGE ON SCHEMA public TO {name}")
        for rights in ("SELECT, INSERT, UPDATE, DELETE ON TABLES", "USAGE, SELECT ON SEQUENCES"):
            connection.exec_driver_sql(f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT {rights} TO {name}")
    own = owner.url.set(username=name, password=password).render_as_string(hide_password=False)
    try:
        yield own
    finally:
        let_go(own)
        with owner.begin() as connection:
            connection.exec_driver_sql(f"DROP OWNED BY {name} CASCADE")
            connection.exec_driver_sql(f"DROP ROLE {name}")


@contextmanager
def fresh_postgres() -> Iterator[str]:
    """Make a PostgreSQL database and drop it afterwards; skip when there is no server, or fail when one is required."""
    from hongzhu.database import engine, let_go

    server = os.environ.get("HONGZHU_TEST_POSTGRES_URL", POSTGRES_URL)
    name = f"hongzhu_test_{secrets.token_hex(6)}"
    url = f"{server.rpartition('/')[0]}/{name}"
    admin = engine(server).execution_options(isolation_level="AUTOCOMMIT")
    try:
        with admin.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
        admin.dispose()
    except Exception as error:
        if os.environ.get("HONGZHU_REQUIRE_SERVICES") == "1":
            raise
        pytest.skip(f"no PostgreSQL at HONGZHU_TEST_POSTGRES_URL ({type(error).__name__})")
    try:
        yield url
    finally:
        let_go(url)
        with admin.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
        admin.dispose()
