"""An agency on a machine of its own: a network namespace that reaches the broker and the registry and nothing else.

It has an environment of its own with its plugin alone, is deployed as the operator's page says, killed while tasks arrive,
upgraded and revoked.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httpx
from tests.journeys import county
from tests.proofs.servers import free_port
from tests.proofs.stack import ROOT, Distributed

from hongzhu.waiting import wait_for

UV = Path(sys.executable).with_name("uv")
AGENCY = "legal_aid"
PROGRAMME = "legal_aid.counsellor"

_ASK = """
import sys, httpx
from kombu import Connection
url, token, broker = sys.argv[1:]
try:
    registry = str(httpx.get(f"{url}/api/v1/tasks?limit=1", headers={"Authorization": f"Bearer {token}"}, timeout=5).status_code)
except httpx.HTTPError:
    registry = "away"
try:
    with Connection(broker, connect_timeout=5) as connection:
        connection.connect()
    print(registry, "open")
except Exception as error:
    print(registry, type(error).__name__)
"""


class Outcome(NamedTuple):
    """What became of it."""

    kills: int
    expected: int
    lost: int
    dup: int
    parked: int
    upgraded: bool
    revoked_after: float

    def __str__(self) -> str:
        return (
            f"kills={self.kills} expected={self.expected} lost={self.lost} dup={self.dup} parked={self.parked} "
            f"upgraded={self.upgraded} revoked_after={self.revoked_after:.2f}s"
        )

    @property
    def clean(self) -> bool:
        """Whether every task was answered once, the upgrade waited for its approval, and access ended within five seconds."""
        return self.lost == self.dup == self.parked == 0 and self.upgraded and self.revoked_after <= 5


def may_make_namespaces() -> str | None:
    """Say why no network namespace can be made here, if so."""
    if os.geteuid() != 0:
        return "network namespaces are root's to make"
    if not shutil.which("ip"):
        return "iproute2 is not installed"
    probe = f"hz-probe-{os.getpid()}"
    if subprocess.run(["ip", "netns", "add", probe], capture_output=True, check=False).returncode:
        return "no network namespace may be made here (CAP_NET_ADMIN, CAP_SYS_ADMIN)"
    subprocess.run(["ip", "netns", "del", probe], capture_output=True, check=False)
    return None


def build_wheel(source: Path, into: Path) -> None:
    """Build the wheel of a part of this tree."""
    _uv("build", "--wheel", "--out-dir", into, source)


def make_environment(folder: Path) -> Path:
    """Make a fresh environment into which the plugin alone is installed, built from this tree; return its Python."""
    python, wheels, locked = folder / "venv/bin/python", folder / "wheels", folder / "locked.txt"
    for source in ("shared", f"plugins/{AGENCY}"):
        build_wheel(ROOT / source, wheels)
    _uv("export", "--frozen", "--no-dev", "--no-emit-workspace", "--no-hashes", "--all-packages", "-o", locked)
    _uv("venv", "--python", sys.executable, folder / "venv")
    _uv("pip", "install", "--python", python, "--constraint", locked, *wheels.glob("*.whl"))
    return python


def _uv(*arguments: str | Path) -> None:
    environment = {name: each for name, each in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(
        [UV, *arguments, "--quiet"],
        cwd=ROOT, env=environment, check=False, capture_output=True, text=True, timeout=240,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"uv {arguments}: {done.stderr}")


def upgrade(python: Path, folder: Path) -> None:
    """Install the next release of the plugin, in which a school has twenty days to be given its counsellor."""
    source = folder / "next"
    shutil.copytree(ROOT / "plugins" / AGENCY, source, ignore=shutil.ignore_patterns("__pycache__"))
    for file, old, new in (
        (source / "pyproject.toml", 'version = "0.1.0"', 'version = "0.2.0"'),
        (source / f"src/hongzhu_{AGENCY}/__init__.py", "Standing(due_after=10)", "Standing(due_after=20)"),
    ):
        text = file.read_text()
        assert old in text, f"{file.name} is not as this proof knows it"
        file.write_text(text.replace(old, new))
    # Out of the workspace it has no sources to name.
    manifest = source / "pyproject.toml"
    manifest.write_text(manifest.read_text().replace("[tool.uv.sources]\nhongzhu = { workspace = true }\n", ""))
    build_wheel(source, folder / "next-wheels")
    _uv("pip", "install", "--python", python, "--no-deps", "--upgrade", *(folder / "next-wheels").glob("*.whl"))


class Machine:
    """The agency's machine: a network namespace with one neighbour, who passes on two ports and no other."""

    def __init__(self, python: Path, folder: Path) -> None:
        self.python, self.folder = python, folder
        self.name = f"hz{os.getpid()}"
        number = os.getpid() % 250
        self.here, self.there = f"10.213.{number}.1", f"10.213.{number}.2"
        self.process: subprocess.Popen[bytes] | None = None
        self.environment: dict[str, str] = {}
        self._listening: list[socket.socket] = []

    @contextmanager
    def connected(self) -> Iterator["Machine"]:
        """Set it up, and take it away."""
        outer, inner = f"{self.name}a", f"{self.name}b"
        self._ip("netns", "add", self.name)
        try:
            self._ip("link", "add", outer, "type", "veth", "peer", "name", inner, "netns", self.name)
            self._ip("addr", "add", f"{self.here}/30", "dev", outer)
            self._ip("link", "set", outer, "up")
            for words in (("addr", "add", f"{self.there}/30", "dev", inner), ("link", "set", inner, "up")):
                self._ip("-n", self.name, *words)
            yield self
        finally:
            self.kill()
            for each in self._listening:
                _close(each)
            self._ip("netns", "del", self.name)

    def deploy(self, printed: str) -> None:
        """Take the env file over, with the addresses at which this machine reaches registry and broker."""
        told = dict(line.split("=", 1) for line in printed.splitlines() if "=" in line)
        for name in ("HONGZHU_REGISTRY_URL", "HONGZHU_BROKER_URL"):
            port = urlsplit(told[name]).port or 0
            told[name] = told[name].replace(f"127.0.0.1:{port}", f"{self.here}:{self._pass_on(port)}")
        self.environment = {
            "PATH": "/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "HONGZHU_HOME": str(self.folder / "home"),
        } | told

    def start(self) -> None:
        """Run everything that is installed there: the plugin."""
        with (self.folder / "agency.log").open("ab") as log:
            self.process = subprocess.Popen(
                self._inside(self.python, "-m", "hongzhu", "up"),
                env=self.environment, cwd=self.folder, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def kill(self) -> None:
        """Kill it without a word."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()

    def ask(self) -> tuple[str, str]:
        """Try the agency's token and its broker account from there: an HTTP status, and ``open`` or what refused."""
        told = (self.environment[name] for name in ("HONGZHU_REGISTRY_URL", "HONGZHU_API_TOKEN", "HONGZHU_BROKER_URL"))
        done = subprocess.run(
            self._inside(self.python, "-c", _ASK, *told),
            env=self.environment, cwd=self.folder, capture_output=True, text=True, check=True, timeout=60,
        )  # fmt: skip
        registry, _, broker = done.stdout.strip().partition(" ")
        return registry, broker

    def reaches(self, port: int) -> bool:
        """Say whether a port of the core's machine can be reached from there, at any of its addresses."""
        probe = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 2)"
        words = [self._inside(self.python, "-c", probe, address, str(port)) for address in (self.here, "127.0.0.1")]
        return any(not subprocess.run(each, capture_output=True, check=False).returncode for each in words)

    def _inside(self, *words: str | Path) -> list[str | Path]:
        # `ip netns exec` becomes the program, so that what is killed is the program.
        return ["ip", "netns", "exec", self.name, *words]

    def _pass_on(self, port: int) -> int:
        listening = socket.create_server((self.here, free_port()))
        listening.settimeout(None)  # whatever a worker of this process has made the usual one
        self._listening.append(listening)
        threading.Thread(target=_serve, args=(listening, port), daemon=True).start()
        return int(listening.getsockname()[1])

    def _ip(self, *words: str) -> None:
        subprocess.run(["ip", *words], check=True, capture_output=True)


