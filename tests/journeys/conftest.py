"""The stacks a journey goes through: everything in one process, and a process for each on servers of our own."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from tests.proofs.servers import MissingServerError, Servers, servers
from tests.proofs.stack import Distributed, Embedded, Stack

S = TypeVar("S", bound=Stack)


@pytest.fixture(scope="session")
def own_servers() -> Iterator[Servers]:
    """Run a PostgreSQL and a RabbitMQ of our own; skip where they are not installed, or fail where they are required."""
    try:
        running = servers()
        made = running.__enter__()
    except MissingServerError as error:
        if os.environ.get("HONGZHU_REQUIRE_SERVICES") == "1":
            raise
        pytest.skip(str(error))
    try:
        yield made
    finally:
        running.__exit__(None, None, None)


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Stack]:
    """Give an embedded installation, with nothing started yet."""
    yield from _ended(Embedded(tmp_path / "stack"))


@pytest.fixture
def distributed(tmp_path: Path, own_servers: Servers) -> Iterator[Distributed]:
    """Give an installation on PostgreSQL and RabbitMQ, migrated, with nothing started yet."""
    stack = Distributed(tmp_path / "stack", own_servers)
    yield from _ended(stack)
    stack.forget()


@pytest.fixture(params=["embedded", pytest.param("distributed", marks=[pytest.mark.postgres, pytest.mark.rabbitmq])])
def stack(request: pytest.FixtureRequest) -> Stack:
    """Give an installation of either kind."""
    made = request.getfixturevalue(request.param)
    assert isinstance(made, Stack)
    return made


def _ended(stack: S) -> Iterator[S]:
    try:
        yield stack
    finally:
        stack.stop()
