"""Poison: every kind of message that cannot be handled, among many that can; each is parked and seen, and nothing else is."""

import gzip
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, NamedTuple

from kombu import Connection, Producer

from hongzhu import bus, parked, worker
from hongzhu.clock import now
from hongzhu.errors import PoisonError
from hongzhu.messages import TaskDue
from hongzhu.parked import Parked
from hongzhu.testing.examples import MONDAY
from hongzhu.waiting import wait_for

AGENCY = "poisoned"
QUEUE = f"agency.{AGENCY}"


class Poison(NamedTuple):
    """A message as it stands on the wire."""

    body: bytes
    headers: dict[str, Any]
    properties: dict[str, Any]


class Outcome(NamedTuple):
    """What became of it all."""

    kinds: int
    sent: int
    done: int
    twice: int
    parked: list[Parked]
    unseen: list[str]
    replayed: int

    def __str__(self) -> str:
        return (
            f"kinds={self.kinds} sent={self.sent} done={self.done} dup={self.twice} parked={len(self.parked)} "
            f"unseen={len(self.unseen)} replayed={self.replayed}"
        )

    @property
    def clean(self) -> bool:
        """Whether every good message was handled once, and every poison parked and seen, and one replayed."""
        return (self.done, self.twice, len(self.parked), self.unseen, self.replayed) == (
            self.sent, 0, self.kinds, [], 1,
        )  # fmt: skip


def due(message_id: str) -> TaskDue:
    """Give a good message, addressed to the agency."""
    return TaskDue(
        id=message_id, programme=f"{AGENCY}.visit", version=1, period="week:2020-11-23", period_start=MONDAY,
        school_id="s1", subjects=("c1",), opens_on=MONDAY, due_on=MONDAY + timedelta(days=6),
    )  # fmt: skip


def poisons() -> dict[str, Poison]:
    """Brew every kind; each is a good message but for one thing."""

    def brew(name: str, change: Callable[[dict[str, Any]], Any] = lambda said: said, **changes: Any) -> Poison:
        headers, properties = bus.envelope(f"poison-{name}", "task.due.v1")
        said = change(json.loads(bus.payload_of(due(f"poison-{name}"))))
        body = changes.pop("body", bus.body(json.dumps(said)))
        for header, value in changes.pop("headers", {}).items():
            headers = {key: each for key, each in headers.items() if key != header} | (
                {} if value is None else {header: value}
            )
        return Poison(body, headers, properties | changes)

    def without(name: str) -> Callable[[dict[str, Any]], Any]:
        return lambda said: {key: value for key, value in said.items() if key != name}

    embed = b'],{},{"callbacks":null,"errbacks":null,"chain":null,"chord":null}]'
    good = bus.payload_of(due("poison-inner")).encode()
    return {
        "empty": brew("empty", body=b""),
        "no-json": brew("no-json", body=b"\xff\xfe{not json"),
        "half": brew("half", body=bus.body('{"id": "x"')[:20]),
        "no-task": brew("no-task", body=good),
        "two-arguments": brew("two-arguments", body=b"[[" + good + b"," + good + embed),
        "not-an-object": brew("not-an-object", body=b"[[7" + embed),
        "by-name": brew("by-name", body=b'[[],{"payload":{}},{}]'),
        "unknown-topic": brew("unknown-topic", headers={"task": "nothing.known.v1"}),
        "later-version": brew("later-version", headers={"task": "task.due.v2"}),
        "no-topic": brew("no-topic", headers={"task": None}),
        "pickled": brew("pickled", content_type="application/x-python-serialize", content_encoding="binary"),
        "said-to-be-zipped": brew("said-to-be-zipped", headers={"compression": "application/x-gzip"}),
        "zipped-unsaid": brew("zipped-unsaid", body=gzip.compress(good)),
        "a-field-missing": brew("a-field-missing", without("subjects")),
        "a-field-more": brew("a-field-more", lambda said: said | {"name": "金丝雀"}),
        "no-day": brew("no-day", lambda said: said | {"due_on": "2020-02-31"}),
        "fails": brew("fails"),
        "never-will": brew("never-will"),
        "too-late": brew("too-late", headers={"expires": (now() - timedelta(days=1)).isoformat()}),
        "far-away": brew("far-away", headers={"eta": (now() + timedelta(days=365)).isoformat()}),
    }


@contextmanager
def working(url: str, handle: Callable[[TaskDue], None]) -> Iterator[None]:
    """Let a worker read the agency's queue as its plugin's does."""
    worker.resume()
    thread = threading.Thread(target=worker.run, args=(worker.make_app(QUEUE, url, {TaskDue: handle}),), daemon=True)
    thread.start()
    try:
        yield
    finally:
        worker.stop()
        thread.join(20)
        worker.resume()


def poison(url: str, good: int, say: Callable[[str], None]) -> Outcome:
    """Send every kind of poison among `good` messages, look at what is parked, and let one go again once it is mended."""
    brewed = poisons()
    handled: Counter[str] = Counter()
    mended = threading.Event()

    def handle(message: TaskDue) -> None:
        if message.id == "poison-never-will":
            raise PoisonError
        if message.id == "poison-fails" and not mended.is_set():
            raise RuntimeError
        handled[message.id] += 1

    with bus.connect(url) as connection:
        bus.declare(connection, QUEUE, bus.binding_keys(["task.due.v1"], AGENCY))
        with connection.channel() as channel:
            producer = Producer(channel)
            every = max(good // len(brewed), 1)
            left = iter(brewed.values())
            for number in range(good):
                if number % every == 0 and (bad := next(left, None)):
                    _send(producer, bad)
                message = due(f"good-{number}")
                bus.publish(producer, message.id, message.topic, message.routing_key, bus.payload_of(message))
            for bad in left:
                _send(producer, bad)
        with working(url, handle):
            wait_for("the good ones to be done", lambda: handled.total() >= good, 180)
            wait_for("the poison to be parked", lambda: _count(connection) >= len(brewed), 60)
            seen = parked.look(connection, [QUEUE])
            for each in sorted(seen, key=lambda one: one.id):
                say(f"  {each.id} topic={each.topic} reason={each.reason}")
            mended.set()
            replayed = parked.replay(connection, QUEUE, [QUEUE], "poison-fails")
            wait_for("the mended one to be handled", lambda: handled["poison-fails"], 30)
    known = {each.id for each in seen}
    unseen = [name for name in brewed if f"poison-{name}" not in known]
    of_good = Counter({name: many for name, many in handled.items() if name.startswith("good-")})
    twice = sum(many - 1 for many in of_good.values())
    return Outcome(len(brewed), good, len(of_good), twice, seen, unseen, replayed)


def _send(producer: Producer, bad: Poison) -> None:
    producer.publish(bad.body, routing_key=QUEUE, headers=bad.headers, serializer=None, **bad.properties)


def _count(connection: Connection) -> int:
    return bus.look_at(connection, f"{QUEUE}.parked")[0]
