"""What the outbox holds arrives, on a real RabbitMQ, whatever is cut in the middle."""

import logging
import socket
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Event, Thread
from typing import Any

import pytest
from kombu import Connection
from own_service import declared, outbox
from sqlalchemy import func, insert, select

from hongzhu import bus, relay
from hongzhu import outbox as outboxes
from hongzhu.database import Database
from hongzhu.messages import ChildChanged
from hongzhu.service import Service
from hongzhu.testing.examples import child
from hongzhu.waiting import wait_for

TOPIC = ChildChanged.topic


def say(database: Database, *ids: str) -> None:
    with database.transaction() as session:
        outboxes.publish(session, outbox, [ChildChanged(id=each, children=(child(each),)) for each in ids])


def fill(database: Database, number: int) -> list[str]:
    ids = [f"m{n:06}" for n in range(number)]
    payload = bus.payload_of(ChildChanged(children=(child("c"),)))
    with database.transaction() as session:
        row = {"topic": TOPIC, "routing_key": TOPIC, "payload": payload, "written_at": relay.now()}
        session.execute(insert(outbox), [{**row, "message_id": each} for each in ids])
    return ids


def arrived(connection: Connection, name: str) -> list[Any]:
    with connection.channel() as channel:
        queue = bus.queue(name).bind(channel)
        return [message.headers["id"] for message in iter(lambda: queue.get(no_ack=True), None)]


def states(database: Database) -> Counter[tuple[bool, bool]]:
    """How many rows are (published, unroutable)."""
    with database.transaction() as session:
        rows = session.execute(select(outbox.c.published_at.is_not(None), outbox.c.unroutable))
        return Counter((bool(published), bool(unroutable)) for published, unroutable in rows)


def test_what_is_said_arrives_once_and_in_order_and_is_marked(database: Database, broker_url: str, queue: str) -> None:
    with declared(broker_url, queue, TOPIC) as connection:
        say(database, "a", "b", "c")
        sender = relay.publisher(broker_url)
        assert [relay.pass_on(database, sender), relay.pass_on(database, sender)] == [3, 0]
        sender.close()
        assert arrived(connection, queue) == ["a", "b", "c"]
    assert states(database) == {(True, False): 3}


@pytest.mark.rabbitmq
def test_what_nobody_is_bound_to_is_marked_and_shown(
    database: Database, rabbitmq_url: str, queue: str, caplog: pytest.LogCaptureFixture
) -> None:
    with declared(rabbitmq_url, queue, "school.changed.v1"):
        say(database, "a", "b")
        sender = relay.publisher(rabbitmq_url)
        assert relay.pass_on(database, sender) == 2
        assert relay.pass_on(database, sender) == 0
        sender.close()
    assert states(database) == {(True, True): 2}
    assert Service("registry", database, {}).count_unheard() == 2
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


@pytest.mark.rabbitmq
def test_of_a_window_what_is_routed_and_what_is_not_are_told_apart(
    on_postgres: Database, rabbitmq_url: str, queue: str
) -> None:
    with declared(rabbitmq_url, queue, TOPIC) as connection:
        say(on_postgres, *(str(n) for n in range(50)))
        with on_postgres.transaction() as session:
            lost = outbox.c.sequence % 3 == 0
            session.execute(outbox.update().where(lost).values(routing_key="nobody.listens"))
            expected = set(session.scalars(select(outbox.c.message_id).where(~lost)))
        sender = relay.publisher(rabbitmq_url)
        assert relay.pass_on(on_postgres, sender) == 50
        sender.close()
        assert set(arrived(connection, queue)) == expected
        with on_postgres.transaction() as session:
            assert set(session.scalars(select(outbox.c.message_id).where(~outbox.c.unroutable))) == expected


