"""What is urgent is told at once, each by itself and once: over crashes, with two notifiers, and never by the day's digest."""

import os
import subprocess
import sys
import threading
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from hongzhu import clock, i18n
from hongzhu.testing.databases import Configure
from hongzhu_notifier import channels
from hongzhu_notifier.channels import Channel, SendFailedError
from hongzhu_notifier.deliveries import LEASE
from hongzhu_notifier.digest import Digest, Recipient
from hongzhu_notifier.service import service
from hongzhu_notifier.tables import database, delivery, owed
from hongzhu_notifier.waiting import RETRY

from .conftest import (
    MONDAY,
    TALK,
    TUTORING,
    WireRegistry,
    closed,
    due,
    lines,
    log,
    overdue,
    programme,
    published,
    receive,
    tell,
)


class Recording(Channel):
    """An external channel that remembers what it was asked to send, and fails as often as it is told to."""

    name = "recording"

    def __init__(self) -> None:
        self.sent: Counter[tuple[str, str]] = Counter()
        self.fails = 0

    def send(self, digest: Digest, recipient: Recipient) -> None:
        if self.fails:
            self.fails -= 1
            raise SendFailedError
        self.sent[recipient.recipient_id, digest.cause] += 1
        assert digest.title().startswith("Urgent: ") == digest.urgent
        assert i18n.language.get() == "en"


@pytest.fixture
def recording(monkeypatch: pytest.MonkeyPatch) -> Recording:
    channel = Recording()
    monkeypatch.setattr(channels, "installed", lambda _names: [channel])
    return channel


def age() -> None:
    """Let it be a while ago that something was tried in vain."""
    with database.transaction() as session:
        session.execute(update(owed).values(noted_at=clock.now() - RETRY - timedelta(seconds=1)))


@pytest.mark.usefixtures("notifier")
def test_it_is_told_before_the_time_of_the_digest_and_each_by_itself(
    registry: WireRegistry, configure: Configure
) -> None:
    configure(digest_at="23:59")
    registry.knows("t1", "c1", "c2")
    receive(programme(urgent=True), programme(TUTORING), due("c1", "c2"), due("c1", code=TUTORING))
    service.ticks[0].run()  # though it came in at this moment
    service.ticks[0].run()
    assert [(who, status, told) for who, _, status, told in log()] == [("t1", "sent", {TALK: 1})] * 2
    assert [notice["urgent"] for notice in published()] == [True, True]
    configure(digest_at="00:00")
    tell()
    assert sorted(sum(told.values()) for *_, told in log()) == [1, 1, 1]
    assert [each.programme for each in lines()["t1", str(MONDAY)]] == [TUTORING]


@pytest.mark.usefixtures("notifier")
def test_one_that_comes_after_the_days_digest_is_told_all_the_same(registry: WireRegistry) -> None:
    registry.knows("t1", "c1")
    registry.knows("k1", "c1", assignee="school_coordinator")
    receive(programme(urgent=True), programme(TUTORING), due("c1", code=TUTORING))
    tell()
    receive(due("c1"), overdue("c1"))
    service.ticks[0].run()
    told = {(who, line.about) for (who, _), found in lines().items() for line in found}
    assert told == {("t1", "due"), ("k1", "overdue")}
    assert len(log()) == 4  # that of last week, too, nobody had been told of


@pytest.mark.usefixtures("notifier")
def test_what_is_done_by_then_and_what_was_over_are_not_told_at_once(registry: WireRegistry) -> None:
    registry.knows("t1", "c1", "c2")
    last_week = MONDAY - timedelta(weeks=1)
    receive(programme(urgent=True), due("c1"), closed("c1"))
    receive(due("c2", day=last_week, grace_until=MONDAY - timedelta(days=1)))
    service.ticks[0].run()
    assert log() == []
    tell()
    assert [line.about for line in lines()["t1", str(MONDAY)]] == ["passed"]


@pytest.mark.usefixtures("notifier")
def test_what_certainly_did_not_go_out_is_tried_again_in_a_while(registry: WireRegistry, recording: Recording) -> None:
    registry.knows("t1", "c1")
    receive(programme(urgent=True), due("c1"))
    recording.fails = 2
    for tried in (1, 2, 3):
        service.ticks[0].run()
        service.ticks[0].run()
        assert len(log()) == tried
        age()
    assert sorted(status for _, _, status, _ in log()) == ["failed", "failed", "sent"]
    assert sum(recording.sent.values()) == 1


@pytest.mark.usefixtures("notifier")
def test_with_nobody_to_tell_it_is_asked_again_in_a_while_and_not_each_second(registry: WireRegistry) -> None:
    receive(programme(urgent=True), due("c1"))
    for _ in range(3):
        service.ticks[0].run()
    assert len(registry.asked) == 1
    registry.knows("t1", "c1")
    age()
    service.ticks[0].run()
    assert len(log()) == 1


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
def test_a_process_that_dies_while_telling_it_leaves_maybe_sent(registry: WireRegistry, recording: Recording) -> None:
    registry.knows("t1", "c1")
    receive(programme(urgent=True), due("c1"))
    died = subprocess.run([sys.executable, "-c", DIES_SENDING], env=os.environ, timeout=60, check=False)
    assert died.returncode == 9
    with database.transaction() as session:
        session.execute(update(delivery).values(reserved_at=clock.now() - LEASE - timedelta(seconds=1)))
    for _ in range(3):
        tell()
        age()
    assert [(who, status) for who, _, status, _ in log()] == [("t1", "maybe_sent")]
    assert recording.sent == {}, "and nobody sent it again"


@pytest.mark.postgres
def test_notifiers_at_work_at_once_tell_each_urgent_task_once(
    installation: None, configure: Configure, postgres_url: str, registry: WireRegistry, recording: Recording
) -> None:
    configure(notifier_database_url=postgres_url)
    database.migrate()
    receive(programme(urgent=True))
    schools, children, notifiers = 5, 12, 4
    for school in range(schools):
        pupils = [f"s{school}-c{number}" for number in range(children)]
        registry.knows(f"t{school}", *pupils)
        receive(due(*pupils, school=f"s{school}"))
    together, errors = threading.Barrier(notifiers), []

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
    service.ticks[0].run()
    assert errors == []
    lost, dup = schools * children - len(recording.sent), sum(recording.sent.values()) - len(recording.sent)
    print(f"expected={schools * children} lost={lost} dup={dup}")
    assert (lost, dup) == (0, 0)
    with database.transaction() as session:
        assert set(session.scalars(select(owed.c.state))) == {"told"}
