"""A worker handles what it can, tries again what may pass, and parks what it cannot, on both brokers."""

import json
import logging
import sys
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event, current_thread
from typing import Any

import pytest
from celery.worker import state
from click.testing import CliRunner
from kombu import Connection, Producer
from own_service import declared, working

from hongzhu import bus, operating, relay, worker
from hongzhu.errors import PoisonError
from hongzhu.messages import ChildChanged, Message, SchoolChanged
from hongzhu.testing.databases import Configure
from hongzhu.testing.examples import child
from hongzhu.waiting import wait_for

KEYS = ("child.changed.v1", "school.changed.v1", "unknown.topic.v1")
CANARY = "金丝雀"


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "RETRY_PAUSE", 0.01)


def changed(message_id: str) -> ChildChanged:
    return ChildChanged(id=message_id, children=(child(message_id),))


def say(connection: Connection, *messages: Message) -> None:
    with connection.channel() as channel:
        for each in messages:
            bus.publish(Producer(channel), each.id, each.topic, each.routing_key, bus.payload_of(each))


def say_raw(connection: Connection, name: str, body: bytes, **changes: Any) -> None:
    """Put any body on the queue, under the headers of a child that changed unless told otherwise."""
    headers, properties = bus.envelope("poison", "child.changed.v1")
    with connection.channel() as channel:
        Producer(channel).publish(
            body, routing_key=name, headers=changes.pop("headers", headers), serializer=None, **(properties | changes)
        )


def parked(connection: Connection, name: str) -> list[Any]:
    return bus.parked_messages(connection, name)


def waiting(connection: Connection, name: str) -> int:
    return bus.look_at(connection, name)[0]


def test_each_topic_goes_to_its_handler(broker_url: str, queue: str) -> None:
    seen: list[Message] = []
    handlers: dict[type[Message], Callable[[Any], None]] = {ChildChanged: seen.append, SchoolChanged: seen.append}
    messages = [changed("a"), SchoolChanged(schools=()), changed("b")]
    with declared(broker_url, queue, *KEYS) as connection, working(broker_url, queue, handlers):
        say(connection, *messages)
        wait_for("three messages", lambda: len(seen) == 3)
        assert (parked(connection, queue), waiting(connection, queue)) == ([], 0)
    assert seen == messages


def test_what_a_relay_puts_on_the_memory_broker_wakes_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    url, seen, naps = "memory://localhost/", Counter[str](), list[float | None]()

    class Bell(Event):
        def wait(self, timeout: float | None = None) -> bool:
            naps.append(timeout)
            return super().wait(3600)  # it would look by itself in an hour

    monkeypatch.setattr("hongzhu.bells.Event", Bell)
    sender = relay.MemoryPublisher(url)
    with declared(url, "bells", *KEYS), working(url, "bells", {ChildChanged: lambda each: seen.update([each.id])}):
        for number, each in enumerate((changed("a"), changed("b"))):
            wait_for("the worker to pause", lambda asleep=number: len(naps) > asleep)  # type: ignore[misc]  # bound where it is written
            row = relay.Waiting(number, each.id, each.topic, each.routing_key, bus.payload_of(each))
            assert sender.send([row]).routed == {number}
            wait_for("the message to come again", lambda told=each.id: seen[told])  # type: ignore[misc]  # likewise
        worker.stop()
        bus.arrived.ring()
    sender.close()


def test_a_passing_fault_is_tried_again(broker_url: str, queue: str) -> None:
    tries: Counter[str] = Counter()

    def handle(message: ChildChanged) -> None:
        tries[message.id] += 1
        if tries[message.id] <= bus.DELIVERY_LIMIT:
            raise ConnectionError

    with declared(broker_url, queue, *KEYS) as connection, working(broker_url, queue, {ChildChanged: handle}):
        say(connection, changed("a"), changed("b"))
        wait_for(
            "both messages to be given up", lambda: tries == {"a": bus.DELIVERY_LIMIT + 1, "b": bus.DELIVERY_LIMIT + 1}
        )
        time.sleep(0.2)
        assert (parked(connection, queue), waiting(connection, queue)) == ([], 0)
    assert set(tries.values()) == {bus.DELIVERY_LIMIT + 1}