def _serve(listening: socket.socket, port: int) -> None:
    with suppress(OSError):  # it is closed when the machine is taken away
        while True:
            near, _ = listening.accept()
            try:
                far = socket.create_connection(("127.0.0.1", port), 5)
            except OSError:
                near.close()
                continue
            for each in (near, far):
                each.settimeout(None)
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=_copy, args=(one, other), daemon=True).start()


def _copy(one: socket.socket, other: socket.socket) -> None:
    with suppress(OSError):
        while said := one.recv(65536):
            other.sendall(said)
    for each in (one, other):
        _close(each)


def _close(each: socket.socket) -> None:
    with suppress(OSError):
        each.shutdown(socket.SHUT_RDWR)
    each.close()


def live(stack: Distributed, machine: Machine, kills: int, say: Callable[[str], None]) -> Outcome:
    """Deploy the agency, kill it while schools join, upgrade it half-way, suspend it for a while, revoke it at the end."""
    qingxi = county.invent(seed=8, schools=3, children=6)
    folder = qingxi.write(stack.folder / "county")
    qingxi.write_calendar(folder)
    stack.stand_on(county.FIRST_DAY)
    stack.forking = True
    stack.start("registry", "scheduler", "plugin education_bureau")
    stack.wait_until_ready()
    machine.deploy(stack.command("agency", "add", AGENCY))
    machine.start()
    database = stack.servers.postgres.port
    if machine.reaches(database) or machine.reaches(stack.servers.rabbitmq.admin_port):
        raise RuntimeError("the agency's machine reaches more than registry and broker")
    died, upgraded = 0, False
    with stack.bureau() as bureau:
        stack.approve_programmes(bureau)
        stack.command("import", folder)
        for number in range(1, kills + 1):
            part = county.newcomer(8, number)
            qingxi.join(part, county.FIRST_DAY)
            stack.command("import", part.write(stack.folder / f"part-{number}"))
            # Not always at the same moment of what it does with the new school.
            time.sleep(0.05 * (number % 7))
            machine.kill()
            died += 1
            if number == (kills + 1) // 2:
                upgraded = _upgrade(stack, machine, bureau, say)
            machine.start()
            say(f"  kill {number} of {kills}: {len(_paired(stack))} of {len(qingxi.schools)} schools have a counsellor")
        wanted = {school.code for school in qingxi.schools}
        with suppress(TimeoutError):
            wait_for("a counsellor for each school", lambda: wanted <= _paired(stack).keys(), 90, 0.2)
        _suspend(stack, machine, say)
    paired = _paired(stack)
    lost = wanted - paired.keys()
    dup = [code for code, many in paired.items() if many > 1]
    evidence = stack.rows(
        "registry", "SELECT subject_id, count(*) FROM evidence WHERE kind = 'law_counsellor' GROUP BY 1"
    )
    dup += [f"evidence {code}" for code, many in evidence if many > 1]
    parked = sum(AGENCY in line for line in stack.command("parked", "list").splitlines())
    after = _revoke(stack, machine, say)
    return Outcome(died, len(wanted), len(lost), len(dup), parked, upgraded, after)