@pytest.mark.rabbitmq
def test_a_connection_that_is_cut_in_the_middle_loses_nothing(
    on_postgres: Database, rabbitmq_url: str, queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "WINDOW", 300)
    ids = fill(on_postgres, 2500)
    pauses = iter([0.0, 0.003, 0.006, 0.01, 0.02, 0.03])
    interrupted = 0
    with declared(rabbitmq_url, queue, TOPIC) as connection:
        while states(on_postgres)[True, False] < len(ids):
            sender = relay.ConfirmingPublisher(rabbitmq_url)
            cutter = None
            if (pause := next(pauses, None)) is not None:
                cutter = Thread(target=_cut_soon, args=(sender, pause))
                cutter.start()
            try:
                while relay.pass_on(on_postgres, sender):
                    pass
            except OSError:
                interrupted += 1
            if cutter:
                cutter.join()
            sender.close()
        came = Counter(arrived(connection, queue))
    assert interrupted >= 3
    assert set(came) == set(ids), f"lost={len(set(ids) - set(came))}"


def _cut_soon(sender: relay.ConfirmingPublisher, pause: float) -> None:
    time.sleep(pause)
    with suppress(OSError):
        sender._connection.transport.sock.shutdown(socket.SHUT_RDWR)


@pytest.mark.rabbitmq
def test_relays_at_work_side_by_side_send_everything_once(
    on_postgres: Database, rabbitmq_url: str, queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "WINDOW", 100)
    ids = fill(on_postgres, 1500)

    def pass_all_on(_: int) -> int:
        sender = relay.publisher(rabbitmq_url)
        try:
            sent = 0
            while passed := relay.pass_on(on_postgres, sender):
                sent += passed
            return sent
        finally:
            sender.close()

    with declared(rabbitmq_url, queue, TOPIC) as connection:
        with ThreadPoolExecutor(2) as pool:
            sent = list(pool.map(pass_all_on, range(2)))
        came = Counter(arrived(connection, queue))
    assert sum(sent) == len(ids)
    assert came == Counter(ids)


@pytest.mark.rabbitmq
def test_a_relay_outlives_a_broker_that_refuses_and_a_database_that_fails(
    on_postgres: Database, rabbitmq_url: str, queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "POLL", 0.05)
    faults = iter([ConnectionRefusedError(), OSError()])
    made = relay.publisher

    def fails_twice(url: str) -> relay.Publisher:
        for fault in faults:
            raise fault
        return made(url)

    monkeypatch.setattr(relay, "publisher", fails_twice)
    stop = Event()
    with declared(rabbitmq_url, queue, TOPIC) as connection:
        say(on_postgres, "a")
        thread = Thread(target=relay.run, args=(on_postgres, rabbitmq_url, stop))
        thread.start()
        wait_for("one row to be published", lambda: states(on_postgres)[True, False] == 1)
        say(on_postgres, "b")  # and the bell rings
        wait_for("two rows to be published", lambda: states(on_postgres)[True, False] == 2)
        stop.set()
        outboxes.written.ring()
        thread.join(10)
        assert not thread.is_alive()
        assert arrived(connection, queue) == ["a", "b"]


@pytest.mark.rabbitmq
def test_a_relay_without_an_exchange_does_not_pretend(on_postgres: Database, rabbitmq_url: str) -> None:
    with Connection(rabbitmq_url) as connection, connection.channel() as channel:
        bus.EXCHANGE.bind(channel).delete()
    with pytest.raises(Exception, match="NOT_FOUND"):
        relay.ConfirmingPublisher(rabbitmq_url)


def test_what_waits_and_what_was_written_is_told(database: Database) -> None:
    service = Service("registry", database, {})
    assert service.outbox_state() == (0, 0)
    say(database, "a", "b")
    assert service.outbox_state() == (2, 2)
    with database.transaction() as session:
        relay.mark(session, outbox, relay.Settled({1}, set()))
        assert session.scalar(select(func.count()).where(outbox.c.published_at.is_(None))) == 1
    assert service.outbox_state() == (2, 1)
