"""What is installed is what runs: finds services and agencies by entry point and keeps them going until told to stop."""

import fcntl
import gc
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import entry_points
from types import FrameType
from typing import Any, Protocol

from hongzhu import i18n, installation, worker
from hongzhu.errors import ConfigurationError, MissingError
from hongzhu.plugin_worker import PluginWorker
from hongzhu.settings import settings

log = logging.getLogger(__name__)


SWITCH = 0.0005
"""Seconds for which a thread that computes keeps one waiting whose answer has come from the database: Python's own 5 ms are
more than most statements take, and each of a transaction's would wait as long."""

Ledger = Mapping[tuple[str, str, str], int]
"""How many tasks there are by programme, period and state: what `hongzhu doctor` compares between services."""


class Component(Protocol):
    """A service or an agency's plugin worker."""

    @property
    def name(self) -> str:
        """What it is called on the command line and on the bus."""
        ...

    @property
    def web(self) -> Callable[[], Any] | None:
        """Makes its ASGI application, if it has one."""
        ...

    def queues(self) -> list[str]:
        """Name its queue, and those it keeps for others."""
        ...

    def migrate(self) -> None:
        """Make ready what it needs of the installation."""
        ...

    def count_tasks(self) -> Ledger | None:
        """Count the tasks it knows of, if it keeps any."""
        ...

    def count_unheard(self) -> int:
        """Count the messages it said that no queue was bound to."""
        ...

    def threads(self, stop: threading.Event) -> list[Callable[[], None]]:
        """Return what has to run side by side."""
        ...


def services() -> list[Component]:
    """Return every installed service."""
    return [found.load() for found in sorted(entry_points(group="hongzhu.services"), key=lambda each: each.name)]


def agencies() -> list[PluginWorker]:
    """Return every installed agency's plugin worker."""
    return [PluginWorker(found.name, found.load()) for found in sorted(entry_points(group="hongzhu.agencies"))]


def installed() -> list[Component]:
    """Return everything that is installed."""
    return [*services(), *agencies()]


def free_port(host: str, wanted: int) -> int | None:
    """Return the port if one can listen there, any free one when 0 is wanted, or nothing."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, wanted))
        except OSError:
            return None
        return int(probe.getsockname()[1])


@contextmanager
def alone(components: Sequence[Component]) -> Iterator[None]:
    """See that nobody has the port, and keep others from running the same trial; raises `ConfigurationError`."""
    host, port = settings().listen, settings().port
    if any(each.web for each in components) and free_port(host, port) is None:
        raise ConfigurationError(
            "{host}:{port} cannot be listened on, most likely because another program does: end that one, or set "
            "HONGZHU_PORT to another port.",
            host=host,
            port=port,
        )
    if installation.half_restored(settings().home):
        raise ConfigurationError(
            "A restore into {home} was broken off at its end: run “hongzhu restore” with --replace once more.",
            home=settings().home,
        )
    with locked():
        yield


@contextmanager
def locked() -> Iterator[None]:
    """Keep others from running the same trial; in production its servers see to that."""
    if not settings().embedded:
        yield
        return
    settings().home.mkdir(parents=True, exist_ok=True)
    lock = os.open(settings().home / "running.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ConfigurationError(
                "The trial in {home} is running already: end that one, or set HONGZHU_HOME to another folder.",
                home=settings().home,
            ) from None
        yield
    finally:
        os.close(lock)  # which lets go of it


def make_ready() -> list[Component]:
    """Bring the installation to where everything that is installed can run; return it all."""
    if settings().embedded:
        installation.set_up_embedded(settings().secrets, [agency.name for agency in agencies()])
        settings.cache_clear()  # the keys were written just now
    for service in services():
        service.migrate()
    return installed()


def ledgers() -> dict[str, Ledger]:
    """Return every service's own count of the tasks."""
    counted = {service.name: service.count_tasks() for service in services()}
    return {name: ledger for name, ledger in counted.items() if ledger is not None}


