"""The installation's secrets: keys, passwords and tokens, each made once and written to the one file of whoever needs it."""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

VHOST = "hongzhu"
_KEYS = "HONGZHU_SECRET_KEYS"
_CORE = ("registry", "scheduler", "notifier")


class SecretFiles:
    """A folder of ``NAME.env`` files; what one holds already is kept, what is missing is added."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)

    def read(self, name: str) -> dict[str, str]:
        """Return the variables of one file, none when it is not there yet."""
        file = self._folder / f"{name}.env"
        lines = file.read_text().splitlines() if file.exists() else []
        return dict(line.split("=", 1) for line in lines if "=" in line)

    def write(self, name: str, values: Mapping[str, str]) -> dict[str, str]:
        """Add variables to a file, keeping those it has; return all it holds."""
        self.change(name, {**values, **self.read(name)})
        return self.read(name)

    def change(self, name: str, values: Mapping[str, str]) -> None:
        """Give variables of a file other values."""
        self.replace(f"{name}.env", "".join(f"{key}={value}\n" for key, value in {**self.read(name), **values}.items()))

    def replace(self, name: str, text: str, mode: int = 0o600) -> None:
        """Write a whole file so that it is never seen half-written."""
        temporary = self._folder / f".{name}"
        temporary.touch(mode)
        temporary.write_text(text)
        temporary.chmod(mode)
        temporary.replace(self._folder / name)

    def agencies(self) -> list[str]:
        """Name the agencies that have a file."""
        return sorted(file.stem.removeprefix("agency-") for file in self._folder.glob("agency-*.env"))


def new_key() -> str:
    """Make a 256-bit key as it is written in ``HONGZHU_SECRET_KEYS``."""
    return base64.b64encode(secrets.token_bytes(32)).decode()


def new_password() -> str:
    """Make a password that needs quoting nowhere."""
    return secrets.token_urlsafe(24)


_RESTORING = "restoring"


@contextmanager
def restoring(home: Path) -> Iterator[None]:
    """Note, for the moment in which one file after another takes its place, that none may be used before the last does."""
    home.mkdir(parents=True, exist_ok=True)
    (home / _RESTORING).touch()
    yield
    (home / _RESTORING).unlink()


def half_restored(home: Path) -> bool:
    """Say whether a restore was broken off at that moment."""
    return (home / _RESTORING).exists()


def set_up_embedded(folder: Path, agencies: Iterable[str]) -> None:
    """Write what the embedded trial needs: keys for the registry, a token for the notifier and for each agency."""
    files = SecretFiles(folder)
    for name in ("notifier", *(f"agency-{each}" for each in agencies)):
        files.write(name, {"HONGZHU_API_TOKEN": new_password()})
    _write_registry(files, {})


def set_up_production(folder: Path, agencies: Iterable[str]) -> None:
    """Write what docker-compose.yml mounts: to each container only its own file."""
    files = SecretFiles(folder)
    passwords = {name: new_password() for name in ("migrate", *_CORE)}
    postgres = files.write(
        "postgres",
        {
            "POSTGRES_PASSWORD": new_password(),
            **{f"HONGZHU_{name.upper()}_DATABASE_PASSWORD": each for name, each in passwords.items()},
        },
    )

    def database(owner: str, service: str) -> str:
        password = postgres[f"HONGZHU_{owner.upper()}_DATABASE_PASSWORD"]
        return f"postgresql+psycopg://hongzhu_{owner}:{password}@postgres/hongzhu_{service}"

    web = {"HONGZHU_REGISTRY_URL": "http://registry:8000"}
    operator = files.write("migrate", {_url(each): database("migrate", each) for each in _CORE} | _broker("migrate"))
    admin = operator["HONGZHU_BROKER_URL"].replace("amqp://", "http://").replace(f"/{VHOST}", ":15672")
    files.write("migrate", {"HONGZHU_BROKER_ADMIN_URL": admin} | web)
    for name in _CORE:
        files.write(name, {_url(name): database(name, name)} | _broker(name) | web)
    files.write("notifier", {"HONGZHU_API_TOKEN": new_password()})
    for name in agencies:
        files.write(f"agency-{name}", _broker(f"agency.{name}") | web | {"HONGZHU_API_TOKEN": new_password()})
    keys = _write_registry(files, {"HONGZHU_PUBLIC_URL": "http://127.0.0.1:8000"})
    files.change("migrate", {"HONGZHU_ACCOUNTS": keys["HONGZHU_ACCOUNTS"]})
    keep_keys(files, keys[_KEYS])
    # RabbitMQ's own user has to read it; the folder around it is ours alone.
    files.replace("rabbitmq-definitions.json", json.dumps(_definitions(files), indent=1), mode=0o644)


def rights(account: str) -> dict[str, str]:
    """Return what a broker account may do, as regular expressions for RabbitMQ: nobody more than its part needs."""
    if account == "migrate":
        return {"configure": ".*", "write": ".*", "read": ".*"}
    if account == "registry":
        # An administrator looks at what is parked, wherever it is, and gives it back to its queue.
        return {"configure": "^$", "write": r"^(hongzhu|amq\.default)$", "read": r"^(registry|.+\.parked)$"}
    queue = account.replace(".", r"\.")
    return {"configure": "^$", "write": "^$" if account.startswith("agency.") else "^hongzhu$", "read": f"^{queue}$"}


def password_hash(password: str) -> str:
    """Hash a password the way RabbitMQ's definitions want it: salted SHA-256."""
    salt = secrets.token_bytes(4)
    return base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()


