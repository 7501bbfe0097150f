"""The path from plan to broker: a week's tasks of every child, planned by the real planner and sent by the real relay.

The limit is measured in the same run: the same rows inserted by one plain statement into a table with nothing but its
key, and then as many messages of the same size published by hand-made frames with pipelined confirms.
"""

import os
import secrets
import socket
import statistics
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import NamedTuple
from urllib.parse import urlsplit
from uuid import uuid4

from amqp import Message
from kombu import Connection
from sqlalchemy import func, insert, select, text, update

from hongzhu import bus, relay
from hongzhu.calendar import SchoolCalendar, Term
from hongzhu.clock import stand_on
from hongzhu.database import Database, engine
from hongzhu.i18n import Text
from hongzhu.messages import CalendarChanged, ProgrammeChanged, TaskDue
from hongzhu.programme import EverySchoolWeek, Programme
from hongzhu.settings import settings
from hongzhu_scheduler.consumers import calendar_changed, programme_changed
from hongzhu_scheduler.models import database, marker, occurrence, outbox, school, shard_of
from hongzhu_scheduler.planner import plan
from hongzhu_scheduler.service import tick

DAY = date(2020, 11, 23)
PER_SCHOOL = 500
CODE = "bench.weekly_talk"
AMQP = os.environ.get("HONGZHU_TEST_BROKER_URL", "amqp://guest:guest@127.0.0.1:5672//")
POSTGRES = os.environ.get("HONGZHU_TEST_POSTGRES_URL", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres")


class Result(NamedTuple):
    """One line of results.md."""

    path: str
    measured: str
    limit: str
    ratio: str
    target: str
    met: bool


@contextmanager
def own_postgres() -> Iterator[str]:
    """A database of this run's own, made as the distributed form makes its own, and dropped afterwards."""
    name = f"hongzhu_bench_{secrets.token_hex(4)}"
    admin = engine(POSTGRES).execution_options(isolation_level="AUTOCOMMIT")
    url = f"{POSTGRES.rpartition('/')[0]}/{name}"
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C.UTF-8'")
        try:
            yield url
        finally:
            engine(url).dispose()
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def own_vhost() -> Iterator[str]:
    """A vhost of this run's own on RabbitMQ, deleted afterwards."""
    parts = urlsplit(AMQP)
    name = f"hongzhu_bench_{secrets.token_hex(4)}"
    rabbitmqctl("add_vhost", name)
    try:
        rabbitmqctl("set_permissions", "-p", name, parts.username or "guest", ".*", ".*", ".*")
        yield f"{parts.scheme}://{parts.netloc}/{name}"
    finally:
        rabbitmqctl("delete_vhost", name)


def rabbitmqctl(*arguments: str) -> None:
    subprocess.run(["rabbitmqctl", "-q", *arguments], check=True, capture_output=True)


def configured(url: str, broker_url: str) -> Database:
    os.environ["HONGZHU_SCHEDULER_DATABASE_URL"] = url
    os.environ["HONGZHU_BROKER_URL"] = broker_url
    settings.cache_clear()
    database.migrate()
    return database


def seed(scheduler: Database, children: int) -> None:
    """Bring in schools and children, by SQL, with ids in time order (UUIDv7), for rosters come in school by school."""
    ids = [f"school-{number:05}" for number in range(-(-children // PER_SCHOOL))]
    entered = date(2020, 9, 1)
    with scheduler.transaction() as session:
        rows = [
            {"id": each, "school_id": each, "version": 1, "entered_on": entered, "present": True}
            | {"shard": shard_of(each), "held_since": entered}
            for each in ids
        ]
        session.execute(insert(school), rows)
        session.execute(
            text("""
                INSERT INTO child
                    (id, version, school_id, entered_on, present, stage, grade, boarding, shard, held_since)
                SELECT left(stamp, 8) || '-' || right(stamp, 4) || '-7' || substr(noise, 1, 3) || '-8'
                       || substr(noise, 4, 3) || '-' || substr(noise, 7, 12),
                       1, school.id, DATE '2020-09-01', true, 'primary', n % 6 + 1, n % 3 = 0, school.shard,
                       DATE '2020-09-01'
                FROM (SELECT n, lpad(to_hex(1600000000000 + n / 20), 12, '0') AS stamp, md5(n::text) AS noise
                      FROM generate_series(0, :children - 1) AS n) AS made
                JOIN school ON school.id = 'school-' || lpad((n / :per_school)::text, 5, '0')
            """),
            {"children": children, "per_school": PER_SCHOOL},
        )
        calendar = SchoolCalendar(terms=(Term(first=date(2020, 9, 1), last=date(2021, 1, 20)),))
        calendar_changed(session, CalendarChanged(version=1, calendar=calendar))
    settle(scheduler)


def approve(scheduler: Database, code: str) -> None:
    words = Text(zh="每周谈心", en="weekly talk")
    programme = Programme(
        code=code,
        name=words,
        purpose=words,
        subject="child",
        trigger=EverySchoolWeek(),
        assignee="class_teacher",
        resolved_by="talk",
    )
    with scheduler.transaction() as session:
        programme_changed(session, ProgrammeChanged(version=1, programme=programme, effective_from=date(2020, 9, 1)))
        # A Monday like any other: everything before it has been planned.
        session.execute(update(marker).values(planned_through=DAY - timedelta(days=1)))


def settle(scheduler: Database) -> None:
    """Let the database finish what earlier steps left it, so that no measurement pays for another."""
    with scheduler.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")
        connection.exec_driver_sql("CHECKPOINT")


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def limit_insert(scheduler: Database) -> float:
    """Seconds for the same rows, inserted by one plain statement into one table with nothing but its key."""
    with scheduler.engine.begin() as connection:
        connection.exec_driver_sql(
            'CREATE TABLE bare (programme text COLLATE "C", subject_id text COLLATE "C", period text COLLATE "C",'
            ' period_start date, school_id text COLLATE "C", run_id uuid, PRIMARY KEY (programme, subject_id, period))'
        )
    settle(scheduler)

    def fill() -> None:
        with scheduler.engine.begin() as connection:
            connection.exec_driver_sql(
                f"INSERT INTO bare SELECT '{CODE}', id, 'week:{DAY}', DATE '{DAY}', school_id,"
                f" UUID '{uuid4()}' FROM child"
            )

    seconds = timed(fill)
    with scheduler.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE bare")
    settle(scheduler)
    return seconds


def limit_publish(broker_url: str, count: int, payload: str) -> float:
    """Seconds for `count` messages of the same size, from ready-made frames, with pipelined confirms."""
    headers, properties = bus.envelope("bare", TaskDue.topic)
    body = bus.body(payload)
    message = Message(body, application_headers=headers, **properties)
    exchange, key = bus.EXCHANGE.name.encode(), f"{TaskDue.topic}.bench".encode()
    with Connection(broker_url) as connection:
        channel = connection.connection.channel()
        channel.confirm_select()
        number = channel.channel_id
        method = struct.pack(">HHH", 60, 40, 0) + bytes([len(exchange)]) + exchange + bytes([len(key)]) + key + b"\x01"
        header = struct.pack(">HHQ", 60, 0, len(body)) + message._serialize_properties()
        one = _frame(1, number, method) + _frame(2, number, header) + _frame(3, number, body)
        raw: socket.socket = connection.connection.sock
        raw.settimeout(60)

        def publish() -> None:
            confirmed = threading.Thread(target=_read_confirms, args=(raw, count))
            confirmed.start()
            for first in range(0, count, 100):
                raw.sendall(one * min(100, count - first))
            confirmed.join()

        return timed(publish)


def _frame(kind: int, channel: int, payload: bytes) -> bytes:
    return struct.pack(">BHI", kind, channel, len(payload)) + payload + b"\xce"


def _read_confirms(raw: socket.socket, count: int) -> None:
    # An AMQP 0-9-1 frame: type, channel, size; a method begins with its class and number, and basic.ack is 60, 80.
    buffer, acknowledged = b"", 0
    while acknowledged < count:
        buffer += raw.recv(1 << 16)
        while len(buffer) >= 7:
            kind, _channel, size = struct.unpack_from(">BHI", buffer)
            if len(buffer) < size + 8:
                break
            if kind == 1 and struct.unpack_from(">HH", buffer, 7) == (60, 80):
                tag, multiple = struct.unpack_from(">QB", buffer, 11)
                acknowledged = tag if multiple & 1 else acknowledged + 1
            buffer = buffer[size + 8 :]


def plan_and_relay(scheduler: Database, broker_url: str) -> tuple[float, float]:
    """Seconds until everything is planned, and until everything has been confirmed by the broker."""
    stop = threading.Event()
    sending = threading.Thread(target=relay.run, args=(scheduler, broker_url, stop))
    sending.start()
    start = time.perf_counter()
    plan(scheduler, DAY)
    planned = time.perf_counter() - start
    with scheduler.engine.connect() as connection:
        while connection.scalar(select(outbox.c.sequence).where(outbox.c.published_at.is_(None)).limit(1)):
            time.sleep(0.01)
    sent = time.perf_counter() - start
    stop.set()
    sending.join()
    return planned, sent


def idle_ms() -> float:
    """The median time of a tick that has nothing to do, in milliseconds."""
    return statistics.median(timed(tick) for _ in range(200)) * 1000


class Round(NamedTuple):
    """One round: the limit's two halves, and the product's time to plan and to have everything confirmed."""

    inserted: float
    published: float
    planned: float
    sent: float
    messages: int


def play_round(scheduler: Database, broker_url: str, children: int) -> Round:
    """Measure limit and product side by side, on tables as empty as before the round."""
    with scheduler.engine.begin() as connection:
        connection.exec_driver_sql("TRUNCATE occurrence, outbox, run")
        connection.execute(update(marker).values(planned_through=DAY - timedelta(days=1)))
    inserted = limit_insert(scheduler)
    planned, sent = plan_and_relay(scheduler, broker_url)
    with scheduler.engine.connect() as connection:
        tasks = connection.scalar(select(func.count()).select_from(occurrence))
        size = func.max(func.length(outbox.c.payload))
        messages, size = connection.execute(select(func.count(), size).where(~outbox.c.unroutable)).one()
    with Connection(broker_url) as broker:
        arrived = bus.queue("bench").bind(broker.channel()).queue_declare(passive=True).message_count
        bus.queue("bench").bind(broker.channel()).purge()
    assert (tasks, arrived) == (children, messages), (tasks, arrived, messages)
    published = limit_publish(broker_url, messages, "x" * (size - 2))
    with Connection(broker_url) as broker:
        bus.queue("bench").bind(broker.channel()).purge()
    return Round(inserted, published, planned, sent, messages)


def measure(children: int, rounds: int) -> list[Result]:
    """Measure everything about planning with so many children; of several rounds the best of each side counts."""
    stand_on(DAY)
    with own_vhost() as broker_url:
        with own_postgres() as url:
            small = configured(url, broker_url)
            seed(small, 1000)
            approve(small, CODE)
            plan(small, DAY)
            idle_small = idle_ms()
        with Connection(broker_url) as connection:
            bus.declare(connection, "bench", [f"{TaskDue.topic}.*"])
        with own_postgres() as url:
            tenth = configured(url, broker_url)
            seed(tenth, children // 10)
            approve(tenth, CODE)
            sent_tenth = min(play_round(tenth, broker_url, children // 10).sent for _round in range(rounds))
        with own_postgres() as url:
            scheduler = configured(url, broker_url)
            seed(scheduler, children)
            approve(scheduler, CODE)
            played = [play_round(scheduler, broker_url, children) for _round in range(rounds)]
            again = timed(lambda: plan(scheduler, DAY))
            idle_large = idle_ms()
            with scheduler.engine.connect() as connection:
                assert connection.scalar(select(func.count()).select_from(outbox)) == played[-1].messages
    inserted, published = min(each.inserted for each in played), min(each.published for each in played)
    sent, planned, messages = min((each.sent, each.planned, each.messages) for each in played)
    limit = inserted + published
    return [
        Result(
            f"plan + emit {children:,} tasks, PostgreSQL + RabbitMQ",
            f"{sent:.2f} s, {children / sent:,.0f} tasks/s (planned after {planned:.2f} s; {messages:,} messages)",
            f"{limit:.2f} s, {children / limit:,.0f} tasks/s (insert {inserted:.2f} s + publish {published:.2f} s)",
            f"{sent / limit:.2f}×",
            "≤ 2×",
            sent / limit <= 2,
        ),
        Result(
            f"ten times the children: plan + emit {children:,} against {children // 10:,}",
            f"{sent:.2f} s",
            f"{sent_tenth:.2f} s at {children // 10:,}",
            f"{sent / sent_tenth:.1f}×",
            "≤ 10×",
            sent <= 10 * sent_tenth,
        ),
        Result(
            f"idle tick, {children:,} children",
            f"{idle_large:.2f} ms",
            f"{idle_small:.2f} ms at 1,000",
            f"{idle_large / idle_small:.2f}×",
            "< 2 ms, flat",
            idle_large < 2 and idle_large < 1.5 * idle_small,
        ),
        Result(
            "second run of the day",
            f"{again * 1000:.1f} ms, nothing emitted",
            f"{sent:.2f} s for the first",
            f"{again / sent:.3%}",
            "< 1 %",
            again < 0.01 * sent,
        ),
    ]
