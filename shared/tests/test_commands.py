"""What a person is told who types a command: a sentence, and never a trace."""

import socket
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from hongzhu import cli, i18n, runtime
from hongzhu.errors import ConfigurationError
from hongzhu.settings import settings
from hongzhu.testing.databases import Configure

HOLD = """
import sys
from hongzhu import runtime
with runtime.alone([]):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def english() -> None:
    i18n.language.set(i18n.ENGLISH)


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(cli.main, arguments)


class Stub:
    """A component with one queue and, if told, a web application."""

    name = "stub"

    def __init__(self, web: object = None) -> None:
        self.web = web

    def queues(self) -> list[str]:
        return ["stub", "agency.far_away"]


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("port", "many", "HONGZHU_PORT"),
        ("timezone", "Asia", "Asia"),
        ("timezone", "Mars/Olympus", "Mars/Olympus"),
        ("language", "fr", "zh_CN or en"),
        ("digest_at", "8am", "08:00"),
        ("digest_at", "24:00", "08:00"),
    ],
)
def test_a_setting_that_is_wrong_is_named(configure: Configure, name: str, value: str, told: str) -> None:
    configure(**{name: value})
    result = invoke("migrate")
    assert result.exit_code == 1
    assert told in result.output
    assert "Traceback" not in result.output


def test_the_time_of_the_digests_is_written_with_or_without_its_first_nought(configure: Configure) -> None:
    configure(digest_at="8:05")
    assert settings().digest_at == "08:05"


def test_a_wrong_setting_does_not_even_keep_the_program_from_starting(tmp_path: Path) -> None:
    environment = {"HONGZHU_PORT": "many", "HONGZHU_LANGUAGE": "en", "HOME": str(tmp_path)}
    program = [sys.executable, "-m", "hongzhu", "parked", "list"]
    run = subprocess.run(program, capture_output=True, text=True, check=False, env=environment)
    assert run.returncode == 1
    assert run.stderr.startswith("HONGZHU_PORT is not as it should be")


@pytest.mark.parametrize(
    ("house", "kind", "told"),
    [
        ("sqlalchemy.exc", "OperationalError", "no data here yet"),
        ("kombu.exceptions", "OperationalError", "broker"),
        ("amqp.exceptions", "NotFound", "broker"),
    ],
)
def test_what_is_away_is_told_in_a_sentence(configure: Configure, house: str, kind: str, told: str) -> None:
    configure()
    error = type(kind, (Exception,), {"__module__": house})("away")

    @click.group(cls=cli.Commands, invoke_without_command=True)
    def group() -> None:
        raise error

    result = CliRunner().invoke(group, [])
    assert (result.exit_code, type(result.exception)) == (1, SystemExit)
    assert told in result.output
    assert "(away)" in result.output


def test_a_fault_of_ours_is_not_explained_away(configure: Configure) -> None:
    configure()

    @click.group(cls=cli.Commands, invoke_without_command=True)
    def group() -> None:
        raise KeyError("ours")

    assert isinstance(CliRunner().invoke(group, []).exception, KeyError)


def test_a_port_that_is_taken_is_told_before_anything_starts(configure: Configure) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        configure(port=taken.getsockname()[1])
        with pytest.raises(ConfigurationError, match="HONGZHU_PORT"), runtime.alone([Stub(web=object)]):  # type: ignore[list-item]
            pytest.fail("it must not get here")
        with runtime.alone([Stub()]):  # type: ignore[list-item]  # what has no pages needs no port
            pass


def test_two_processes_do_not_run_one_trial(configure: Configure) -> None:
    configure()
    holder = subprocess.Popen([sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(ConfigurationError, match="HONGZHU_HOME"), runtime.alone([]):
            pytest.fail("it must not get here")
        holder.kill()
    with runtime.alone([]):
        pass  # a process that was killed holds nothing


@pytest.fixture
def only_stub(monkeypatch: pytest.MonkeyPatch, configure: Configure) -> None:
    configure()
    monkeypatch.setattr(runtime, "installed", lambda: [Stub()])


@pytest.mark.usefixtures("only_stub")
def test_nothing_parked_is_said() -> None:
    result = invoke("parked", "list")
    assert (result.exit_code, result.output) == (0, "Nothing is parked.\n")


@pytest.mark.usefixtures("only_stub")
def test_replaying_a_queue_that_is_not_there_names_those_that_are() -> None:
    result = invoke("parked", "replay", "nosuch")
    assert result.exit_code == 1
    assert "nosuch" in result.output
    assert "stub, agency.far_away" in result.output


def test_a_plugin_without_its_agency_s_name_is_asked_for_it() -> None:
    result = invoke("run", "plugin")
    assert (result.exit_code, "hongzhu run plugin NAME" in result.output) == (2, True)
