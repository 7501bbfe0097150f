"""The short form of ``make prove``: a few kills of each kind; nothing lost, nothing there twice."""

from pathlib import Path

import pytest
from tests.proofs import kills
from tests.proofs.kills import AT_RANDOM
from tests.proofs.servers import Servers
from tests.proofs.stack import Distributed, Embedded


@pytest.mark.postgres
@pytest.mark.rabbitmq
def test_kills_of_services_broker_and_database_lose_and_double_nothing(tmp_path: Path, own_servers: Servers) -> None:
    points = {
        "scheduler": ["occurrence.after_insert", "relay.after_confirm", AT_RANDOM],
        "registry": ["consumer.after_commit", "outbox.after_commit", AT_RANDOM],
        "notifier": ["consumer.before_commit", "digest.after_reserve", AT_RANDOM],
        "plugin legal_aid": ["answer.after_post", "consumer.before_ack", AT_RANDOM],
    }

    def restart() -> None:
        for server in (own_servers.rabbitmq, own_servers.postgres):
            server.kill()
            server.start()

    account = kills.live(
        lambda n: Distributed(tmp_path / f"county-{n}", own_servers), points, {"broker and database": restart}, print
    )
    print(*account.lines(), sep="\n")
    assert account.clean
    assert account.weeks.kills >= 12


def test_kills_of_the_embedded_stack_lose_and_double_nothing(tmp_path: Path) -> None:
    account = kills.live(lambda n: Embedded(tmp_path / f"county-{n}"), {"up": [AT_RANDOM] * 2}, {}, print)
    print(*account.lines(), sep="\n")
    assert account.clean
    assert account.weeks.kills == 2
