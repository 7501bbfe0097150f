"""An installation's secrets are made once, each given to whoever needs it and to nobody else."""

import base64
import hashlib
import json
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from hongzhu.errors import ConfigurationError
from hongzhu.installation import SecretFiles, hash_of, password_hash, rights, set_up_embedded, set_up_production
from hongzhu.registry_client import token_of
from hongzhu.settings import settings
from hongzhu.testing.databases import Configure

AGENCIES = ["carers", "legal_aid"]
CORE = ("registry", "scheduler", "notifier")


def everything(folder: Path) -> dict[str, str]:
    return {file.name: file.read_text() for file in folder.iterdir()}


@pytest.mark.parametrize("set_up", [set_up_embedded, set_up_production])
def test_setting_up_twice_keeps_every_secret(tmp_path: Path, set_up: object) -> None:
    assert callable(set_up)
    set_up(tmp_path / "secrets", AGENCIES)
    before = everything(tmp_path / "secrets")
    set_up(tmp_path / "secrets", AGENCIES)
    after = everything(tmp_path / "secrets")
    after.pop("rabbitmq-definitions.json", None)  # its hashes are salted anew
    assert after == {name: text for name, text in before.items() if name in after}
    assert len(after) >= len(before) - 1


def test_an_agency_that_comes_later_is_added_and_changes_nobodys_secrets(tmp_path: Path) -> None:
    set_up_production(tmp_path, ["carers"])
    before = everything(tmp_path)
    set_up_production(tmp_path, AGENCIES)
    after = everything(tmp_path)
    changed = {name for name in before if before[name] != after[name]}
    # Who may come in is told to the registry, and to whoever opens the accounts.
    assert changed == {"registry.env", "migrate.env", "rabbitmq-definitions.json"}
    assert set(after) - set(before) == {"agency-legal_aid.env"}
    keys = [line for line in before["registry.env"].splitlines() if "SECRET_KEYS" in line]
    assert keys == [line for line in after["registry.env"].splitlines() if "SECRET_KEYS" in line]


def test_nobody_but_their_owner_can_read_them(tmp_path: Path) -> None:
    set_up_production(tmp_path / "secrets", AGENCIES)
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700
    for file in (tmp_path / "secrets").iterdir():
        assert file.stat().st_mode & 0o777 == (0o644 if file.name == "rabbitmq-definitions.json" else 0o600), file.name


def test_each_file_holds_its_owners_secrets_and_no_others(tmp_path: Path) -> None:
    set_up_production(tmp_path, AGENCIES)
    files = SecretFiles(tmp_path)
    held = {file.stem: files.read(file.stem) for file in tmp_path.glob("*.env")}
    assert set(held) == {"postgres", "migrate", *CORE, *(f"agency-{each}" for each in AGENCIES)}
    for agency in AGENCIES:
        assert set(held[f"agency-{agency}"]) == {"HONGZHU_BROKER_URL", "HONGZHU_REGISTRY_URL", "HONGZHU_API_TOKEN"}
    for service in CORE:
        urls = {name for name in held[service] if name.endswith("DATABASE_URL")}
        assert urls == {f"HONGZHU_{service.upper()}_DATABASE_URL"}
    assert [name for name in held if "HONGZHU_SECRET_KEYS" in held[name]] == ["registry"]
    tokens = {values["HONGZHU_API_TOKEN"] for values in held.values() if "HONGZHU_API_TOKEN" in values}
    assert len(tokens) == 1 + len(AGENCIES)
    assert not any(token in json.dumps(held["registry"]) for token in tokens), "of tokens the registry keeps hashes"
    accounts = dict(each.split(":") for each in held["registry"]["HONGZHU_ACCOUNTS"].split(","))
    assert accounts == {
        name: hash_of(held[name]["HONGZHU_API_TOKEN"])
        for name in ("notifier", *(f"agency-{each}" for each in AGENCIES))
    }


def test_postgres_and_rabbitmq_know_the_passwords_that_the_services_have(tmp_path: Path) -> None:
    set_up_production(tmp_path, AGENCIES)
    files = SecretFiles(tmp_path)
    known = files.read("postgres")
    for service in CORE:
        url = urlsplit(files.read(service)[f"HONGZHU_{service.upper()}_DATABASE_URL"])
        assert url.password == known[f"HONGZHU_{service.upper()}_DATABASE_PASSWORD"]
        owners = urlsplit(files.read("migrate")[f"HONGZHU_{service.upper()}_DATABASE_URL"])
        assert (owners.username, owners.password) == ("hongzhu_migrate", known["HONGZHU_MIGRATE_DATABASE_PASSWORD"])
    definitions = json.loads((tmp_path / "rabbitmq-definitions.json").read_text())
    hashes = {user["name"]: base64.b64decode(user["password_hash"]) for user in definitions["users"]}
    for account, name in {"registry": "registry", "agency.carers": "agency-carers", "migrate": "migrate"}.items():
        url = urlsplit(files.read(name)["HONGZHU_BROKER_URL"])
        assert url.username == account
        salt, digest = hashes[account][:4], hashes[account][4:]
        assert digest == hashlib.sha256(salt + str(url.password).encode()).digest()


def test_an_agency_may_read_its_own_queue_and_nothing_else() -> None:
    for account, queues in {
        "agency.legal_aid": ["agency.legal_aid"],
        "scheduler": ["scheduler"],
        "registry": ["registry", "registry.parked", "agency.legal_aid.parked"],
    }.items():
        may = rights(account)
        names = [
            "agency.legal_aid",
            "agency.carers",
            "agencyXlegal_aid",
            "registry",
            "registry.parked",
            "scheduler",
            "agency.legal_aid.parked",
        ]
        assert [name for name in names if re.search(may["read"], name)] == queues
        assert not [name for name in names if re.search(may["configure"], name)]
    assert not re.search(rights("agency.legal_aid")["write"], "hongzhu")
    assert re.search(rights("registry")["write"], "hongzhu")
    assert not re.search(rights("registry")["write"], "hongzhu.parked")


def test_no_two_hashes_of_a_password_are_alike() -> None:
    assert password_hash("a") != password_hash("a")


def test_a_half_written_file_is_never_seen(tmp_path: Path) -> None:
    files = SecretFiles(tmp_path)
    files.write("a", {"X": "1=2"})
    assert files.write("a", {"X": "other", "Y": "3"}) == {"X": "1=2", "Y": "3"}
    assert files.read("a") == {"X": "1=2", "Y": "3"}
    assert [file.name for file in tmp_path.iterdir()] == ["a.env"]
    assert files.read("nobody") == {}


def test_the_embedded_trial_finds_its_own_tokens_and_keys(
    configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HONGZHU_API_TOKEN", raising=False)
    configure()
    set_up_embedded(settings().secrets, AGENCIES)
    settings.cache_clear()
    assert settings().secret_keys is not None
    assert hash_of(token_of("agency-carers")) in settings().accounts
    with pytest.raises(ConfigurationError):
        token_of("agency-nobody")
    configure(api_token="mine")
    assert token_of("agency-carers") == "mine"
