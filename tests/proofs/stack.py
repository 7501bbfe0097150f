"""The product's processes on either stack, started and ended by their ids, and a look at what they stored."""

import json
import os
import signal
import sqlite3
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from tests.proofs.forking import Forked
from tests.proofs.servers import Servers

from hongzhu.rehearsal.trial import Process, Trial
from hongzhu.waiting import wait_for

ROOT = Path(__file__).parents[2]
SERVICES = ("registry", "scheduler", "notifier")
AGENCIES = ("education_bureau", "legal_aid")
APPROVED = ("education_bureau.weekly_talk", "legal_aid.counsellor")
"""The programmes that run in these proofs: those for which `tests.journeys.county` knows what must come of them."""
VHOST = "hongzhu"

LISTENS_TO = {
    "registry": ("task.due.v1", "task.closed.v1", "notice.settled.v1"),
    "scheduler": (
        "child.changed.v1", "school.changed.v1", "office.changed.v1", "programme.changed.v1", "calendar.changed.v1",
        "evidence.filed.v1",
    ),
    "notifier": ("programme.changed.v1", "task.due.v1", "task.overdue.v1", "task.closed.v1"),
}  # fmt: skip
"""Which service must have handled what, written down once more: a queue that lost its binding must not go unnoticed."""

Rows = list[tuple[Any, ...]]


class Stack(Trial):
    """A trial that can be looked into past the product, and whose processes can be forked and armed."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.forking = False
        """Whether processes are forked from one that has imported the product, armed by `tests.proofs.crash_at`."""

    def spawn(self, arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> Process:
        """Start one process, forked where that was asked for."""
        if self.forking:
            return Forked(arguments, environment, log)
        return super().spawn(arguments, environment, log)

    def run_command(self, arguments: Sequence[str], environment: Mapping[str, str]) -> tuple[int, str]:
        """Run a command, forked where that was asked for."""
        if not self.forking:
            return super().run_command(arguments, environment)
        output = self.folder / "command.log"
        output.unlink(missing_ok=True)
        return Forked(arguments, environment, output).wait(120), output.read_text()

    def rows(self, service: str, sql: str) -> Rows:
        """Read from a service's database, past the product."""
        raise NotImplementedError

    def stand_on(self, day: date) -> None:
        """Make `day` the installation's day."""
        days = (day - datetime.now(UTC).astimezone(ZoneInfo("Asia/Shanghai")).date()).days
        (self.home / ".day").write_text(str(days))
        (self.home / ".day").replace(self.home / "clock-offset-days")

    def ledgers_agree(self) -> bool:
        """Ask `hongzhu doctor`."""
        try:
            self.command("doctor")
        except RuntimeError:
            return False
        return True

    def bureau(self) -> httpx.Client:
        """Open the bureau's account and sign in."""
        username, password = self.command("user", "add", "bureau").splitlines()[-1].split()
        answer = httpx.post(f"{self.web}/api/v1/token", data={"username": username, "password": password}, timeout=30)
        token = answer.raise_for_status().json()["access_token"]
        return httpx.Client(base_url=f"{self.web}/api/v1", headers={"Authorization": f"Bearer {token}"}, timeout=30)

    def approve_programmes(self, bureau: httpx.Client) -> None:
        """Approve the programmes of the proofs, once both agencies have declared theirs."""

        def declared() -> Sequence[str]:
            codes = {each["code"] for each in bureau.get("/programmes").raise_for_status().json()["items"]}
            return APPROVED if codes >= set(APPROVED) else ()

        for code in wait_for("the agencies to introduce themselves", declared, 60):
            bureau.post(f"/programmes/{code}/approve", json={}).raise_for_status()

    def waiting(self) -> dict[str, int]:
        """Count what is still on its way: messages not published or not handled by everyone who must."""
        left: dict[str, int] = {}
        outboxes: dict[str, set[str]] = {}
        for service in SERVICES:
            rows = self.rows(service, "SELECT message_id, topic, published_at IS NULL FROM outbox")
            left[f"outbox of {service}"] = sum(bool(row[2]) for row in rows)
            for message_id, topic, _ in rows:
                outboxes.setdefault(topic, set()).add(message_id)
        for service, topics in LISTENS_TO.items():
            handled = {row[0] for row in self.rows(service, "SELECT message_id FROM inbox")}
            said = set().union(*(outboxes.get(topic, set()) for topic in topics))
            left[f"inbox of {service}"] = len(said - handled)
        return {name: count for name, count in left.items() if count}


