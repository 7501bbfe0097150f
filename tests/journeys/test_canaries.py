"""The short form of ``make prove ARGS="canaries"``: no name, number or address gets where it does not belong."""

from base64 import b64encode
from pathlib import Path

import pytest
from tests.proofs import canaries
from tests.proofs.flock import MARKS, NAME, PHONE, Writings
from tests.proofs.servers import Servers
from tests.proofs.stack import Distributed


@pytest.mark.postgres
@pytest.mark.rabbitmq
@pytest.mark.timeout(900)
def test_nobody_is_found_in_logs_messages_errors_and_dumps_after_a_life_full_of_mishaps(
    tmp_path: Path, own_servers: Servers
) -> None:
    outcome = canaries.fly(Distributed(tmp_path / "stack", own_servers), 50, print)
    print(outcome)
    assert outcome.hits == []
    assert outcome.clear == []
    assert outcome.places > 50


@pytest.mark.parametrize(
    "hidden",
    [
        f"of {NAME}安邦",
        f'{{"name": "{NAME.encode("unicode_escape").decode()}"}}',
        "/w/%e9%be%98%e9%9d%90",
        r"b'\xe9\xbe\x98\xe9\x9d\x90'",
        "\\xe9be98e99d90",
        f"DETAIL: Failing row contains ({PHONE}0001)",
        b64encode(f'{{"phone": "{PHONE}0001"}}'.encode()).decode(),
    ],
)
def test_the_search_sees_through_every_writing(hidden: str) -> None:
    assert Writings(MARKS).find(f"before {hidden} after".encode())
    assert not Writings(MARKS).find(b"before nobody after 19904 e9be")
