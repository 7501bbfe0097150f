"""The peers: what a user would otherwise pick, each set up as its own documentation says, at 10,000 due, in the same run.

Each runs in a process of its own (`python benchmarks/peers.py PEER`, told the servers by its environment) and says how many
tasks it sent in how many seconds; one that would take minutes is stopped after `PATIENCE` and counts at the rate it had.
Their packages are the dependency group `bench`; redbeat needs a redis-server (apt install redis-server), started here.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

MANY = 10_000
PATIENCE = 30.0
"""Seconds after which a peer's rate is clear enough."""
TARGETS = {"celery-beat": 500, "django-celery-beat": 1000, "redbeat": 50, "procrastinate-batch": 4}
"""How many times as fast as each the product has to be."""
LONG_AGO = datetime.now(UTC) - timedelta(weeks=2)


def main() -> None:
    peer = {
        "celery-beat": celery_beat,
        "django-celery-beat": django_celery_beat,
        "redbeat": redbeat,
        "procrastinate-batch": procrastinate_batch,
    }[sys.argv[1]]
    sent, seconds = peer()
    print(json.dumps({"sent": sent, "seconds": seconds}))


def celery_beat() -> tuple[int, float]:
    """One entry of `beat_schedule` for each child, kept by the default scheduler."""
    from celery.beat import PersistentScheduler

    app = _celery()
    every_week = {"task": "talk", "schedule": timedelta(weeks=1)}
    app.conf.beat_schedule = {f"child-{n}": {**every_week, "args": (n,)} for n in range(MANY)}
    with tempfile.TemporaryDirectory() as folder:
        scheduler = PersistentScheduler(app=app, schedule_filename=f"{folder}/schedule")
        for entry in scheduler.schedule.values():
            entry.last_run_at = LONG_AGO
        return _tick(scheduler)


def django_celery_beat() -> tuple[int, float]:
    """One `PeriodicTask` row for each child in PostgreSQL, and the `DatabaseScheduler`."""
    import django
    from django.conf import settings

    database = json.loads(os.environ["PEER_DATABASE"])
    settings.configure(
        INSTALLED_APPS=["django_celery_beat"],
        DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", **database}},
        USE_TZ=True,
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    )
    django.setup()
    from django.core.management import call_command
    from django_celery_beat.models import IntervalSchedule, PeriodicTask
    from django_celery_beat.schedulers import DatabaseScheduler

    call_command("migrate", verbosity=0)
    weekly = IntervalSchedule.objects.create(every=7, period=IntervalSchedule.DAYS)
    PeriodicTask.objects.bulk_create(
        PeriodicTask(name=f"child-{n}", task="talk", interval=weekly, args=json.dumps([n]), last_run_at=LONG_AGO)
        for n in range(MANY)
    )
    return _tick(DatabaseScheduler(app=_celery()))


def redbeat() -> tuple[int, float]:
    """One entry for each child in Redis, and the `RedBeatScheduler`."""
    from celery.schedules import schedule
    from redbeat import RedBeatSchedulerEntry
    from redbeat.schedulers import RedBeatScheduler

    app = _celery()
    app.conf.redbeat_redis_url = os.environ["PEER_REDIS"]
    app.conf.redbeat_lock_key = None  # one beat alone needs no lock
    for n in range(MANY):
        weekly = schedule(run_every=timedelta(weeks=1), app=app)
        entry = RedBeatSchedulerEntry(f"child-{n}", "talk", weekly, args=[n], app=app)
        entry.last_run_at = LONG_AGO
        entry.save()
    return _tick(RedBeatScheduler(app=app))


def procrastinate_batch() -> tuple[int, float]:
    """One job for each child, deferred in one batch into PostgreSQL."""
    from procrastinate import App, SyncPsycopgConnector

    app = App(connector=SyncPsycopgConnector(conninfo=os.environ["PEER_CONNINFO"]))
    with app.open():
        app.schema_manager.apply_schema()
        jobs = [{"child": n} for n in range(MANY)]
        start = time.perf_counter()
        app.configure_task("talk").batch_defer(*jobs)
        return MANY, time.perf_counter() - start


