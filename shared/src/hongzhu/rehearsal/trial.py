"""A trial installation: the product's processes, started and ended by their ids, and people who sign in to it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import httpx

from hongzhu import runtime
from hongzhu.errors import ConfigurationError
from hongzhu.registry_client import RegistryClient
from hongzhu.settings import settings
from hongzhu.waiting import wait_for

OPERATED_AS: Mapping[str, str] = {"import": "registry", "user": "registry"}
"""Whose secrets a command needs, where those of the migrations are not enough: they hold no keys to what is sealed."""


class Process(Protocol):
    """A running process, with what is used of `subprocess.Popen`."""

    @property
    def returncode(self) -> Any:
        """How it ended; nothing while it runs."""
        ...

    def poll(self) -> int | None:
        """Return how it ended, if it has."""
        ...

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; raises `subprocess.TimeoutExpired`."""
        ...

    def send_signal(self, number: int) -> None:
        """Send it a signal."""
        ...

    def kill(self) -> None:
        """Kill it."""
        ...


PATIENCE = 180.0
"""Seconds in which the registry must have come up, also where others are at work on the machine."""


class Trial:
    """An installation with its processes; `components` are what `start` starts: the arguments of ``hongzhu`` for each."""

    components: Mapping[str, Sequence[str]]

    def __init__(self, folder: Path, port: int = 0) -> None:
        self.folder = folder
        self.home = folder / "home"
        self.home.mkdir(parents=True, exist_ok=True)
        self.web = f"http://127.0.0.1:{runtime.free_port('127.0.0.1', port)}"
        self.running: dict[str, Process] = {}
        self.told: dict[str, dict[str, str]] = {}
        """What single components have in their environment beside what all have."""
        self.common = {
            "HONGZHU_HOME": str(self.home),
            "HONGZHU_PORT": str(urlsplit(self.web).port),
            "HONGZHU_REGISTRY_URL": self.web,
            "HONGZHU_DIGEST_AT": "00:00",  # a trial does not wait for the morning
        }

    def environment(self, name: str) -> dict[str, str]:  # noqa: ARG002  # some give each its own
        """Return what a component, or a command operated as one, is told from outside."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith("HONGZHU_")}
        return kept | self.common | {"PYTHONUNBUFFERED": "1"}

    def configure_here(self) -> None:
        """Let this very process, too, be of the installation: as an operator's command is."""
        for name in [each for each in os.environ if each.startswith("HONGZHU_")]:
            del os.environ[name]
        os.environ.update(self.environment("migrate"))
        settings.cache_clear()

    def start(self, *names: str) -> None:
        """Start components, all unless named."""
        for name in names or self.components:
            environment = self.environment(name) | self.told.get(name, {})
            self.running[name] = self.spawn(self.components[name], environment, self.log(name))

    def spawn(self, arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> Process:
        """Start one process."""
        with log.open("ab") as output:
            return subprocess.Popen(  # noqa: S603  # our own program
                [sys.executable, "-m", "hongzhu", *arguments],
                env=environment, stdout=output, stderr=output, stdin=subprocess.DEVNULL,
            )  # fmt: skip

    def log(self, name: str) -> Path:
        """Return where a component's output goes."""
        return self.folder / f"{name.replace(' ', '-')}.log"

    def revive(self) -> list[str]:
        """Start again what was killed, and return its names; raises `RuntimeError` for what ended in any other way."""
        dead = [name for name, process in self.running.items() if process.poll() is not None]
        for name in dead:
            code = self.running[name].returncode
            if code != -signal.SIGKILL:
                tail = self.log(name).read_text(errors="replace")[-2000:]
                raise RuntimeError(f"{name} ended with {code}: {tail}")
        if dead:
            self.start(*dead)
        return dead

    def kill(self, name: str) -> None:
        """Kill one component, without a word, and see that it is gone."""
        self.running[name].kill()
        self.running[name].wait()

    def stop(self, number: int = signal.SIGTERM) -> dict[str, float]:
        """Ask every component to stop; return how many seconds each took."""
        began = time.monotonic()
        for process in self.running.values():
            if process.poll() is None:
                process.send_signal(number)
        took = {}
        for name, process in self.running.items():
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            took[name] = time.monotonic() - began
        self.running.clear()
        return took

    def command(self, *arguments: str | Path, check: bool = True) -> str:
        """Run one of the product's commands to its end and return what it printed; raises `RuntimeError` if it fails."""
        words = [str(each) for each in arguments]
        code, printed = self.run_command(words, self.environment(OPERATED_AS.get(words[0], "migrate")))
        if check and code:
            raise RuntimeError(f"hongzhu {words[0]} ended with {code}: {printed}")
        return printed

    def run_command(self, arguments: Sequence[str], environment: Mapping[str, str]) -> tuple[int, str]:
        """Run a command; return how it ended, and what it printed: only the errors too when it failed."""
        done = subprocess.run(  # noqa: S603  # our own program
            [sys.executable, "-m", "hongzhu", *arguments],
            env=environment, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout if done.returncode == 0 else done.stderr + done.stdout

    def wait_until_ready(self) -> None:
        """Return once the registry answers."""

        def answers() -> bool:
            self.revive()
            with suppress(httpx.TransportError):
                return httpx.get(f"{self.web}/readyz", timeout=5).status_code == 200
            return False

        wait_for("the registry", answers, PATIENCE)

    def sign_in(self, username: str, *options: str) -> RegistryClient:
        """Open an account and sign in with it; `options` are those of ``hongzhu user add``."""
        username, password = self.command("user", "add", username, *options).splitlines()[-1].split()
        answer = httpx.post(f"{self.web}/api/v1/token", data={"username": username, "password": password}, timeout=30)
        return RegistryClient(self.web, answer.raise_for_status().json()["access_token"])

    def agency(self, name: str) -> RegistryClient:
        """Come in as an agency does, with its own token; raises `ConfigurationError` when it has none here."""
        token = self.environment(f"plugin {name}").get("HONGZHU_API_TOKEN")
        file = self.home / "secrets" / f"agency-{name}.env"
        for line in file.read_text().splitlines() if token is None and file.exists() else ():
            if line.startswith("HONGZHU_API_TOKEN="):
                token = line.partition("=")[2]
        if token is None:
            raise ConfigurationError("{account} has no API token here.", account=name)
        return RegistryClient(self.web, token)


class EmbeddedTrial(Trial):
    """Everything in one process, on SQLite."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.components = {"up": ("up",)}


class ConfiguredTrial(Trial):
    """A process for each service and agency, on the databases and the broker that the environment names."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._given = {key: value for key, value in os.environ.items() if key.startswith("HONGZHU_")}
        names: dict[str, Sequence[str]] = {each.name: ("run", each.name) for each in runtime.services()}
        self.components = names | {f"plugin {each.name}": ("run", "plugin", each.name) for each in runtime.agencies()}

    def environment(self, name: str) -> dict[str, str]:
        """Return what the environment said, under what makes it a trial."""
        told = super().environment(name)
        secrets = self._given.get("HONGZHU_HOME")
        return self._given | told | ({"HONGZHU_HOME": secrets} if secrets else {})
