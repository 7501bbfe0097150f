"""A backlog: a hundred thousand messages wait for one stopped agency; the others hear what is theirs as soon as before."""

import multiprocessing
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from statistics import quantiles
from typing import NamedTuple

from hongzhu import bus, worker
from hongzhu.messages import TaskDue
from hongzhu.relay import ConfirmingPublisher, Waiting
from hongzhu.testing.examples import MONDAY
from hongzhu.waiting import wait_for
from hongzhu_registry.agencies.provision import declare_queue

_forks = multiprocessing.get_context("fork")


class Outcome(NamedTuple):
    """What became of it."""

    expected: int
    lost: int
    dup: int
    before: float
    """Seconds from being published to being handled that 99 of 100 messages of the other agencies took at most."""
    meanwhile: float

    def __str__(self) -> str:
        return (
            f"expected={self.expected} lost={self.lost} dup={self.dup} p99_before={self.before * 1000:.1f}ms "
            f"p99_meanwhile={self.meanwhile * 1000:.1f}ms ratio={self.meanwhile / self.before:.2f}"
        )

    @property
    def clean(self) -> bool:
        """Whether the agency that was stopped got all of it, once, and the others waited no more than twice as long."""
        return self.lost == self.dup == 0 and self.meanwhile <= 2 * self.before


def due(agency: str, message_id: str) -> Waiting:
    """Give a message as the relay sends it."""
    said = TaskDue(
        id=message_id, programme=f"{agency}.visit", version=1, period="week:2020-11-23", period_start=MONDAY,
        school_id="s1", subjects=("c1",), opens_on=MONDAY, due_on=MONDAY + timedelta(days=6),
    )  # fmt: skip
    return Waiting(0, said.id, said.topic, said.routing_key, bus.payload_of(said))


@contextmanager
def working(url: str, agencies: Sequence[str], folder: Path) -> Iterator[None]:
    """Let a worker of each agency note in a file of its own when it handled what."""
    processes = [_forks.Process(target=_work, args=(url, each, folder / each), daemon=True) for each in agencies]
    for each in processes:
        each.start()
    try:
        yield
    finally:
        for each in processes:
            each.kill()
            each.join()


def _work(url: str, agency: str, file: Path) -> None:
    noted = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def handle(message: TaskDue) -> None:
        os.write(noted, f"{message.id} {time.monotonic()}\n".encode())

    worker.resume()  # whoever it was forked from may have told its own workers to stop
    worker.run(worker.make_app(f"agency.{agency}", url, {TaskDue: handle}))


def handled(file: Path) -> list[tuple[str, float]]:
    """Read what an agency's worker noted."""
    lines = file.read_text().splitlines() if file.exists() else []
    return [(name, float(at)) for name, _, at in (line.partition(" ") for line in lines)]


def prove(
    url: str, folder: Path, say: Callable[[str], None], *, many: int, asked: int, agencies: Sequence[str]
) -> Outcome:
    """Measure the other agencies before, stop the first one and let `many` messages wait for it, measure again, and drain."""
    stopped, *others = agencies
    with bus.connect(url) as connection:
        for each in agencies:
            declare_queue(connection, each)
        sender = ConfirmingPublisher(url)

        def measured(what: str) -> float:
            told: dict[str, float] = {}
            for number in range(asked):
                each = others[number % len(others)]
                row = due(each, f"{what}-{number}")
                told[row.message_id] = time.monotonic()
                sender.send([row])
                time.sleep(0.01)  # a steady stream, far below what a worker can take

            def heard() -> dict[str, float]:
                return {name: at for each in others for name, at in handled(folder / each) if name in told}

            wait_for("the others to hear it all", lambda: len(heard()) == asked, 60)
            took = [at - told[name] for name, at in heard().items()]
            p99 = quantiles(took, n=100)[98]
            say(f"  {what}: p50={quantiles(took, n=100)[49] * 1000:.1f}ms p99={p99 * 1000:.1f}ms")
            return p99

        try:
            with working(url, others, folder):
                measured("warming")
                before = measured("before")
                began = time.monotonic()
                for first in range(0, many, 1000):
                    sender.send([due(stopped, f"waits-{n}") for n in range(first, min(first + 1000, many))])
                wait_for("all to wait", lambda: bus.look_at(connection, f"agency.{stopped}")[0] == many, 60)
                say(f"  {many} wait for {stopped}, said in {time.monotonic() - began:.0f} s")
                meanwhile = measured("meanwhile")
                began = time.monotonic()
                with working(url, [stopped], folder):
                    wait_for("it to be drained", lambda: bus.look_at(connection, f"agency.{stopped}")[0] == 0, 1500, 1)
                    wait_for("the last one", lambda: len(handled(folder / stopped)) >= many, 30, 0.5)
                say(f"  drained in {time.monotonic() - began:.0f} s")
        finally:
            sender.close()
    there = Counter(name for name, _ in handled(folder / stopped))
    return Outcome(many, many - len(there), there.total() - len(there), before, meanwhile)
