"""A PostgreSQL and a RabbitMQ of our own, in a temporary folder: they may be killed without anybody else noticing.

Of the machine they need the installed programs and nothing else: ports, data, cookies and port mapper are their own.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import httpx
import psycopg

from hongzhu.waiting import wait_for

RABBITMQ = Path("/usr/lib/rabbitmq/bin")


class MissingServerError(RuntimeError):
    """A program that the servers need is not installed."""


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Postgres:
    """One cluster on a port of its own, trusting this machine."""

    folder: Path
    port: int = field(default_factory=free_port)

    @property
    def data(self) -> Path:
        """Where its data are."""
        return self.folder / "data"

    def create(self) -> None:
        """Make the cluster and start it."""
        _own(self.folder)
        self._run("initdb", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--username=postgres")
        self.start()

    def start(self) -> None:
        """Start it and wait until it answers."""
        # Processes are killed here and the machine is not: what they wrote is there, whether the disk has it or not.
        spared = "-c fsync=off -c full_page_writes=off"
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 {spared}"
        self._run("pg_ctl", "start", "-w", "-s", "-l", str(self.folder / "log"), "-o", options)

    def kill(self) -> None:
        """End its processes at once, in the middle of everything."""
        self._run("pg_ctl", "stop", "-s", "-m", "immediate")

    def connect(self, database: str = "postgres") -> psycopg.Connection[Any]:
        """Look into a database as its superuser."""
        return psycopg.connect(
            f"host=127.0.0.1 port={self.port} user=postgres dbname={database}", autocommit=True, connect_timeout=5
        )

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(_postgres_programs() / program), "-D", str(self.data), *arguments]
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            command = ["runuser", "-u", "postgres", "--", *command]
        done = subprocess.run(
            command, check=False, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        if done.returncode:
            raise RuntimeError(f"{program} failed: {done.stderr}")


@dataclass
class RabbitMQ:
    """One node with its management API, on ports of its own, with a port mapper of its own."""

    folder: Path
    port: int = field(default_factory=free_port)
    admin_port: int = field(default_factory=free_port)
    mapper_port: int = field(default_factory=free_port)

    @property
    def url(self) -> str:
        """Where its administrator signs in, without the virtual host."""
        return f"amqp://guest:guest@127.0.0.1:{self.port}"

    @property
    def admin_url(self) -> str:
        """Where its management API is."""
        return f"http://guest:guest@127.0.0.1:{self.admin_port}"

    def create(self) -> None:
        """Write its configuration and start it."""
        (self.folder / "enabled_plugins").write_text("[rabbitmq_management].\n")
        (self.folder / "rabbitmq.conf").write_text(
            f"management.tcp.port = {self.admin_port}\nmanagement.tcp.ip = 127.0.0.1\n"
            "management_agent.disable_metrics_collector = true\nlog.console = false\n"
        )
        self.start()

    def start(self) -> None:
        """Start it and wait until its management API answers."""
        (self.folder / "pid").unlink(missing_ok=True)
        with (self.folder / "log").open("ab") as log:
            self._node = subprocess.Popen(
                [RABBITMQ / "rabbitmq-server"], env=self._environment, stdout=log, stderr=log, start_new_session=True
            )
        wait_for("RabbitMQ", self._answers)

    def kill(self) -> None:
        """Kill the node."""
        pid = int((self.folder / "pid").read_text())
        os.kill(pid, signal.SIGKILL)
        self._node.wait(timeout=30)

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """Ask the management API."""
        answer = httpx.request(method, f"{self.admin_url}/api{path}", json=body, timeout=30).raise_for_status()
        return answer.json() if answer.content else None

    def depths(self, vhost: str) -> dict[str, int]:
        """Count the messages in each queue of a virtual host, those in somebody's hands included."""
        columns = ["list_queues", "-q", "--no-table-headers", "-p", vhost, "name", "messages"]
        done = subprocess.run(
            [RABBITMQ / "rabbitmqctl", *columns],
            env=self._environment, capture_output=True, text=True, check=True,
        )  # fmt: skip
        rows = (line.split("\t") for line in done.stdout.splitlines() if "\t" in line)
        return {name: int(messages) for name, messages in rows}

    def stop(self) -> None:
        """Kill the node and its port mapper for good."""
        with suppress(FileNotFoundError, ProcessLookupError, ValueError):
            self.kill()

        def mapper_gone() -> bool:
            # It refuses as long as it has not noticed that the node is gone.
            said = subprocess.run(["epmd", "-kill"], env=self._environment, capture_output=True, text=True, check=False)
            return "not allowed" not in said.stdout + said.stderr

        wait_for("the port mapper to end", mapper_gone, 10)

    def _answers(self) -> bool:
        try:
            overview = httpx.get(f"{self.admin_url}/api/overview", timeout=5)
            return overview.status_code == 200 and self._listens()
        except httpx.TransportError:
            return False

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    @property
    def _environment(self) -> Mapping[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("RABBITMQ_")}
        return kept | {
            "HOME": str(self.folder),
            "ERL_EPMD_PORT": str(self.mapper_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": f"hongzhu{self.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(self._distribution_port),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self.folder / "logs"),
            "RABBITMQ_PID_FILE": str(self.folder / "pid"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "enabled_plugins"),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq.conf"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 2:2",
        }

    def __post_init__(self) -> None:
        self._distribution_port = free_port()


@dataclass(frozen=True)
class Servers:
    """Both."""

    postgres: Postgres
    rabbitmq: RabbitMQ


@contextmanager
def servers() -> Iterator[Servers]:
    """Run both as long as the context lasts; raises `MissingServerError` where they are not installed."""
    _postgres_programs()
    if not (RABBITMQ / "rabbitmq-server").exists():
        raise MissingServerError("RabbitMQ is not installed (apt install rabbitmq-server)")
    folder = Path(mkdtemp(prefix="hongzhu-servers-"))
    folder.chmod(0o755)
    for name in ("postgres", "rabbitmq"):
        (folder / name).mkdir()
    made = Servers(Postgres(folder / "postgres"), RabbitMQ(folder / "rabbitmq"))
    try:
        made.postgres.create()
        made.rabbitmq.create()
        yield made
    finally:
        with suppress(RuntimeError):
            made.postgres.kill()
        made.rabbitmq.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _postgres_programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if not found:
        raise MissingServerError("PostgreSQL is not installed (apt install postgresql)")
    return found[-1].parent


def postgres_program(name: str) -> Path:
    """Return where a program of PostgreSQL's is installed; raises `MissingServerError`."""
    return _postgres_programs() / name


def _own(folder: Path) -> None:
    if os.geteuid() == 0:
        account = pwd.getpwnam("postgres")
        os.chown(folder, account.pw_uid, account.pw_gid)