def key_prints(keys: str) -> dict[str, str]:
    """Return by name what tells keys, written ``name:base64,…``, from others of the same name, and nothing else of them."""
    pairs = [each.partition(":") for each in keys.split(",")]
    return {
        name: hmac.digest(base64.b64decode(key), b"which key this is", "sha256").hex()[:16] for name, _, key in pairs
    }


def keep_keys(files: SecretFiles, keys: str) -> None:
    """Write the keys into the registry's file, and into the operator's, who backs up, only how to tell them."""
    files.change("registry", {_KEYS: keys})
    if files.read("migrate"):
        prints = ",".join(f"{name}:{each}" for name, each in key_prints(keys).items())
        files.change("migrate", {"HONGZHU_KEY_PRINTS": prints})


def hash_of(token: str) -> str:
    """Return what the registry keeps of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def _write_registry(files: SecretFiles, values: Mapping[str, str]) -> dict[str, str]:
    keys = ",".join(f"{name}:{new_key()}" for name in ("first", "index", "link"))
    files.write("registry", {**values, _KEYS: keys})
    files.change("registry", {"HONGZHU_ACCOUNTS": _accounts(files)})
    return files.read("registry")


def renew_token(folder: Path, account: str, token: str) -> None:
    """Write an account's new token into its own file, and its hash to those who let it in."""
    files = SecretFiles(folder)
    files.change(account, {"HONGZHU_API_TOKEN": token})
    for name in ("registry", "migrate"):
        if "HONGZHU_ACCOUNTS" in files.read(name):
            files.change(name, {"HONGZHU_ACCOUNTS": _accounts(files)})


def _accounts(files: SecretFiles) -> str:
    names = ("notifier", *(f"agency-{each}" for each in files.agencies()))
    return ",".join(f"{name}:{hash_of(files.read(name)['HONGZHU_API_TOKEN'])}" for name in names)


def _definitions(files: SecretFiles) -> dict[str, Any]:
    files_of = {"migrate": "migrate", **{name: name for name in _CORE}}
    files_of |= {f"agency.{name}": f"agency-{name}" for name in files.agencies()}
    passwords = {
        account: files.read(name)["HONGZHU_BROKER_URL"].split("://")[1].split("@")[0].split(":")[1]
        for account, name in files_of.items()
    }
    return {
        "vhosts": [{"name": VHOST}],
        "users": [
            {
                "name": account,
                "password_hash": password_hash(password),
                "hashing_algorithm": "rabbit_password_hashing_sha256",
                # The operator's own account gives new agencies theirs, through the management API.
                "tags": ["administrator"] if account == "migrate" else [],
            }
            for account, password in passwords.items()
        ],
        "permissions": [{"user": account, "vhost": VHOST, **rights(account)} for account in passwords],
    }


def _broker(account: str) -> dict[str, str]:
    return {"HONGZHU_BROKER_URL": f"amqp://{account}:{new_password()}@rabbitmq/{VHOST}"}


def _url(service: str) -> str:
    return f"HONGZHU_{service.upper()}_DATABASE_URL"