class Embedded(Stack):
    """Everything in one process, on SQLite."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.components = {"up": ("up",)}

    def rows(self, service: str, sql: str) -> Rows:
        """Read from a service's file."""
        with _closing(sqlite3.connect(f"file:{self.home / service}.sqlite3?mode=ro", uri=True, timeout=30)) as reading:
            return reading.execute(sql).fetchall()


class Distributed(Stack):
    """A process for each service and agency, on PostgreSQL and RabbitMQ, provisioned as `hongzhu setup` says."""

    def __init__(self, folder: Path, servers: Servers, agencies: Iterable[str] = AGENCIES) -> None:
        super().__init__(folder)
        self.components = {name: ("run", name) for name in SERVICES}
        self.components |= {f"plugin {name}": ("run", "plugin", name) for name in agencies}
        self.servers = servers
        self.secrets = folder / "secrets"
        self._readers: dict[str, Any] = {}
        self.provision()

    def environment(self, name: str) -> dict[str, str]:
        """Return what a component is told from outside: its own file of secrets and no other's."""
        file = self.secrets / f"{name.replace('plugin ', 'agency-')}.env"
        told = dict(line.split("=", 1) for line in file.read_text().splitlines()) if file.exists() else {}
        return super().environment(name) | {key: self._here(value) for key, value in told.items()}

    def provision(self) -> None:
        """Make secrets, databases and broker accounts anew, as for production, and migrate."""
        self.forget()
        self.command("setup", "--into", self.secrets)
        passwords = dict(line.split("=", 1) for line in (self.secrets / "postgres.env").read_text().splitlines())
        reach = {"PGHOST": "127.0.0.1", "PGPORT": str(self.servers.postgres.port), "POSTGRES_USER": "postgres"}
        subprocess.run(
            ["sh", ROOT / "docker/postgres.sh"], env=os.environ | passwords | reach, check=True, capture_output=True
        )
        definitions = json.loads((self.secrets / "rabbitmq-definitions.json").read_text())
        self.servers.rabbitmq.ask("POST", "/definitions", definitions)
        guest = {"configure": ".*", "write": ".*", "read": ".*"}
        self.servers.rabbitmq.ask("PUT", f"/permissions/{VHOST}/guest", guest)
        self.command("migrate")

    def forget(self) -> None:
        """Drop what an installation before this one left on the servers."""
        with suppress(httpx.HTTPStatusError):
            self.servers.rabbitmq.ask("DELETE", f"/vhosts/{VHOST}")
        for user in self.servers.rabbitmq.ask("GET", "/users"):
            if user["name"] != "guest":
                self.servers.rabbitmq.ask("DELETE", f"/users/{user['name']}")
        with self.servers.postgres.connect() as admin:
            for service in SERVICES:
                admin.execute(f"DROP DATABASE IF EXISTS hongzhu_{service} WITH (FORCE)")
            for role in (*SERVICES, "migrate"):
                admin.execute(f"DROP ROLE IF EXISTS hongzhu_{role}")

    def rows(self, service: str, sql: str) -> Rows:
        """Read from a service's database as its superuser."""
        reader = self._readers.get(service)
        if reader is None or reader.closed:
            reader = self._readers[service] = self.servers.postgres.connect(f"hongzhu_{service}")
        return list(reader.execute(sql).fetchall())

    def stop(self, number: int = signal.SIGTERM) -> dict[str, float]:
        """Stop the processes and stop looking on."""
        for reader in self._readers.values():
            reader.close()
        self._readers.clear()
        return super().stop(number)

    def _here(self, value: str) -> str:
        # `hongzhu setup` writes the names that the containers of docker-compose.yml have.
        return (
            value.replace("@postgres/", f"@127.0.0.1:{self.servers.postgres.port}/")
            .replace("@rabbitmq/", f"@127.0.0.1:{self.servers.rabbitmq.port}/")
            .replace("@rabbitmq:15672", f"@127.0.0.1:{self.servers.rabbitmq.admin_port}")
            .replace("http://registry:8000", self.web)
            .replace("http://127.0.0.1:8000", self.web)
        )


@contextmanager
def _closing(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    try:
        yield connection
    finally:
        connection.close()
