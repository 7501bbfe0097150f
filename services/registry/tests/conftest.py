"""A migrated registry with a small invented county, on each kind of database; every test has a fresh copy of it."""

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import inspect

from hongzhu import clock
from hongzhu.database import engine
from hongzhu.settings import settings
from hongzhu.testing.databases import Configure, fresh_postgres, fresh_sqlite, service_account
from hongzhu.testing.examples import MONDAY
from hongzhu_registry.app import make_app
from hongzhu_registry.database import database, metadata
from hongzhu_registry.sealing import key_ring, new_key

sys.path.insert(0, str(Path(__file__).parent))  # the county below is this folder's own

from county import County, furnish
from crowd import crowd

KEYS = ",".join(f"{name}:{new_key()}" for name in ("first", "index", "link"))


def _furnished(url: str, home: Path, *, service: str | None = None) -> None:
    """Migrate as the owner, and fill as the service, which owns nothing."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"home": home, "registry_database_url": url, "secret_keys": KEYS}.items():
            patch.setenv(f"HONGZHU_{name.upper()}", str(value))
        settings.cache_clear()
        key_ring.cache_clear()
        clock.stand_on(MONDAY)
        database.migrate()
        patch.setenv("HONGZHU_REGISTRY_DATABASE_URL", service or url)
        settings.cache_clear()
        furnish()
        engine(url).dispose()
    settings.cache_clear()
    key_ring.cache_clear()


@pytest.fixture(scope="session")
def furnished_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("furnished")
    with fresh_sqlite(folder) as url:
        _furnished(url, folder)
        yield url


@pytest.fixture(scope="session")
def furnished_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """One PostgreSQL database for all tests, with a copy of its rows: a database of its own for each takes a second.

    The owner's URL and the service's: whatever is tested runs behind row-level security, as it does in production.
    """
    with fresh_postgres() as url, service_account(url) as service:
        _furnished(url, tmp_path_factory.mktemp("furnished"), service=service)
        with engine(url).begin() as connection:
            connection.exec_driver_sql("CREATE SCHEMA furnished")
            for name in metadata.tables.keys() & set(inspect(connection).get_table_names()):
                connection.exec_driver_sql(f'CREATE TABLE furnished."{name}" AS TABLE public."{name}"')
        yield url, service


@contextmanager
def _copied(folder: Path, furnished: str) -> Iterator[tuple[str, str]]:
    with fresh_sqlite(folder, furnished) as url:
        yield url, url


@contextmanager
def _restored(urls: tuple[str, str]) -> Iterator[tuple[str, str]]:
    url, _service = urls
    with engine(url).begin() as connection:
        # Rows are taken out and put back whole, so that foreign keys need not be asked.
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        connection.exec_driver_sql("SET LOCAL lock_timeout = '10s'")
        for name in inspect(connection).get_table_names("furnished"):
            connection.exec_driver_sql(f'DELETE FROM public."{name}"')
            connection.exec_driver_sql(f'INSERT INTO public."{name}" SELECT * FROM furnished."{name}"')
    yield urls


@pytest.fixture(scope="session")
def app() -> FastAPI:
    return make_app()


Open = Callable[[AbstractContextManager[tuple[str, str]]], County]


@pytest.fixture
def open_county(app: FastAPI, configure: Configure) -> Iterator[Open]:
    """Opens a registry on the database that is given: its owner's URL, and the service's."""
    with ExitStack() as databases:

        def opened(made: AbstractContextManager[tuple[str, str]]) -> County:
            owner, service = databases.enter_context(made)
            configure(registry_database_url=service, secret_keys=KEYS)
            key_ring.cache_clear()
            clock.stand_on(MONDAY)
            return County(databases.enter_context(TestClient(app, raise_server_exceptions=False)), owner)

        yield opened
    key_ring.cache_clear()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def county(request: pytest.FixtureRequest, open_county: Open, tmp_path: Path) -> County:
    """The registry with its county, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        return open_county(_copied(tmp_path, request.getfixturevalue("furnished_sqlite")))
    return open_county(_restored(request.getfixturevalue("furnished_postgres")))


@pytest.fixture
def fresh_county(request: pytest.FixtureRequest, open_county: Open, tmp_path: Path) -> Callable[[str], County]:
    """Opens a fresh copy of the county each time it is called, with a crowd in it, on the kind of database that is named."""

    def opened(kind: str) -> County:
        furnished = request.getfixturevalue(f"furnished_{'sqlite' if kind == 'sqlite' else 'postgres'}")
        county = open_county(_copied(tmp_path, furnished) if kind == "sqlite" else _restored(furnished))
        crowd()
        return county

    return opened


@pytest.fixture
def sqlite_county(open_county: Open, furnished_sqlite: str, tmp_path: Path) -> County:
    """The registry with its county, for what no database makes different."""
    return open_county(_copied(tmp_path, furnished_sqlite))


@pytest.fixture
def postgres_county(open_county: Open, furnished_postgres: tuple[str, str]) -> County:
    """The registry with its county, for what only PostgreSQL can do: several at once."""
    return open_county(_restored(furnished_postgres))


@pytest.fixture
def restored_county(open_county: Open, furnished_postgres: tuple[str, str]) -> Callable[[], County]:
    """Opens the county on PostgreSQL anew, as it was at first, each time it is called."""
    return lambda: open_county(_restored(furnished_postgres))


@pytest.fixture
def empty_registry(open_county: Open, configure: Configure, database_url: str) -> Iterator[County]:
    """A migrated registry with nothing in it."""
    on_sqlite = database_url.startswith("sqlite")
    configure(registry_database_url=database_url)
    with nullcontext(database_url) if on_sqlite else service_account(database_url) as service:
        database.migrate()
        yield open_county(nullcontext((database_url, service)))
