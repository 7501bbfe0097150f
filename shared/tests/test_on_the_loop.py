"""Functions that wait for PostgreSQL on an event loop."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator

import pytest
from sqlalchemy import Engine, func, select, text

from hongzhu import on_the_loop
from hongzhu.database import engine_on_the_loop, let_go

LOCK = 20201123
PID = text("SELECT pg_backend_pid()")

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(30)]


@pytest.fixture
def own(postgres_url: str) -> Iterator[Engine]:
    """The connections that wait on a loop."""
    yield engine_on_the_loop(postgres_url)
    let_go(postgres_url)


def wait_for_the_lock(own: Engine) -> int:
    with own.begin() as connection:
        pid = connection.scalar(PID)
        connection.execute(select(func.pg_advisory_xact_lock(LOCK)))
        assert pid is not None
        return int(pid)


async def while_it_is_held(own: Engine, act: Callable[["asyncio.Task[int]"], Awaitable[None]]) -> "asyncio.Task[int]":
    """Let one function wait for a lock that another holds, and do something meanwhile."""
    held = await on_the_loop.run(own.connect)
    await on_the_loop.run(held.execute, select(func.pg_advisory_lock(LOCK)))
    waiting = asyncio.create_task(on_the_loop.run(wait_for_the_lock, own))
    waits = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND objid = :lock")
    while not await on_the_loop.run(held.scalar, waits, {"lock": LOCK}):
        await asyncio.sleep(0)
    await act(waiting)
    await on_the_loop.run(held.execute, select(func.pg_advisory_unlock(LOCK)))
    await on_the_loop.run(held.close)
    return waiting


def test_while_one_waits_for_the_database_the_loop_goes_on(own: Engine) -> None:
    async def nothing(waiting: "asyncio.Task[int]") -> None:
        assert not waiting.done()

    async def both() -> int:
        return await (await while_it_is_held(own, nothing))

    assert asyncio.run(both()) > 0


def test_a_connection_whose_function_was_given_up_is_never_used_again(own: Engine) -> None:
    async def give_up(waiting: "asyncio.Task[int]") -> None:
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    async def given_up() -> None:
        await while_it_is_held(own, give_up)

    asyncio.run(given_up())
    assert own.pool.checkedout() == 0  # type: ignore[attr-defined]  # the pool is one that counts
    assert wait_for_the_lock(own) > 0


def test_what_runs_elsewhere_waits_as_ever(own: Engine) -> None:
    assert wait_for_the_lock(own) > 0
