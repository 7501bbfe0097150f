"""Plain functions on an event loop: while one of them waits for PostgreSQL, the loop goes on with others.

In threads the same takes twice the processor: with every question to the database they hand the interpreter to each other.
"""

import asyncio
from functools import partial
from typing import Any

import psycopg
from psycopg.abc import RV, PQGen
from psycopg.waiting import Ready, Wait
from sqlalchemy import Engine, event
from sqlalchemy.util.concurrency import await_only, greenlet_spawn, in_greenlet

run = greenlet_spawn
"""Carry out a function from a coroutine; in it `is_here`."""
wait_for = await_only
"""Wait in such a function for a coroutine."""
is_here = in_greenlet
"""Tell whether the function that asks was begun by `run`."""


class Connection(psycopg.Connection[Any]):
    """A connection whose waiting the loop does, once the pool has given it out."""

    given_out = False

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        """Go through with what the driver has begun, from one readiness of the socket to the next."""
        if not self.given_out or timeout is not None or not is_here():
            return super().wait(gen, interval, timeout)
        try:
            wanted = next(gen)
            while True:
                wanted = gen.send(await_only(_readiness(self.pgconn.socket, wanted)))
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]


async def _readiness(socket: int, wanted: Wait) -> Ready:
    loop = asyncio.get_running_loop()
    found: asyncio.Future[Ready] = loop.create_future()

    def tell(ready: Ready) -> None:
        if not found.done():
            found.set_result(ready)

    if wanted & Wait.R:
        loop.add_reader(socket, tell, Ready.R)
    if wanted & Wait.W:
        loop.add_writer(socket, tell, Ready.W)
    try:
        return await found
    finally:
        if wanted & Wait.R:
            loop.remove_reader(socket)
        if wanted & Wait.W:
            loop.remove_writer(socket)


def prepare(engine: Engine) -> None:
    """Let an engine's connections wait on the loop."""
    event.listen(engine, "do_connect", _connect)
    event.listen(engine, "checkout", _give_out)


def _connect(_dialect: object, _record: object, args: tuple[Any, ...], values: dict[str, Any]) -> Connection:
    connect = partial(Connection.connect, *args, **values)
    # A database that is away may take its time to say so.
    return await_only(asyncio.to_thread(connect)) if is_here() else connect()


def _give_out(connection: Connection, _record: object, _fairy: object) -> None:
    # Not before: what is asked of the first connection is asked under a lock, for which the loop would wait.
    connection.given_out = True
