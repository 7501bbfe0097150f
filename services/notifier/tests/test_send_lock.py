"""The send lock: whatever runs at once and whoever dies, nobody gets two digests a day."""

import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select, text, update

from hongzhu import clock
from hongzhu.messages import TaskClosed
from hongzhu.testing.databases import Configure
from hongzhu_notifier import channels
from hongzhu_notifier.channels import Channel
from hongzhu_notifier.deliveries import LEASE
from hongzhu_notifier.digest import Digest, Recipient
from hongzhu_notifier.service import service
from hongzhu_notifier.tables import database, delivery, owed

from .conftest import (
    MONDAY,
    TALK,
    TUTORING,
    WireRegistry,
    closed,
    due,
    let_settle,
    log,
    programme,
    published,
    receive,
    states,
    tell,
)


class Recording(Channel):
    """An external channel that remembers whom it was asked to send to."""

    name = "recording"

    def __init__(self) -> None:
        self.sent: Counter[str] = Counter()

    def send(self, digest: Digest, recipient: Recipient) -> None:
        self.sent[recipient.recipient_id] += 1


@pytest.fixture
def recording(monkeypatch: pytest.MonkeyPatch) -> Iterator[Recording]:
    channel = Recording()
    monkeypatch.setattr(channels, "installed", lambda _names: [channel])
    return channel


@pytest.mark.postgres
def test_notifiers_at_work_at_once_tell_everyone_once_and_everything(
    installation: None, configure: Configure, postgres_url: str, registry: WireRegistry, recording: Recording
) -> None:
    configure(notifier_database_url=postgres_url)
    database.migrate()
    receive(programme(), programme(TUTORING))
    schools, teachers, children = 6, 4, 10
    for school in range(schools):
        pupils = [f"s{school}-c{number}" for number in range(teachers * children)]
        for number in range(teachers):
            registry.knows(f"s{school}-t{number}", *pupils[number::teachers])
        receive(*(due(*pupils, code=code, school=f"s{school}") for code in (TALK, TUTORING)))
    let_settle()
    notifiers = 4
    together = threading.Barrier(notifiers)
    errors: list[BaseException] = []

    def work() -> None:
        together.wait()
        try:
            service.ticks[0].run()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(notifiers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    expected = {f"s{school}-t{number}": 1 for school in range(schools) for number in range(teachers)}
    lost = sum(expected.values()) - sum((recording.sent & Counter(expected)).values())
    dup = sum((recording.sent - Counter(expected)).values())
    print(f"expected={len(expected)} lost={lost} dup={dup}")
    assert recording.sent == expected
    assert all(status == "sent" for _, _, status, _ in log())
    assert all(lines == {TALK: children, TUTORING: children} for *_, lines in log()), "nobody was told half"
    assert set(states().values()) == {"told"}
    assert Counter(notice["recipient_id"] for notice in published()) == expected


DIES_SENDING = """
import os
from hongzhu_notifier import channels
from hongzhu_notifier.service import service

class Dying(channels.Channel):
    name = "dying"

    def send(self, digest, recipient):
        os._exit(9)

channels.installed = lambda names: [Dying()]
service.ticks[0].run()
"""


@pytest.mark.usefixtures("notifier")
def test_a_process_that_dies_while_sending_leaves_maybe_sent(registry: WireRegistry, recording: Recording) -> None:
    registry.knows("t1", "c1")
    receive(programme(), due("c1"))
    let_settle()
    died = subprocess.run([sys.executable, "-c", DIES_SENDING], env=os.environ, timeout=60, check=False)
    assert died.returncode == 9
    assert log() == [("t1", "dying", "reserved", {TALK: 1})]
    tell()
    assert log() == [("t1", "dying", "reserved", {TALK: 1})], "it may still be at it"
    with database.transaction() as session:
        session.execute(update(delivery).values(reserved_at=clock.now() - LEASE - timedelta(seconds=1)))
    tell()
    tell()
    assert log() == [("t1", "dying", "maybe_sent", {TALK: 1})]
    assert [notice["outcome"] for notice in published()] == ["maybe_sent"]
    clock.stand_on(MONDAY + timedelta(days=1))
    tell()
    assert len(log()) == 1
    assert recording.sent == {}, "and nobody sent it again"


@pytest.mark.usefixtures("notifier")
def test_a_send_that_outlives_its_lease_stays_maybe_sent(registry: WireRegistry, recording: Recording) -> None:
    registry.knows("t1", "c1")
    receive(programme(), due("c1"))

    def slow(_digest: Digest, _recipient: Recipient) -> None:
        with database.transaction() as session:
            session.execute(update(delivery).values(reserved_at=clock.now() - LEASE - timedelta(seconds=1)))
        service.ticks[0].run()  # another notifier's

    recording.send = slow  # type: ignore[method-assign]
    tell()
    assert log() == [("t1", "recording", "maybe_sent", {TALK: 1})]
    assert len(published()) == 1


@pytest.mark.usefixtures("notifier")
def test_a_reservation_given_up_before_its_turn_is_not_sent(registry: WireRegistry, recording: Recording) -> None:
    registry.knows("t1", "c1")
    registry.knows("t2", "c2")
    receive(programme(), due("c1", "c2"))
    send = recording.send

    def hang(digest: Digest, recipient: Recipient) -> None:
        send(digest, recipient)
        with database.transaction() as session:
            session.execute(
                update(delivery)
                .where(delivery.c.recipient_id != recipient.recipient_id)
                .values(reserved_at=clock.now() - LEASE - timedelta(seconds=1))
            )
        service.ticks[0].run()

    recording.send = hang  # type: ignore[method-assign]
    tell()
    assert sum(recording.sent.values()) == 1
    assert sorted(status for _, _, status, _ in log()) == ["maybe_sent", "sent"]


@pytest.mark.usefixtures("notifier")
def test_a_channel_that_breaks_in_its_own_way_leaves_maybe_sent(registry: WireRegistry, recording: Recording) -> None:
    registry.knows("t1", "c1")
    receive(programme(), due("c1"))

    def broken(_digest: Digest, _recipient: Recipient) -> None:
        raise RuntimeError

    recording.send = broken  # type: ignore[method-assign]
    tell()
    assert log() == [("t1", "recording", "maybe_sent", {TALK: 1})]


@pytest.mark.postgres
@pytest.mark.parametrize(("meanwhile", "told"), [("nothing", 2), ("closed", 1)])
def test_a_digest_waits_for_who_holds_a_task_rather_than_leave_it_out(
    installation: None, configure: Configure, postgres_url: str, registry: WireRegistry, meanwhile: str, told: int
) -> None:
    configure(notifier_database_url=postgres_url)
    database.migrate()
    registry.knows("t1", "c1", "c2")
    receive(programme(), due("c1", "c2"))
    let_settle()
    ticking = threading.Thread(target=service.ticks[0].run)
    with database.transaction() as session:
        session.execute(select(owed).where(owed.c.subject_id == "c2").with_for_update())
        if meanwhile == "closed":
            service.consumers[TaskClosed](session, closed("c2"))
        ticking.start()
        ends = time.monotonic() + 20
        with database.engine.connect() as watcher:
            while not watcher.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")):
                assert time.monotonic() < ends, "the tick never waited"
                assert ticking.is_alive(), "the tick did not wait"
                threading.Event().wait(0.02)
                watcher.rollback()
    ticking.join()
    assert log() == [("t1", "inbox", "sent", {TALK: told})]
