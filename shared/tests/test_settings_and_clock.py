"""What a process is told from outside, and the day on which it stands."""

import os
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest

from hongzhu import clock
from hongzhu.errors import ConfigurationError
from hongzhu.settings import settings
from hongzhu.testing.databases import Configure


def test_nothing_set_is_the_embedded_trial(configure: Configure, tmp_path: Path) -> None:
    configure()
    assert settings().embedded
    assert settings().database_url("registry") == f"sqlite:///{tmp_path}/home/registry.sqlite3"
    assert (str(settings().zone), settings().language) == ("Asia/Shanghai", "zh_CN")


def test_the_environment_is_stronger_than_the_installations_file(configure: Configure) -> None:
    configure()
    settings().secrets.mkdir(parents=True)
    (settings().secrets / "registry.env").write_text("HONGZHU_PORT=1\nHONGZHU_LISTEN=0.0.0.0\nUNKNOWN=1\n")
    configure(port=2)
    assert (settings().port, settings().listen) == (2, "0.0.0.0")


def test_production_never_starts_on_an_empty_file_because_an_address_was_forgotten(configure: Configure) -> None:
    configure(broker_url="amqp://localhost/", registry_database_url="postgresql+psycopg://here/registry")
    assert settings().database_url("registry") == "postgresql+psycopg://here/registry"
    with pytest.raises(ConfigurationError, match="SCHEDULER"):
        settings().database_url("scheduler")


def test_no_secret_shows_when_settings_are_printed(configure: Configure) -> None:
    configure(secret_keys="canary-keys", api_token="canary-token", smtp_url="smtp://u:canary-mail@h")
    assert "canary" not in repr(settings())


def test_every_process_of_an_installation_stands_on_the_same_day(configure: Configure) -> None:
    configure()
    clock.stand_on(date(2020, 11, 23))
    assert clock.today() == date(2020, 11, 23)
    program = "from hongzhu import clock; print(clock.today())"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=os.environ)
    assert run.stdout.strip() == "2020-11-23"
    clock.stand_on(date(2020, 11, 24))
    assert clock.today() == date(2020, 11, 24)


def test_real_time_cannot_be_set(configure: Configure) -> None:
    configure()
    before = clock.now()
    clock.stand_on(date(1999, 1, 1))
    assert timedelta() <= clock.now() - before < timedelta(minutes=1)
    assert clock.now().utcoffset() == timedelta()
    assert clock.local_now().date() == date(1999, 1, 1)


def test_unless_told_the_domains_day_is_the_real_one_in_its_zone(configure: Configure) -> None:
    configure(timezone="Pacific/Kiritimati")
    east = clock.today()
    configure(timezone="Etc/GMT+12")
    west = clock.today()
    assert east - west in (timedelta(days=1), timedelta(days=2))


def test_the_registry_is_looked_for_on_this_machines_port(configure: Configure) -> None:
    configure(port=8123)
    assert settings().registry_url == "http://127.0.0.1:8123"
    configure(registry_url="https://registry.example")
    assert settings().registry_url == "https://registry.example"


def test_channels_are_a_list_with_commas_or_json(configure: Configure) -> None:
    for written in ("inbox,smtp", " inbox , smtp", '["inbox", "smtp"]'):
        configure(channels=written)
        assert settings().channels == ("inbox", "smtp")
