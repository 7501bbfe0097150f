"""An agency's machine has its plugin and what that is built on, no database and no web server, and that is enough to run."""

import signal
import subprocess
from pathlib import Path

import pytest
from tests.journeys import county
from tests.proofs import agency
from tests.proofs.stack import Distributed

from hongzhu.waiting import wait_for


@pytest.fixture(scope="module")
def agency_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the Python of a fresh environment into which the plugin alone was installed, built from this tree."""
    return agency.make_environment(tmp_path_factory.mktemp("agency"))


def test_the_plugin_alone_brings_no_database_and_no_web_server(agency_python: Path) -> None:
    told = subprocess.run(
        [agency.UV, "pip", "list", "--quiet", "--format=freeze", "--python", agency_python],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    installed = {line.partition("==")[0].lower() for line in told.stdout.splitlines()}
    assert {"hongzhu", "hongzhu-legal-aid"} <= installed
    assert not installed & {"sqlalchemy", "alembic", "psycopg", "fastapi", "starlette", "uvicorn"}
    assert not {name for name in installed if name.startswith("hongzhu-") and name != "hongzhu-legal-aid"}


@pytest.mark.postgres
@pytest.mark.rabbitmq
def test_the_plugin_alone_does_its_work_from_its_own_machine(
    distributed: Distributed, agency_python: Path, tmp_path: Path
) -> None:
    stack = distributed
    qingxi = county.invent(seed=8, schools=3, children=6)
    qingxi.write(tmp_path / "county")
    qingxi.write_calendar(tmp_path / "county")
    stack.stand_on(county.FIRST_DAY)
    stack.start("registry", "scheduler", "plugin education_bureau")
    # What the agency was given and nothing more: where the registry and the broker are, and who it is there.
    environment = {name: value for name, value in stack.environment("plugin legal_aid").items() if name != "PYTHONPATH"}
    environment["HONGZHU_HOME"] = str(tmp_path / "elsewhere")
    worker = subprocess.Popen(
        [agency_python, "-m", "hongzhu", "run", "plugin", "legal_aid"], env=environment, cwd=tmp_path
    )
    try:
        stack.wait_until_ready()
        stack.command("import", tmp_path / "county")
        with stack.bureau() as bureau:
            stack.approve_programmes(bureau)

        def counselled() -> bool:
            assert worker.poll() is None
            paired = stack.rows("registry", "SELECT school_id FROM pairing WHERE kind = 'law_counsellor'")
            return sorted(school for (school,) in paired) == sorted(school.code for school in qingxi.schools)

        wait_for("a counsellor for each school", counselled, 60)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(timeout=10) == 0
    finally:
        worker.kill()
        worker.wait()


@pytest.mark.postgres
@pytest.mark.rabbitmq
def test_the_agency_survives_kills_and_an_upgrade_on_a_machine_of_its_own_until_it_is_revoked(
    distributed: Distributed, agency_python: Path, tmp_path: Path
) -> None:
    if reason := agency.may_make_namespaces():
        pytest.skip(reason)
    with agency.Machine(agency_python, tmp_path).connected() as machine:
        outcome = agency.live(distributed, machine, 2, print)
    print(outcome)
    assert outcome.clean
    assert (outcome.kills, outcome.expected) == (2, 5)
