"""Processes of the product that begin at once: forked from one that has imported it and done nothing else.

They are processes like any others, with an environment and an output of their own; only the seconds in which Python reads the
product's files are spent once instead of a thousand times.  Each would read the program's main file anew as well, unless that was
begun by ``python -m`` with a package.
"""

import ctypes
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(
    [
        "hongzhu.cli",
        "hongzhu_registry.service",
        "hongzhu_registry.imports.commands",
        "hongzhu_scheduler.service",
        "hongzhu_notifier.service",
        "celery.concurrency.solo",
        "celery.worker.consumer",
        "kombu.transport.pyamqp",
        "psycopg",
        "sqlalchemy.dialects.postgresql.psycopg",
        "sqlalchemy.dialects.sqlite.pysqlite",
        "uvicorn.loops.asyncio",
        "uvicorn.protocols.http.h11_impl",
        "alembic.command",
    ]
)
_DIE_WITH_PARENT = 1  # prctl(2), PR_SET_PDEATHSIG


class Forked:
    """A running process, with what the tests use of `subprocess.Popen`."""

    def __init__(self, arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self._process = _forks.Process(target=_run, args=(list(arguments), dict(environment), str(log)))
        self._process.start()

    @property
    def returncode(self) -> int | None:
        """How it ended: negative for the signal that killed it, `None` while it runs."""
        return self._process.exitcode

    def poll(self) -> int | None:
        """Return how it ended, if it has."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; raises `subprocess.TimeoutExpired`."""
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired("hongzhu", timeout or 0)
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        """Send it a signal."""
        assert self._process.pid is not None
        os.kill(self._process.pid, number)

    def kill(self) -> None:
        """Kill it."""
        self._process.kill()


def _run(arguments: list[str], environment: dict[str, str], log: str) -> None:
    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    os.environ.clear()
    os.environ.update(environment)
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for number in (1, 2):
        os.dup2(output, number)
    os.close(output)

    from tests.proofs import crash_at

    from hongzhu import cli, i18n
    from hongzhu.settings import settings

    settings.cache_clear()
    i18n.language.set(settings().language)
    sys.argv = ["hongzhu", *arguments]
    crash_at.wrap_installed()
    cli.main(arguments)