def queue_of(name: str) -> str:
    """Return the queue of an installed service or agency without loading it; raises `MissingError`."""
    if name in entry_points(group="hongzhu.agencies").names:
        return f"agency.{name}"
    if name in entry_points(group="hongzhu.services").names:
        return name
    raise MissingError("Nothing called “{name}” is installed here.", name=name)


def component(name: str) -> Component:
    """Return one installed service or agency by name; raises `MissingError`."""
    for each in installed():
        if each.name == name:
            return each
    raise MissingError("Nothing called “{name}” is installed here.", name=name)


GRACE = 4.0
"""Seconds in which everything lets go; what is in hand longer than that was not committed, and comes again."""


class Running:
    """Components at work in this process: threads side by side, the web server one of them."""

    def __init__(self, components: Sequence[Component]) -> None:
        self._stop = threading.Event()
        self._server = _web_server(components)
        runs = [(each.name, run) for each in components for run in each.threads(self._stop)]
        if self._server:
            runs.append(("web", self._server.run))
        self._threads = [
            threading.Thread(target=self._keep, args=(name, run), name=name, daemon=True) for name, run in runs
        ]
        self._told = False
        self.failed = False

    def _keep(self, name: str, run: Callable[[], None]) -> None:
        i18n.language.set(settings().language)  # each thread begins in the first language
        try:
            run()
        except (Exception, SystemExit):  # uvicorn exits when its port is taken
            # Half a process looks alive and is not: let all of it end, so that whoever keeps it starts it again.
            log.exception("%s broke down", name)
            self.failed = True
            # Once only: what breaks down late must not stop the workers of whoever runs in this process by then.
            if not self._stop.is_set():
                self.ask_to_stop()

    def start(self) -> None:
        """Start every thread."""
        worker.resume()
        for thread in self._threads:
            thread.start()

    def wait(self) -> None:
        """Return once the process is told to stop."""
        while not self._told and not self._stop.wait(worker.PATIENCE):
            pass

    def stop(self) -> list[str]:
        """Stop after what is in hand; return the names of the threads that have not let go within `GRACE`."""
        self.ask_to_stop()
        deadline = time.monotonic() + GRACE
        for thread in self._threads:
            thread.join(timeout=max(0.0, deadline - time.monotonic()))
        return [thread.name for thread in self._threads if thread.is_alive()]

    def ask_to_stop(self) -> None:
        """Let every thread end after what it has in hand."""
        self._stop.set()
        worker.stop()
        if self._server:
            self._server.should_exit = True

    def stop_on_signals(self) -> None:
        """Make SIGTERM and SIGINT stop this process in good order."""

        def handle(_signal: int, _frame: FrameType | None) -> None:
            # No more than this: an event has a lock, which what the signal interrupted may be holding.
            self._told = True

        signal.signal(signal.SIGTERM, handle)
        signal.signal(signal.SIGINT, handle)


def _web_server(components: Sequence[Component]) -> Any:
    makers = [each.web for each in components if each.web]
    if not makers:
        return None
    import uvicorn  # an agency's machine has no web server

    (make,) = makers  # one process has one port
    config = uvicorn.Config(
        make(),
        host=settings().listen,
        port=settings().port,
        log_level="warning",
        access_log=False,
        lifespan="on",
        proxy_headers=False,  # the application knows which proxies are trusted; by itself uvicorn trusts this machine
    )
    return uvicorn.Server(config)


def run(components: Sequence[Component]) -> None:
    """Run `components` in this process until it is told to stop."""
    sys.setswitchinterval(SWITCH)
    running = Running(components)
    # What is there now stays: no need to look through it again for garbage.
    gc.collect()
    gc.freeze()
    # Nor, each time that a page of rows has come, through rows that are all in use and stand in no cycles.
    gc.set_threshold(20_000)
    running.stop_on_signals()
    running.start()
    running.wait()
    if busy := running.stop():
        # Python would wait for some of what they began, for as long as it takes; nothing of it is committed.
        log.warning("ended while still at work: %s", ", ".join(busy))
        logging.shutdown()
        os._exit(1 if running.failed else 0)
    if running.failed:
        sys.exit(1)
