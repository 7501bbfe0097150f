"""The connections that a process keeps, and what is said to every kind of database in its own way."""

from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, delete, insert, select, text
from sqlalchemy.orm import Session

from hongzhu.database import Database, among, engine, plan_once

NAMES = ['东"门', "西\\门", "a,b", "{南}", "", "NULL", "北\n门", "%s", "'"]
PID = text("SELECT pg_backend_pid()")
PREPARED = text("SELECT sum(generic_plans + custom_plans), sum(generic_plans) FROM pg_prepared_statements")
ASKED = text("SELECT count(*) FROM pg_class WHERE relpages > :pages")


@pytest.fixture
def postgres(postgres_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Database:
    monkeypatch.setattr(Database, "url", postgres_url)
    return Database("some", MetaData(), tmp_path)


@pytest.mark.postgres
def test_a_connection_that_the_database_ended_is_replaced_before_anybody_asks_with_it(postgres_url: str) -> None:
    own, other = engine(postgres_url), engine(f"{postgres_url}?application_name=operator")
    with own.connect() as connection:
        before = connection.scalar(PID)
    with own.connect() as connection:
        assert connection.scalar(PID) == before
    with other.connect() as connection:
        connection.execute(text("SELECT pg_terminate_backend(:pid, 2000)"), {"pid": before})
    with own.connect() as connection:
        assert connection.scalar(PID) != before
    other.dispose()
    own.dispose()


@pytest.mark.postgres
def test_what_is_read_again_and_again_is_prepared_once(postgres: Database) -> None:
    for pages in range(20):
        with postgres.reading() as session:
            session.execute(ASKED, {"pages": pages})
    with postgres.reading() as session:
        planned, _for_any = session.execute(PREPARED).one()
    assert planned >= 10


@pytest.mark.postgres
def test_a_transaction_that_plans_once_leaves_the_next_ones_alone(postgres: Database) -> None:
    for pages in range(8):
        with postgres.transaction() as session:
            plan_once(session)
            session.execute(ASKED, {"pages": pages})
    with postgres.transaction() as session:
        _planned, for_any = session.execute(PREPARED).one()
        assert for_any > 0
        assert session.scalar(text("SHOW plan_cache_mode")) == "auto"


def test_values_are_found_whatever_signs_they_hold(database_url: str) -> None:
    named = Table("named", MetaData(), Column("number", Integer), Column("name", String(20)))
    with Session(engine(database_url)) as session:
        named.create(session.connection())
        for number, name in enumerate(NAMES):
            session.execute(delete(named))
            session.execute(insert(named).values(number=number, name=name))

            def found(*conditions: object) -> list[int]:
                return list(session.scalars(select(named.c.number).where(*conditions)))  # type: ignore[arg-type]

            assert found(among(session, named.c.name, NAMES)) == [number]
            assert found(among(session, named.c.name, [each for each in NAMES if each != name])) == []
            assert found(among(session, named.c.number, [number, -1])) == [number]
            assert found(among(session, named.c.number, [])) == []
