"""The registry's commands."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from hongzhu import cli, clock, i18n
from hongzhu.installation import SecretFiles, hash_of
from hongzhu.testing.databases import Configure
from hongzhu_registry.access import service as access
from hongzhu_registry.access.models import Token
from hongzhu_registry.access.service import open_account
from hongzhu_registry.database import database
from hongzhu_registry.service import service


@pytest.fixture(autouse=True)
def migrated(configure: Configure) -> None:
    configure()
    i18n.language.set(i18n.ENGLISH)
    database.migrate()


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(cli.main, arguments)


def test_name_and_password_are_the_last_line() -> None:
    name, password = invoke("user", "add", "bureau").output.splitlines()[-1].split()
    assert name == "bureau"
    assert len(password) >= 16


def test_a_school_that_is_not_there_gets_no_account() -> None:
    result = invoke("user", "add", "nowhere", "--role", "school", "--school", "nowhere")
    assert result.exit_code == 1
    assert "no school with the code nowhere" in result.output


def test_an_agency_does_not_take_a_services_name() -> None:
    result = invoke("agency", "add", "scheduler")
    assert result.exit_code == 1
    assert "name of a service" in result.output


def test_the_trials_broker_is_no_place_for_an_agency_of_its_own() -> None:
    result = invoke("agency", "add", "city_library")
    assert result.exit_code == 1
    assert "HONGZHU_BROKER_URL" in result.output


def test_the_queues_of_agencies_that_run_elsewhere_are_known() -> None:
    with database.transaction() as session:
        open_account(session, "agency-far_away", "agency", agency="far_away")
    assert service.queues() == ["registry", "agency.far_away"]


def test_without_the_registrys_database_its_own_queue_is_known(configure: Configure) -> None:
    configure(registry_database_url="sqlite:////nowhere/registry.sqlite3")
    assert service.queues() == ["registry"]


def test_without_data_a_command_says_where_to_begin(configure: Configure) -> None:
    configure(registry_database_url="sqlite:////nowhere/registry.sqlite3")
    result = invoke("user", "add", "bureau")
    assert result.exit_code == 1
    assert "hongzhu up" in result.output


def test_a_password_is_read_from_standard_input_and_never_printed() -> None:
    asked = CliRunner().invoke(
        cli.main, ["user", "add", "li", "--role", "admin", "--ask"], input="a candle in the window\n"
    )
    assert (asked.exit_code, asked.output) == (0, "")
    with database.transaction() as session:
        account = access.authenticate(session, access.Given("li", "a candle in the window"))
    assert account.role == "admin"
    weak = CliRunner().invoke(cli.main, ["user", "add", "li", "--ask"], input="short\n")
    assert (weak.exit_code, "short sentence" in weak.output) == (1, True)


def test_a_person_does_not_take_a_machines_name() -> None:
    for name in ("notifier", "agency-carers"):
        assert invoke("user", "add", name).exit_code == 1


def test_an_agencys_token_is_renewed_and_the_old_one_ends_in_a_week(tmp_path: Path) -> None:
    files = SecretFiles(tmp_path / "secrets")
    files.write("agency-far_away", {"HONGZHU_API_TOKEN": "old", "OTHER": "stays"})
    files.write("notifier", {"HONGZHU_API_TOKEN": "notifiers"})
    files.write("registry", {"HONGZHU_ACCOUNTS": ""})
    with database.transaction() as session:
        account = open_account(session, "agency-far_away", "agency", agency="far_away")
        access.keep_token(session, account.id, bytes.fromhex(hash_of("old")), access.MACHINE_TOKEN)
    printed = invoke("agency", "renew", "far_away").output
    assert printed.startswith("HONGZHU_API_TOKEN=")
    assert invoke("agency", "renew", "far_away", "--secrets", str(tmp_path / "secrets")).exit_code == 0
    held = files.read("agency-far_away")
    assert held["OTHER"] == "stays"
    assert f"agency-far_away:{hash_of(held['HONGZHU_API_TOKEN'])}" in files.read("registry")["HONGZHU_ACCOUNTS"]
    with database.transaction() as session:
        for token in ("old", held["HONGZHU_API_TOKEN"], printed.strip().partition("=")[2]):
            assert access.principal_of(session, token).agency == "far_away"
        ends = session.scalars(
            select(Token.expires_at).where(Token.account_id == account.id).order_by(Token.expires_at)
        ).all()
    days = [(each.replace(tzinfo=clock.now().tzinfo) - clock.now()).days for each in ends]
    assert days == [6, 6, 364]
    assert invoke("agency", "renew", "nobody").exit_code == 1
    assert invoke("agency", "renew", "nobody", "--secrets", str(tmp_path / "secrets")).exit_code == 1


def test_a_trial_does_not_touch_databases_and_a_broker_that_are_somebody_s(tmp_path: Path) -> None:
    named = {
        "HONGZHU_BROKER_URL": "amqp://nobody@broker.invalid/",
        "HONGZHU_SCHEDULER_DATABASE_URL": "sqlite:///of.mine",
    }
    command = [sys.executable, "-m", "hongzhu", "demo", "--once", "--home", str(tmp_path / "home")]
    environment = {**named, "HONGZHU_LANGUAGE": "en", "HOME": str(tmp_path)}
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert run.returncode == 1
    (said,) = run.stderr.strip().splitlines()
    assert "HONGZHU_SCHEDULER_DATABASE_URL, HONGZHU_BROKER_URL" in said
