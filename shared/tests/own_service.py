"""A service of the tests' own: a database with an outbox and an inbox, and queues of its own name."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from kombu import Connection
from sqlalchemy import Column, Integer, String, Table

from hongzhu import bus, worker
from hongzhu.database import Database, new_metadata
from hongzhu.inbox import inbox_table
from hongzhu.messages import Message
from hongzhu.outbox import outbox_table
from hongzhu.testing.databases import Configure

metadata = new_metadata()
outbox = outbox_table(metadata)
inbox = inbox_table(metadata)
effects = Table("effect", metadata, Column("id", String, primary_key=True), Column("version", Integer))


@pytest.fixture
def database(configure: Configure, database_url: str) -> Database:
    """An empty database of each kind."""
    return _made(configure, database_url)


@pytest.fixture
def on_postgres(configure: Configure, postgres_url: str) -> Database:
    """An empty PostgreSQL database."""
    return _made(configure, postgres_url)


def _made(configure: Configure, url: str) -> Database:
    configure(registry_database_url=url)
    made = Database("registry", metadata, Path())
    metadata.create_all(made.engine)
    return made


@pytest.fixture
def queue() -> str:
    """The name of a queue that nobody else has."""
    return f"test.{secrets.token_hex(6)}"


@contextmanager
def declared(broker_url: str, name: str, *keys: str) -> Iterator[Connection]:
    """A consumer's queue, bound to `keys`, for as long as the test lasts."""
    with bus.connect(broker_url) as connection:
        bus.declare(connection, name, keys)
        try:
            yield connection
        finally:
            with connection.channel() as channel:
                for each in (bus.queue(name), bus.parked(name)):
                    each.bind(channel).delete()


@contextmanager
def working(broker_url: str, name: str, handlers: dict[type[Message], Callable[[Any], None]]) -> Iterator[None]:
    """A worker that reads the queue meanwhile."""
    worker.resume()
    thread = Thread(target=worker.run, args=(worker.make_app(name, broker_url, handlers),), name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        worker.stop()
        thread.join(20)
        assert not thread.is_alive(), "the worker did not stop"
        worker.resume()
