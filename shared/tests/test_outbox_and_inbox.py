"""What is published in a transaction is in the outbox when it commits; what is handled twice has one effect."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date, timedelta
from threading import Barrier, Event
from typing import Any

import pytest
from own_service import effects, inbox, outbox
from sqlalchemy import func, insert, select, text, update
from sqlalchemy.exc import IntegrityError, OperationalError

from hongzhu import outbox as outboxes
from hongzhu import relay
from hongzhu.clock import now
from hongzhu.database import Database, monthly_partition, take_turns, upsert_newer
from hongzhu.inbox import first_time
from hongzhu.messages import ChildChanged
from hongzhu.service import Service
from hongzhu.testing.examples import child
from hongzhu.waiting import wait_for


def said(*ids: str) -> list[ChildChanged]:
    return [ChildChanged(id=each, children=(child(each),)) for each in ids]


def written(database: Database) -> list[str]:
    with database.transaction() as session:
        return list(session.scalars(select(outbox.c.message_id).order_by(outbox.c.sequence)))


def test_what_is_said_stands_in_the_outbox_in_order_once_the_act_has_committed(database: Database) -> None:
    with database.transaction() as session:
        outboxes.publish(session, outbox, said("a", "b"))
        outboxes.publish(session, outbox, [])
        outboxes.publish(session, outbox, said("c"))
    assert written(database) == ["a", "b", "c"]
    with database.transaction() as session:
        row = session.execute(select(outbox)).first()
    assert row is not None
    assert (row.topic, row.routing_key, row.published_at, row.unroutable) == (
        "child.changed.v1",
        "child.changed.v1",
        None,
        False,
    )
    assert ChildChanged.model_validate_json(row.payload).children[0].id == "a"


def test_what_was_said_in_an_act_that_failed_was_never_said(database: Database) -> None:
    with suppress(ZeroDivisionError), database.transaction() as session:
        outboxes.publish(session, outbox, said("a"))
        _ = 1 / 0
    assert written(database) == []


def test_the_bell_rings_when_the_act_has_committed_and_not_before(database: Database) -> None:
    with outboxes.written.hanging() as bell:
        with database.transaction() as session:
            outboxes.publish(session, outbox, said("a"))
            assert not bell.is_set()
        assert bell.is_set()


def test_a_message_handled_twice_has_one_effect(database: Database) -> None:
    for _ in range(3):
        with database.transaction() as session:
            if first_time(session, inbox, "m1", "child.changed.v1"):
                session.execute(insert(effects).values(id="m1"))
    assert count(database, effects) == count(database, inbox) == 1


def test_a_message_whose_handling_failed_was_not_handled(database: Database) -> None:
    with suppress(ZeroDivisionError), database.transaction() as session:
        assert first_time(session, inbox, "m1", "child.changed.v1")
        _ = 1 / 0
    with database.transaction() as session:
        assert first_time(session, inbox, "m1", "child.changed.v1")


def test_a_message_that_many_handle_at_once_has_one_effect(database: Database) -> None:
    together = Barrier(5)

    def handle(n: int) -> bool:
        together.wait()
        with database.transaction() as session:
            if not first_time(session, inbox, "m1", "child.changed.v1"):
                return False
            session.execute(insert(effects).values(id=str(n)))
            return True

    with ThreadPoolExecutor(5) as pool:
        assert sorted(pool.map(handle, range(5))) == [False] * 4 + [True]
    assert count(database, effects) == 1


def test_a_service_waits_for_its_database_and_hands_on_every_other_fault(database: Database) -> None:
    calls: list[str] = []

    def consumer(_session: Any, message: ChildChanged) -> None:
        calls.append(message.id)
        if len(calls) == 1:
            raise OperationalError("SELECT", {}, Exception("away"))
        if message.id == "bad":
            raise ValueError("a fault")

    service = Service("registry", database, {ChildChanged: consumer})
    service._handle(consumer, *said("a"))
    assert calls == ["a", "a"]
    with pytest.raises(ValueError, match="a fault"):
        service._handle(consumer, *said("bad"))
    service._handle(consumer, *said("a"))
    assert calls == ["a", "a", "bad"]


def test_an_older_version_never_overwrites_a_newer_one(database: Database) -> None:
    for version in (2, 1, 3, 3, 2):
        with database.transaction() as session:
            upsert_newer(session, effects, [{"id": "x", "version": version}])
    with database.transaction() as session:
        upsert_newer(session, effects, [])
        assert session.execute(select(effects)).all() == [("x", 3)]


def test_what_is_old_is_forgotten_and_what_waits_is_kept(database: Database) -> None:
    with database.transaction() as session:
        outboxes.publish(session, outbox, said("waits", "sent", "sent long ago"))
        session.execute(update(outbox).where(outbox.c.message_id == "sent").values(published_at=now()))
        long_ago = now() - relay.REMEMBERED - timedelta(days=1)
        session.execute(update(outbox).where(outbox.c.message_id == "sent long ago").values(published_at=long_ago))
        for each in ("new", "old"):
            first_time(session, inbox, each, "t")
        session.execute(update(inbox).where(inbox.c.message_id == "old").values(handled_at=long_ago))
    relay.forget_old(database)
    assert written(database) == ["waits", "sent"]
    with database.transaction() as session:
        assert session.scalars(select(inbox.c.message_id)).all() == ["new"]


def test_a_started_trial_says_again_what_its_broker_forgot(database: Database) -> None:
    with database.transaction() as session:
        outboxes.publish(session, outbox, said("a", "b"))
        session.execute(update(outbox).values(published_at=now()))
    relay.replay_recent(database)
    with database.transaction() as session:
        assert [row.message_id for row in relay.claim(session, outbox)] == ["a", "b"]


@pytest.mark.postgres
def test_two_relays_share_the_work_and_never_hold_the_same_row(
    on_postgres: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "WINDOW", 2)
    with on_postgres.transaction() as session:
        outboxes.publish(session, outbox, said("a", "b", "c"))
    with on_postgres.transaction() as one, on_postgres.transaction() as other:
        held = [[row.message_id for row in relay.claim(each, outbox)] for each in (one, other, one)]
    assert held == [["a", "b"], ["c"], ["a", "b"]]


@pytest.mark.postgres
def test_those_who_take_turns_wait_for_each_other(on_postgres: Database) -> None:
    got = Event()

    def second() -> None:
        with on_postgres.transaction() as session:
            take_turns(session, "something")
            got.set()

    with ThreadPoolExecutor(1) as pool:
        with on_postgres.transaction() as session:
            take_turns(session, "something")
            take_turns(session, "something else")
            waiting = pool.submit(second)
            assert not got.wait(0.3)
        waiting.result(10)
    assert got.is_set()


@pytest.mark.postgres
def test_whoever_is_alone_at_something_is_so_over_many_transactions_and_in_none_of_its_own(
    on_postgres: Database,
) -> None:
    got = Event()

    def second() -> None:
        with on_postgres.alone("something"):
            got.set()

    def others_may() -> bool:
        free = text("SELECT pg_try_advisory_xact_lock(hashtextextended('something', 0))")
        with on_postgres.transaction() as session:  # as another process would ask
            return bool(session.scalar(free))

    in_a_transaction = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'"
    )
    with ThreadPoolExecutor(1) as pool:
        with on_postgres.alone("something") as still_alone:
            still_alone()
            for _ in range(2):
                with on_postgres.transaction() as session:
                    assert session.scalar(in_a_transaction) == 0
            waiting = pool.submit(second)
            assert not got.wait(0.3)
            assert not others_may()
        waiting.result(10)
    wait_for("the lock to be given back", others_may, limit=10)


def test_an_error_of_the_database_quotes_no_row(database: Database) -> None:
    with database.transaction() as session:
        session.execute(insert(effects).values(id="canary-350481"))
    with pytest.raises(IntegrityError) as refused, database.transaction() as session:
        session.execute(insert(effects).values(id="canary-350481"))
    assert "canary" not in str(refused.value)
    assert "canary" not in str(refused.value.orig)


def test_a_months_partition_is_only_needed_where_tables_have_some(database: Database) -> None:
    if database.engine.dialect.name == "sqlite":
        with database.transaction() as session:
            monthly_partition(session, effects, date(2020, 11, 23))


def count(database: Database, table: Any) -> int:
    with database.transaction() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_a_relay_is_woken_by_the_commit_and_not_by_the_end_of_a_savepoint(database: Database) -> None:
    with outboxes.written.hanging() as bell:
        with database.transaction() as session:
            with session.begin_nested():
                outboxes.publish(session, outbox, said("a"))
            assert not bell.is_set()
        assert bell.is_set()
