"""The connections that a process keeps."""

import pytest
from sqlalchemy import text

from hongzhu.database import engine

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
