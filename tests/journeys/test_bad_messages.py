"""The short forms of ``make prove ARGS=poison`` and ``ARGS=backlog``."""

from pathlib import Path

import pytest
from tests.proofs import backlog, poison

pytestmark = pytest.mark.rabbitmq


def test_every_kind_of_poison_is_parked_and_seen_and_all_else_is_done(rabbitmq_url: str) -> None:
    outcome = poison.poison(rabbitmq_url, 40, print)
    print(outcome, *outcome.unseen)
    assert outcome.clean
    assert outcome.kinds == 20
    # What a message says of itself is shown only where it is one of our own words.
    assert {each.topic for each in outcome.parked} == {None, "task.due.v1"}
    assert {each.reason for each in outcome.parked} == {"rejected", "delivery_limit"}


def test_what_waits_for_a_stopped_agency_is_all_there_when_it_is_back(rabbitmq_url: str, tmp_path: Path) -> None:
    agencies = ["stopped", "one", "other"]
    outcome = backlog.prove(rabbitmq_url, tmp_path, print, many=500, asked=40, agencies=agencies)
    print(outcome)
    assert (outcome.expected, outcome.lost, outcome.dup) == (500, 0, 0)
