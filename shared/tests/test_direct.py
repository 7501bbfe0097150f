"""Prepared statements, and the transactions that take nothing else."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import (
    JSON,
    Column,
    DateTime,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    bindparam,
    insert,
    make_url,
    select,
    text,
)
from sqlalchemy.orm import Session

from hongzhu.database import engine, let_go
from hongzhu.direct import Direct, IndirectError, Pool, Prepared, kind_of, only_session, pool

AT = datetime(2020, 11, 23, 4, 5, 6, 7, UTC)
rows = Table(
    "row",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("name", String(20)),
    Column("at", DateTime(timezone=True)),
    Column("more", JSON),
    Column("price", Numeric(asdecimal=False)),
    Column("kind", String(5), default=lambda: "kind"),
)
SHOWN = (rows.c.id, rows.c.name)
OF_NAME = Prepared(
    select(*SHOWN)
    .where(rows.c.name == bindparam("asked", type_=String()), rows.c.id.in_([1, 2, 3]))
    .order_by(rows.c.id)
)
ADDED = Prepared(
    insert(rows)
    .values(id=bindparam("new_id", type_=Integer()), name=bindparam("new_name", type_=String()), kind="new")
    .inline()
)

Carried = Callable[[Callable[[Direct], Any]], Any]


@pytest.fixture
def url(postgres_url: str) -> Iterator[str]:
    with engine(postgres_url).begin() as connection:
        rows.metadata.create_all(connection)
        connection.execute(
            insert(rows), [{"id": each, "name": "a" if each < 3 else "b", "at": AT} for each in range(1, 6)]
        )
    yield postgres_url
    let_go(postgres_url)


def carried_out(url: str, *calls: Callable[[Direct], Any]) -> list[Any]:
    """Carry functions out one after the other, on one connection; what one raises is its result."""

    async def one(connections: Pool, call: Callable[[Direct], Any]) -> Any:
        try:
            return await connections.carry_out(call)
        except Exception as error:
            return error

    async def all_of_them() -> list[Any]:
        async with pool(url, 1) as connections:
            assert connections is not None
            return [await one(connections, call) for call in calls]

    return asyncio.run(all_of_them())


def ids(url: str) -> list[int]:
    with engine(url).connect() as connection:
        return list(connection.scalars(select(rows.c.id).order_by(rows.c.id)))


def test_what_is_the_same_each_time_is_written_into_the_statement() -> None:
    assert "IN (1, 2, 3)" in OF_NAME.compiled.text
    assert OF_NAME.compiled.values({"asked": "a", "other": "b"}) == ["a"]


def test_a_name_stays_a_name_whatever_it_starts_with() -> None:
    assert Prepared(select(rows.c.id).where(rows.c.id == bindparam("asked", 5))).compiled.values({"asked": 7}) == [7]


@pytest.mark.parametrize(
    "statement",
    [
        select(rows.c.more),
        select(rows.c.price),
        select(rows.c.id).where(rows.c.id.in_(bindparam("asked", expanding=True))),
        select(rows.c.id).where(rows.c.at == AT),
        insert(rows).values(id=bindparam("new_id")),
    ],
)
def test_what_only_a_session_does_well_cannot_be_prepared(statement: Any) -> None:
    with pytest.raises(AssertionError):
        _ = Prepared(statement).compiled


def test_two_that_go_together_have_no_name_in_common() -> None:
    with pytest.raises(AssertionError):
        OF_NAME.compiled_beside(Prepared(insert(rows).values(id=1, name=bindparam("asked"), kind="x")))


@pytest.mark.postgres
def test_a_prepared_statement_finds_the_same_in_a_session_and_directly(url: str) -> None:
    asked = {"asked": "a"}
    with Session(engine(url)) as session:
        found = OF_NAME.rows(session, asked)
        assert kind_of(session) == "postgresql"
        assert only_session(session) is session
    assert found == [{"id": 1, "name": "a"}, {"id": 2, "name": "a"}]
    assert carried_out(url, lambda on: OF_NAME.rows(on, asked), kind_of) == [found, "postgresql"]


@pytest.mark.postgres
def test_a_moment_is_told_as_it_is(url: str) -> None:
    asked = Prepared(select(rows.c.at).where(rows.c.at == bindparam("asked", type_=DateTime(timezone=True))).limit(1))
    assert carried_out(url, lambda on: asked.rows(on, {"asked": AT})) == [[{"at": AT}]]


@pytest.mark.postgres
def test_what_has_no_rows_goes_with_the_next_question_or_at_the_end_and_never_twice(url: str) -> None:
    def with_a_question(on: Direct) -> Any:
        ADDED.carry_out(on, {"new_id": 6, "new_name": "c"})
        return OF_NAME.rows(on, {"asked": "b"}), OF_NAME.rows(on, {"asked": "a"})

    def alone(on: Direct) -> None:
        ADDED.carry_out(on, {"new_id": 7, "new_name": "c"})
        ADDED.carry_out(on, {"new_id": 8, "new_name": "c"})

    (found, *_rest) = carried_out(url, with_a_question, alone)
    assert found == ([{"id": 3, "name": "b"}], [{"id": 1, "name": "a"}, {"id": 2, "name": "a"}])
    assert ids(url) == [1, 2, 3, 4, 5, 6, 7, 8]


@pytest.mark.postgres
def test_an_error_takes_back_what_was_carried_out_and_the_next_has_a_clean_connection(url: str) -> None:
    def refused(on: Direct) -> None:
        ADDED.carry_out(on, {"new_id": 6, "new_name": "c"})
        OF_NAME.rows(on, {"asked": "a"})
        raise ValueError

    def twice(on: Direct) -> None:
        ADDED.carry_out(on, {"new_id": 1, "new_name": "c"})

    first, second, third = carried_out(url, refused, twice, lambda on: OF_NAME.rows(on, {"asked": "b"}))
    assert isinstance(first, ValueError)
    assert type(second).__name__ == "UniqueViolationError"
    assert third == [{"id": 3, "name": "b"}]
    assert ids(url) == [1, 2, 3, 4, 5]


@pytest.mark.postgres
@pytest.mark.parametrize("asked", [lambda on: on.execute(text("SELECT 1")), lambda on: on.connection(), only_session])
def test_nothing_but_prepared_statements_is_carried_out(url: str, asked: Callable[[Direct], Any]) -> None:
    (error,) = carried_out(url, asked)
    assert isinstance(error, IndirectError)


@pytest.mark.postgres
def test_who_gives_up_leaves_the_connection_to_the_next(url: str) -> None:
    sleeps = Prepared(
        select(text("pg_sleep(60)::text AS slept")).select_from(rows).where(rows.c.id == bindparam("id_"))
    )

    async def given_up() -> Any:
        async with pool(url, 1) as connections:
            assert connections is not None
            waiting = asyncio.create_task(connections.carry_out(lambda on: sleeps.rows(on, {"id_": 1})))
            while not await asyncio.to_thread(asleep, url):
                await asyncio.sleep(0)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            return await connections.carry_out(lambda on: OF_NAME.rows(on, {"asked": "b"}))

    assert asyncio.run(given_up()) == [{"id": 3, "name": "b"}]


def asleep(url: str) -> bool:
    with engine(url).connect() as connection:
        return bool(connection.scalar(text("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'")))


NOWHERE = "postgresql+psycopg://somebody:secret@127.0.0.1:1/nowhere"


def has_a_pool(url: str) -> bool:
    async def opened() -> bool:
        async with pool(url, 1) as connections:
            return connections is not None

    return asyncio.run(opened())


@pytest.fixture
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [each for each in os.environ if each.startswith("PG")]:
        monkeypatch.delenv(name)


@pytest.mark.parametrize("more", ["", "?sslmode=require", "?sslmode=verify-full&sslrootcert=/etc/root.crt"])
def test_an_address_that_both_drivers_read_alike_has_a_pool(plain_environment: None, more: str) -> None:
    assert has_a_pool(NOWHERE + more)


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:////tmp/nowhere.sqlite3",
        f"{NOWHERE}?connect_timeout=3",
        f"{NOWHERE}?channel_binding=require",
        f"{NOWHERE}?sslrootcert=system",
        f"{NOWHERE}?sslrootcert=/etc/root.crt",
        f"{NOWHERE}?sslmode=prefer&sslrootcert=/etc/root.crt",
        f"{NOWHERE}?sslmode=verify-full&sslrootcert=system",
        "postgresql+psycopg://somebody:secret@/nowhere",
        "postgresql+psycopg:///nowhere?host=/var/run/postgresql",
    ],
)
def test_an_address_that_this_driver_would_read_otherwise_has_no_pool(plain_environment: None, url: str) -> None:
    assert not has_a_pool(url)


@pytest.mark.parametrize(
    "name",
    ["PGSSLROOTCERT", "PGREQUIRESSL", "PGSERVICE", "PGCHANNELBINDING", "PGREQUIREAUTH", "PGGSSENCMODE", "PGHOSTADDR"],
)
def test_where_the_environment_says_more_than_this_driver_reads_there_is_no_pool(
    plain_environment: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    monkeypatch.setenv(name, "require")
    assert not has_a_pool(NOWHERE)
    assert name in caplog.text  # by the level at which services log


def test_a_database_that_is_away_is_not_asked_again_at_once(
    plain_environment: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def refused() -> None:
        async with pool(NOWHERE, 1) as connections:
            assert connections is not None
            for _ in range(3):
                with pytest.raises(IndirectError):
                    await connections.carry_out(kind_of)
            monkeypatch.setattr("hongzhu.direct.time", SimpleNamespace(monotonic=lambda: float("inf")))
            with pytest.raises(IndirectError):
                await connections.carry_out(kind_of)

    asyncio.run(refused())
    assert [each.message for each in caplog.records if each.levelname == "WARNING"] == [
        "no direct reads for 30 s: ConnectionRefusedError"
    ] * 2


@pytest.mark.postgres
def test_a_pool_is_let_go_while_the_database_is_silent(url: str) -> None:
    async def let_go_of() -> str:
        async with line_to(url) as (address, cut), pool(address, 1) as connections:
            assert connections is not None
            assert await connections.carry_out(kind_of) == "postgresql"
            cut()
        return "closed"

    assert asyncio.run(asyncio.wait_for(let_go_of(), 10)) == "closed"


@asynccontextmanager
async def line_to(url: str) -> AsyncIterator[tuple[str, Callable[[], None]]]:
    """Give an address that leads to a database until it is cut: then nothing comes through, and nobody is told."""
    address, cut = make_url(url), asyncio.Event()

    async def pass_on(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while said := await source.read(65536):
            if not cut.is_set():
                target.write(said)

    async def meet(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(address.host, address.port or 5432)
        ends.extend((target, back))
        passing.extend(map(asyncio.create_task, (pass_on(source, back), pass_on(there, target))))

    passing: list[asyncio.Task[None]] = []
    ends: list[asyncio.StreamWriter] = []
    async with await asyncio.start_server(meet, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        yield address.set(host="127.0.0.1", port=port).render_as_string(hide_password=False), cut.set
        for each in (*passing, *ends):
            each.cancel() if isinstance(each, asyncio.Task) else each.close()
        await asyncio.gather(*passing, *(each.wait_closed() for each in ends), return_exceptions=True)
