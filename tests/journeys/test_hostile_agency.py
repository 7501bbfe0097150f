"""An agency's broker account reads its own queue, and that is all it can do."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.journeys import county
from tests.proofs.hostile import attack
from tests.proofs.stack import AGENCIES, VHOST, Distributed

from hongzhu.waiting import wait_for

pytestmark = [pytest.mark.postgres, pytest.mark.rabbitmq]


@pytest.fixture
def other_vhost(distributed: Distributed) -> Iterator[str]:
    """Give a virtual host that is not the installation's."""
    distributed.servers.rabbitmq.ask("PUT", "/vhosts/hongzhu_test_other")
    yield "hongzhu_test_other"
    distributed.servers.rabbitmq.ask("DELETE", "/vhosts/hongzhu_test_other")


def test_what_an_agency_must_not_do_is_denied_and_what_it_must_do_it_can(
    distributed: Distributed, other_vhost: str, tmp_path: Path
) -> None:
    stack = distributed
    for own, other in (AGENCIES, AGENCIES[::-1]):
        outcome = attack(
            stack.environment(f"plugin {own}")["HONGZHU_BROKER_URL"], own, [other], ("/", other_vhost), ["scheduler"]
        )
        print(outcome)
        assert outcome.allowed == []

    # An account made by command, here a new one for the same agency, is confined alike.
    printed = stack.command("agency", "add", "legal_aid")
    variables = dict(line.split("=", 1) for line in printed.splitlines() if "=" in line)
    assert variables.keys() == {"HONGZHU_REGISTRY_URL", "HONGZHU_API_TOKEN", "HONGZHU_BROKER_URL"}
    assert attack(variables["HONGZHU_BROKER_URL"], "legal_aid", ["education_bureau"], ("/", other_vhost)).allowed == []

    # The same account is all that its worker has; with it each school gets its counsellor.
    qingxi = county.invent(seed=5, schools=3, children=6)
    qingxi.write(tmp_path / "county")
    qingxi.write_calendar(tmp_path / "county")
    stack.stand_on(county.FIRST_DAY)
    (stack.secrets / "agency-legal_aid.env").write_text(printed)
    stack.start()
    stack.wait_until_ready()
    stack.command("import", tmp_path / "county")
    with stack.bureau() as bureau:
        stack.approve_programmes(bureau)

    def counselled() -> bool:
        stack.revive()
        paired = stack.rows("registry", "SELECT school_id FROM pairing WHERE kind = 'law_counsellor'")
        return sorted(school for (school,) in paired) == sorted(school.code for school in qingxi.schools)

    wait_for("a counsellor for each school", counselled, 60)
    wait_for("everything to come to rest", lambda: not stack.waiting())
    assert stack.ledgers_agree()
    permissions = stack.servers.rabbitmq.ask("GET", f"/permissions/{VHOST}/agency.legal_aid")
    assert (permissions["configure"], permissions["write"]) == ("^$", "^$")