def _celery() -> Any:
    from celery import Celery

    return Celery("peer", broker=os.environ["PEER_BROKER"], set_as_current=True)


def _tick(scheduler: Any) -> tuple[int, float]:
    """Let a beat tick until it has sent everything that is due."""
    sent = 0
    send = scheduler.apply_async

    def counted(*args: Any, **kwargs: Any) -> Any:
        nonlocal sent
        sent += 1
        return send(*args, **kwargs)

    scheduler.apply_async = counted
    start = time.perf_counter()
    while sent < MANY and time.perf_counter() - start < PATIENCE:
        scheduler.tick()
    return sent, time.perf_counter() - start


# What follows runs in the process of the benchmark, beside the product.


def measure(rounds: int) -> list[Any]:
    """Plan and emit 10,000 with the product, then let each peer send as many."""
    from plan_and_emit import CODE, Result, approve, configured, own_postgres, own_vhost, play_round, seed, stand_on
    from plan_and_emit import DAY as TODAY

    from hongzhu import bus
    from hongzhu.messages import TaskDue

    stand_on(TODAY)
    with own_vhost() as broker_url, own_postgres() as url:
        scheduler = configured(url, broker_url)
        seed(scheduler, MANY)
        approve(scheduler, CODE)
        with bus.connect(broker_url) as connection:
            bus.declare(connection, "bench", [f"{TaskDue.topic}.*"])
        seconds = min(play_round(scheduler, broker_url, MANY).sent for _ in range(max(3, rounds)))
    ours = MANY / seconds
    results = []
    for peer, times in TARGETS.items():
        if (said := _ask(peer)) is None:
            continue
        theirs = said["sent"] / said["seconds"]
        all_of = "" if said["sent"] == MANY else f" (stopped at {said['sent']:,} after {said['seconds']:.0f} s)"
        results.append(
            Result(
                f"plan + emit {MANY:,} tasks against {peer}",
                f"{seconds:.3f} s, {ours:,.0f} tasks/s",
                f"{theirs:,.0f} tasks/s{all_of}",
                f"{ours / theirs:,.1f}×",
                f"≥ {times}×",
                ours >= times * theirs,
            )
        )
    return results


def _ask(peer: str) -> dict[str, float] | None:
    """Run one peer on servers of its own; nothing, and a word of it, where it is not installed."""
    from plan_and_emit import own_postgres, own_vhost
    from sqlalchemy import make_url

    with own_vhost() as broker_url, own_postgres() as url, _redis(needed=peer == "redbeat") as redis_url:
        place = make_url(url)
        database = {"NAME": place.database, "USER": place.username, "HOST": place.host, "PORT": place.port or 5432}
        told = {
            "PEER_BROKER": broker_url,
            "PEER_REDIS": redis_url,
            "PEER_DATABASE": json.dumps(database | {"PASSWORD": place.password or ""}),
            "PEER_CONNINFO": place.set(drivername="postgresql").render_as_string(hide_password=False),
        }
        python = os.environ.get("HONGZHU_BENCH_PYTHON", sys.executable)  # where the group `bench` is installed
        done = subprocess.run(
            [python, __file__, peer], env=os.environ | told, capture_output=True, text=True, check=False
        )
    if done.returncode:
        print(f"{peer}: {done.stderr.strip().splitlines()[-1]} (uv sync --group bench)", file=sys.stderr)
        return None
    answer: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return answer


@contextmanager
def _redis(*, needed: bool) -> Iterator[str]:
    """A Redis of this run's own, with the settings it comes with."""
    if not needed:
        yield ""
        return
    if shutil.which("redis-server") is None:
        raise SystemExit("redbeat needs a Redis: apt install redis-server")
    with tempfile.TemporaryDirectory() as folder:
        socket = Path(folder) / "socket"
        command = ["redis-server", "--port", "0", "--unixsocket", str(socket), "--dir", folder]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            _until(socket.exists)
            yield f"unix://{socket}"
        finally:
            server.terminate()
            server.wait()


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "a peer's server did not start"
        time.sleep(0.02)  # between two looks


if __name__ == "__main__":
    main()
