"""An agency's machine has its plugin and what that is built on, no database and no web server, and that is enough to run."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.journeys import county
from tests.proofs.servers import wait_for
from tests.proofs.stack import ROOT, Distributed

UV = Path(sys.executable).with_name("uv")


@pytest.fixture(scope="module")
def agency_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the Python of a fresh environment into which the plugin alone was installed, built from this tree."""
    folder = tmp_path_factory.mktemp("agency")
    python = folder / "venv/bin/python"
    environment = {name: each for name, each in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    wheels, locked = folder / "wheels", folder / "locked.txt"

    def uv(*arguments: str | Path) -> None:
        done = subprocess.run(
            [UV, *arguments, "--quiet"],
            cwd=ROOT, env=environment, check=False, capture_output=True, text=True, timeout=240,
        )  # fmt: skip
        assert done.returncode == 0, f"uv {arguments}: {done.stderr}"

    for source in ("shared", "plugins/legal_aid"):
        uv("build", "--wheel", "--out-dir", wheels, ROOT / source)
    uv("export", "--frozen", "--no-dev", "--no-emit-workspace", "--no-hashes", "--all-packages", "-o", locked)
    uv("venv", "--python", sys.executable, folder / "venv")
    uv("pip", "install", "--python", python, "--constraint", locked, *wheels.glob("*.whl"))
    return python


def test_the_plugin_alone_brings_no_database_and_no_web_server(agency_python: Path) -> None:
    told = subprocess.run(
        [UV, "pip", "list", "--quiet", "--format=freeze", "--python", agency_python],
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
