"""The cells of a workbook, read by a separate process that may not use more than its share of memory and time."""

import contextlib
import marshal
import os
import subprocess
import sys
import threading
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Self, cast

import python_calamine

from . import limits, sandboxed
from .reasons import UnreadableWorkbook

Cell = str | float | int | bool
Row = list[Cell]
Merge = tuple[int, int, int, int]


@dataclass(slots=True)
class Grid:
    """The cells of one sheet as they stand, blank ends cut off, with its merged areas (first row, column, last …)."""

    name: str
    hidden: bool
    merges: list[Merge]
    rows: list[Row]


@dataclass(slots=True)
class Packed:
    """The cells of one sheet as they came through the pipe, which takes little memory until it is their turn."""

    name: str
    hidden: bool
    merges: list[Merge]
    chunks: list[bytes] = field(default_factory=list)

    def grid(self, least: int | None = None) -> Grid:
        """Unpack all rows, or at least so many of the uppermost."""
        rows: list[Row] = []
        for chunk in self.chunks:
            if least is None or len(rows) < least:
                rows += marshal.loads(chunk)  # noqa: S302 - written by our own script, and marshal runs no code
        return Grid(self.name, self.hidden, self.merges, rows)


class Opened:
    """A workbook that a process of its own is reading from now on, whenever its sheets are asked for."""

    def __init__(self, data: bytes) -> None:
        # Cells go through pipes, never through a file: a file would leave children's data on a disk.
        self._process = subprocess.Popen(  # noqa: S603 - our own script and our own numbers
            _command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=_environment()
        )
        self._stopped = False
        self._feeding = threading.Thread(target=self._feed, args=(data,), daemon=True)
        self._feeding.start()

    def __enter__(self) -> Self:
        """Leave the process running until the end of the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the process."""
        self.close()

    def close(self) -> None:
        """End the process, whatever has been asked of it."""
        with self._process:  # which closes its pipes and waits for its end
            self._process.kill()
        self._feeding.join()

    def sheets(self) -> Iterator[Packed]:
        """Give the sheets one by one; raise UnreadableWorkbook when the process could not read them all."""
        clock = threading.Timer(limits.WALL_SECONDS, self._stop)
        clock.start()
        try:
            complete = yield from _collect(cast(IO[bytes], self._process.stdout))
        finally:
            clock.cancel()
        if not complete:
            raise UnreadableWorkbook(self._cut_off())

    def _stop(self) -> None:
        self._stopped = True
        self._process.kill()

    def _cut_off(self) -> str:
        """Say why the process did not come to its end: no part of what it had answered until then is taken for the whole."""
        ended = self._process.wait()
        if self._stopped:
            return "too_busy"
        # Else the system ended it. Being out of memory aborts; being out of processor time is a signal of its own.
        return "too_slow" if ended == -SIGXCPU else "too_large"

    def _feed(self, data: bytes) -> None:
        with contextlib.suppress(BrokenPipeError), cast(IO[bytes], self._process.stdin) as stdin:
            stdin.write(data)


SIGXCPU = 24
"""What Linux sends when processor time is over; Windows has no such signal to name."""


def _command() -> list[str]:
    return [
        *(sys.executable, "-I", "-S", str(Path(sandboxed.__file__))),
        str(Path(python_calamine.__file__).parent.parent),
        *map(str, (limits.MEMORY_BYTES, limits.PROCESSOR_SECONDS, limits.ANSWER_BYTES, limits.CELLS, limits.ROWS)),
        *map(str, (limits.COLUMNS, limits.SHEETS, limits.MERGES)),
    ]


def _environment() -> dict[str, str]:
    # Nothing is passed on, the environment may hold keys; Windows starts no process without SYSTEMROOT.
    return {k: v for k, v in os.environ.items() if k == "SYSTEMROOT"}


def _collect(answer: IO[bytes]) -> Generator[Packed, None, bool]:
    """Yield the sheets as they arrive and return whether the process came to its end."""
    sheet: Packed | None = None
    while len(size := answer.read(4)) == 4:
        data = answer.read(int.from_bytes(size, "big"))
        if len(data) < int.from_bytes(size, "big"):
            return False
        word, *rest = marshal.loads(data)  # noqa: S302 - written by our own script, and marshal runs no code
        if word == "error":
            raise UnreadableWorkbook(rest[0])
        if word == "rows" and sheet:
            sheet.chunks.append(rest[0])
            continue
        if sheet:
            yield sheet
        if word == "end":
            return True
        sheet = Packed(*rest)
    return False
