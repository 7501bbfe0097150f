"""The connections that a process keeps, and what is said to every kind of database in its own way."""

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, delete, insert, select, text
from sqlalchemy.orm import Session

from hongzhu.database import among, engine

NAMES = ['东"门', "西\\门", "a,b", "{南}", "", "NULL", "北\n门", "%s", "'"]
PID = text("SELECT pg_backend_pid()")


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