def test_what_fails_every_time_is_parked_and_does_not_hold_up_the_others(
    broker_url: str, queue: str, caplog: pytest.LogCaptureFixture
) -> None:
    tries: Counter[str] = Counter()

    def handle(message: ChildChanged) -> None:
        tries[message.id] += 1
        if message.id == "bad":
            raise ValueError(CANARY)

    with declared(broker_url, queue, *KEYS) as connection, working(broker_url, queue, {ChildChanged: handle}):
        say(connection, changed("bad"), changed("good"))
        wait_for("a parked message", lambda: parked(connection, queue))
        wait_for("the good message", lambda: tries["good"])
        [message] = parked(connection, queue)
        assert message.headers["id"] == "bad"
        assert json.loads(message.body)[0] == [json.loads(bus.payload_of(changed("bad")))] or broker_url
    assert tries == {"bad": bus.DELIVERY_LIMIT + 1, "good": 1}
    assert CANARY not in caplog.text
    assert "ValueError" in caplog.text


def test_a_message_that_can_never_be_handled_is_parked_at_once(broker_url: str, queue: str) -> None:
    tries: Counter[str] = Counter()

    def handle(message: ChildChanged) -> None:
        tries[message.id] += 1
        raise PoisonError

    with declared(broker_url, queue, *KEYS) as connection, working(broker_url, queue, {ChildChanged: handle}):
        say(connection, changed("a"))
        wait_for("a parked message", lambda: parked(connection, queue))
    assert tries == {"a": 1}


ENVELOPE, _PROPERTIES = bus.envelope("poison", "child.changed.v1")
POISON: dict[str, tuple[bytes, dict[str, Any]]] = {
    "no JSON": (CANARY.encode(), {}),
    "half JSON": (b'[[{"id": "', {}),
    "not even text": (b"\xff\xfe\x00", {}),
    "nothing": (b"", {}),
    "a number": (b"5", {}),
    "null": (b"null", {}),
    "an empty list": (b"[]", {}),
    "an object": (b"{}", {}),
    "an object with args": (b'{"args": 1}', {}),
    "a list with args": (b'["args", {}, {}]', {}),
    "no argument": (b"[[], {}, {}]", {}),
    "two arguments": (b"[[{}, {}], {}, {}]", {}),
    "an argument that is no object": (b"[[1], {}, {}]", {}),
    "an argument by name": (b'[[{}], {"payload": {}}, {}]', {}),
    "a payload of no shape": (f'[[{{"children": "{CANARY}"}}], {{}}, {{}}]'.encode(), {}),
    "a newer field": (bus.body('{"children": [], "surprise": "' + CANARY + '"}'), {}),
    "an unknown topic": (bus.body(f'"{CANARY}"'), {"headers": ENVELOPE | {"task": "unknown.topic.v1"}}),
    "a newer version": (bus.body("{}"), {"headers": ENVELOPE | {"task": "child.changed.v2"}}),
    "a topic that is no text": (bus.body("{}"), {"headers": ENVELOPE | {"task": ["child.changed.v1"]}}),
    "no topic": (bus.body("{}"), {"headers": {"id": "poison"}}),
    "no headers": (bus.body("{}"), {"headers": {}}),
    "no id": (bus.body("{}"), {"headers": {"task": "child.changed.v1"}}),
    "a day that is none": (bus.body('{"children": []}'), {"headers": ENVELOPE | {"expires": "never"}}),
    "another kind of content": (b"cos\nsystem\n", {"content_type": "application/x-python-serialize"}),
    "a content nobody knows": (b"x", {"content_type": "application/x-nonsense"}),
}