def _paired(stack: Distributed) -> Mapping[str, int]:
    lasting = "SELECT school_id, count(*) FROM pairing WHERE kind = 'law_counsellor' AND ended_on IS NULL GROUP BY 1"
    return Counter(dict(stack.rows("registry", lasting)))


def _versions(stack: Distributed) -> dict[int, str]:
    return dict(stack.rows("registry", f"SELECT version, status FROM programme_version WHERE code = '{PROGRAMME}'"))


def _upgrade(stack: Distributed, machine: Machine, bureau: httpx.Client, say: Callable[[str], None]) -> bool:
    """Install the next release: its programme waits for approval while the one before runs on, and is approved then."""
    upgrade(machine.python, machine.folder)
    machine.start()
    wait_for("the new version to be declared", lambda: 2 in _versions(stack), 60)
    waits = _versions(stack) == {1: "approved", 2: "proposed"}
    bureau.post(f"/programmes/{PROGRAMME}/approve", json={}).raise_for_status()
    runs = _versions(stack) == {1: "superseded", 2: "approved"}
    say(f"  upgraded: the new version waited={waits}, runs once approved={runs}")
    machine.kill()
    return waits and runs


def _suspend(stack: Distributed, machine: Machine, say: Callable[[str], None]) -> None:
    """Suspend the agency and let it back in: refused within five seconds, and through again."""
    began = time.monotonic()
    stack.command("agency", "suspend", AGENCY)
    wait_for("the token to be refused", lambda: machine.ask()[0] == "401", 5)
    say(f"  suspended: refused after {time.monotonic() - began:.2f}s, the command included")
    stack.command("agency", "resume", AGENCY)
    wait_for("the token to be let in", lambda: machine.ask() == ("200", "open"), 5)


def _revoke(stack: Distributed, machine: Machine, say: Callable[[str], None]) -> float:
    """Revoke the agency; return after how many seconds neither token nor broker account let it in, and see its connection closed."""

    def listening() -> int:
        queues: list[dict[str, Any]] = stack.servers.rabbitmq.ask("GET", "/connections")
        return sum(each.get("user") == f"agency.{AGENCY}" for each in queues)

    stack.command("agency", "revoke", AGENCY)
    began = time.monotonic()

    wait_for("the agency to be refused", lambda: machine.ask() == ("401", "AccessRefused"), 30, 0.1)
    took = time.monotonic() - began
    # The broker closes it with the account; what it tells of connections is some seconds old.
    wait_for("its connection to be closed", lambda: not listening(), 60)
    say(f"  revoked: {machine.ask()} after {timedelta(seconds=took).total_seconds():.2f}s")
    return took
