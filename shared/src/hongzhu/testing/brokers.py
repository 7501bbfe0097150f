"""Fixtures: brokers of both kinds; on RabbitMQ a virtual host of one's own, so that nobody's queues meet."""

import os
import secrets
import subprocess
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

BROKER_URL = "amqp://guest:guest@127.0.0.1:5672/"
"""Where a RabbitMQ is looked for when HONGZHU_TEST_BROKER_URL says nothing."""


@pytest.fixture(scope="session")
def rabbitmq_url() -> Iterator[str]:
    """Give the URL of a fresh virtual host; skip when there is no RabbitMQ, or fail when one is required."""
    url = urlsplit(os.environ.get("HONGZHU_TEST_BROKER_URL", BROKER_URL))
    vhost = f"hongzhu-test-{secrets.token_hex(6)}"
    try:
        rabbitmqctl("add_vhost", vhost)
    except (OSError, subprocess.CalledProcessError) as error:
        if os.environ.get("HONGZHU_REQUIRE_SERVICES") == "1":
            raise
        pytest.skip(f"no RabbitMQ here, or no right to use rabbitmqctl ({type(error).__name__})")
    try:
        rabbitmqctl("set_permissions", "-p", vhost, url.username or "guest", ".*", ".*", ".*")
        yield url._replace(path=f"/{vhost}").geturl()
    finally:
        rabbitmqctl("delete_vhost", vhost)


@pytest.fixture(params=["memory", pytest.param("rabbitmq", marks=pytest.mark.rabbitmq)])
def broker_url(request: pytest.FixtureRequest) -> str:
    """Give the URL of a broker: the test runs once in memory and once on RabbitMQ.  Take queues of names of your own."""
    return "memory://localhost/" if request.param == "memory" else str(request.getfixturevalue("rabbitmq_url"))


def rabbitmqctl(*arguments: str) -> str:
    """Ask RabbitMQ's own tool."""
    command = ["rabbitmqctl", "-q", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout  # noqa: S603  # our words
