"""The notifier's commands."""

import json

import pytest
from click.testing import CliRunner

from .conftest import WireRegistry, due, programme, receive, tell

pytestmark = pytest.mark.usefixtures("notifier")


def test_notices_counts_the_delivery_log(registry: WireRegistry) -> None:
    from hongzhu_notifier.commands import notices

    registry.knows("t1", "c1")
    registry.knows("t2", "c2")
    receive(programme(), due("c1", "c2"))
    tell()
    asked = CliRunner().invoke(notices, ["--json"])
    assert json.loads(asked.output) == [{"day": "2020-11-23", "channel": "inbox", "outcome": "sent", "count": 2}]
    assert CliRunner().invoke(notices).output.split()[::3] == ["2020-11-23", "2"]