def test_no_poison_is_lost_or_printed_or_stops_the_worker(
    broker_url: str, queue: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="hongzhu")
    seen: list[str] = []
    handlers: dict[type[Message], Callable[[Any], None]] = {ChildChanged: lambda message: seen.append(message.id)}
    with declared(broker_url, queue, *KEYS) as connection, working(broker_url, queue, handlers):
        for body, changes in POISON.values():
            say_raw(connection, queue, body, **changes)
        say(connection, changed("after"))
        wait_for("the message after it", lambda: seen == ["after"])
        wait_for("all poison to be parked", lambda: len(parked(connection, queue)) == len(POISON))
        assert waiting(connection, queue) == 0
        bodies = Counter(
            bytes(each.body) if isinstance(each.body, bytes) else each.body.encode()
            for each in parked(connection, queue)
        )
    assert sum(bodies.values()) == len(POISON)
    assert CANARY not in caplog.text
    assert seen == ["after"]


def test_what_is_parked_can_be_looked_at_and_let_go_again(
    broker_url: str, queue: str, configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(broker_url=broker_url, language="en")
    monkeypatch.setattr(operating, "_queues", lambda: ["test.not-there", queue])
    fixed: list[str] = []
    seen: list[str] = []

    def handle(message: ChildChanged) -> None:
        if not fixed:
            raise PoisonError
        seen.append(message.id)

    run = CliRunner()
    with declared(broker_url, queue, *KEYS) as connection, working(broker_url, queue, {ChildChanged: handle}):
        say(connection, changed("a"), changed("b"), changed("c"))
        wait_for("three parked messages", lambda: len(parked(connection, queue)) == 3)
        for _ in range(2):  # looking changes nothing
            listed = run.invoke(operating.parked, ["list"], catch_exceptions=False)
            reason = "-" if broker_url.startswith("memory") else "rejected"  # only RabbitMQ says why
            lines = [f"{queue}\tchild.changed.v1\t{each}\t{reason}" for each in "abc"]
            assert sorted(listed.output.splitlines()) == lines
        # Let go too early, all are parked again, and the replay ends all the same.
        assert run.invoke(operating.parked, ["replay", queue]).exit_code == 0
        wait_for("three parked messages", lambda: len(parked(connection, queue)) == 3)
        fixed.append("now")
        assert run.invoke(operating.parked, ["replay", queue, "b"]).exit_code == 0
        wait_for("message b", lambda: seen == ["b"])
        assert sorted(each.headers["id"] for each in parked(connection, queue)) == ["a", "c"]
        assert run.invoke(operating.parked, ["replay", queue]).exit_code == 0
        wait_for("all three messages", lambda: sorted(seen) == ["a", "b", "c"])
        assert parked(connection, queue) == []


def test_workers_of_one_process_do_not_mix_their_tasks(broker_url: str, queue: str) -> None:
    seen: dict[str, list[tuple[str, str]]] = {"one": [], "other": []}

    def handler(name: str) -> Callable[[Any], None]:
        # Each message is handled in its own worker's thread.
        return lambda message: seen[name].append((message.id, current_thread().name.rpartition(".")[2]))

    one, other = f"{queue}.one", f"{queue}.other"
    ids = [f"m{n}" for n in range(20)]
    with (
        declared(broker_url, one, "child.changed.v1") as connection,
        declared(broker_url, other, "school.changed.v1"),
        working(broker_url, one, {ChildChanged: handler("one")}),
        working(broker_url, other, {SchoolChanged: handler("other")}),
    ):
        say(connection, *(changed(each) for each in ids), SchoolChanged(id="s", schools=()))
        wait_for("both workers' messages", lambda: len(seen["one"]) == 20 and seen["other"])
    assert seen == {"one": [(each, "one") for each in ids], "other": [("s", "other")]}


def test_many_workers_of_one_process_finish_the_same_messages_at_the_same_time() -> None:
    class Finished:
        """What Celery knows of a message that was handled."""

        def __init__(self, number: int) -> None:
            self.id = f"m{number}"

    def finish(_thread: int) -> None:
        for number in range(4000):
            state.task_ready(Finished(number % 300), successful=True)

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(finish, range(8)))  # raises what any of them raised
    finally:
        sys.setswitchinterval(before)


def test_a_worker_that_breaks_down_says_so_and_leaves_no_queue_unread_for_good(
    queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(worker.QuietConsumer, "loop", staticmethod(broken))
    with declared("memory://", queue), pytest.raises(RuntimeError, match=queue):
        worker.run(worker.make_app(queue, "memory://", {}))
