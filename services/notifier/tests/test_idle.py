"""What the rounds ask each second reads only what waits, however much was ever told."""

from collections.abc import Callable

import pytest
from sqlalchemy import ColumnElement, select, text

from hongzhu_notifier import deliveries, waiting
from hongzhu_notifier.tables import database

from .conftest import MONDAY


@pytest.mark.usefixtures("notifier")
@pytest.mark.parametrize(
    ("asked", "index"),
    [
        (lambda: waiting.is_there(MONDAY, urgent=False), "ix_owed_waiting"),
        (lambda: waiting.is_there(MONDAY, urgent=True), "ix_owed_waiting"),
        (deliveries.is_stale, "ix_delivery_reserved"),
    ],
    ids=["digest", "urgent", "stale"],
)
def test_a_round_with_nothing_to_do_reads_an_index_of_what_waits(
    asked: Callable[[], ColumnElement[bool]], index: str
) -> None:
    with database.reading() as session:
        connection = session.connection()
        question = select(asked()).compile(dialect=connection.dialect)
        if connection.dialect.name == "sqlite":
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {question}", tuple(question.params.values()))
        else:
            # As a statement that is kept ready is planned: for whatever values, and here even if the table is small.
            connection.execute(text("SET LOCAL plan_cache_mode = force_generic_plan; SET LOCAL enable_seqscan = off"))
            numbers = {name: f"${number}" for number, name in enumerate(question.params, 1)}
            connection.exec_driver_sql(f"PREPARE asked AS {str(question) % numbers}")
            values = ", ".join("NULL" for _ in numbers)
            plan = connection.exec_driver_sql(f"EXPLAIN EXECUTE asked({values})")
        assert index in "\n".join(str(row) for row in plan)
