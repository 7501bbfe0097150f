"""The day's round, from messages in to one digest a person out."""

import threading
import time
from datetime import timedelta

import pytest

from hongzhu import clock, runtime
from hongzhu.errors import HongzhuError
from hongzhu.outbox import publish
from hongzhu.testing.databases import Configure
from hongzhu_notifier.service import service
from hongzhu_notifier.tables import database, outbox

from .conftest import (
    MONDAY,
    ROSTER,
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

pytestmark = pytest.mark.usefixtures("notifier")


def test_a_teacher_gets_one_digest_for_all_the_children_and_programmes(registry: WireRegistry) -> None:
    registry.knows("t1", "c1", "c2", "c3")
    registry.knows("t2", "c4")
    receive(programme(), programme(TUTORING), due("c1", "c2", "c3", "c4"), due("c1", "c4", code=TUTORING))
    tell()
    assert log() == [("t1", "inbox", "sent", {TALK: 3, TUTORING: 1}), ("t2", "inbox", "sent", {TALK: 1, TUTORING: 1})]
    assert set(states().values()) == {"told"}
    notice = published()[0]
    assert (notice["outcome"], notice["day"]) == ("sent", "2020-11-23")
    assert len(published()) == 2


def test_one_who_is_both_class_teacher_and_coordinator_gets_one_digest(registry: WireRegistry) -> None:
    registry.knows("t1", "c1")
    registry.knows("t1", "s1", assignee="school_coordinator")
    receive(programme(), programme(ROSTER, assignee="school_coordinator", subject="school"))
    receive(due("c1"), due("s1", code=ROSTER))
    tell()
    assert log() == [("t1", "inbox", "sent", {ROSTER: 1, TALK: 1})]


def test_what_was_told_is_told_and_what_comes_later_waits_for_the_next_day(registry: WireRegistry) -> None:
    registry.knows("t1", "c1", "c2")
    receive(programme(), due("c1"))
    tell()
    receive(due("c2"))
    tell()
    tell()
    assert len(log()) == 1
    assert len(registry.asked) == 2, "what waits for tomorrow is not asked about again every second"
    clock.stand_on(MONDAY + timedelta(days=1))
    tell()
    assert [lines for *_, lines in log()] == [{TALK: 1}, {TALK: 1}]
    tell()
    assert len(log()) == 2


def test_someone_without_a_digest_today_is_told_today_however_late(registry: WireRegistry) -> None:
    registry.knows("t1", "c1")
    registry.knows("t2", "c2")
    receive(programme(), due("c1"))
    tell()
    receive(due("c2"))
    tell()
    assert [who for who, *_ in log()] == ["t1", "t2"]


def test_nobody_is_told_before_the_time_of_the_digest(registry: WireRegistry, configure: Configure) -> None:
    registry.knows("t1", "c1")
    receive(programme(), due("c1"))
    configure(digest_at="23:00")
    tell()
    assert log() == []
    configure(digest_at="00:00")
    tell()
    assert len(log()) == 1


def test_nobody_is_told_while_tasks_are_still_coming_in(registry: WireRegistry) -> None:
    registry.knows("t1", "c1", "c2")
    receive(programme(), due("c1"))
    let_settle()
    receive(due("c2"))
    service.ticks[0].run()
    assert log() == []
    tell()
    assert log() == [("t1", "inbox", "sent", {TALK: 2})]


def test_a_task_that_closed_before_the_digest_is_not_told(registry: WireRegistry) -> None:
    registry.knows("t1", "c1", "c2")
    receive(programme(), due("c1", "c2"), closed("c2"))
    tell()
    assert log() == [("t1", "inbox", "sent", {TALK: 1})]


def test_a_task_that_closes_while_the_registry_is_asked_is_not_told(
    registry: WireRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.knows("t1", "c1", "c2")
    receive(programme(), due("c1", "c2"))
    answer = registry.answer

    def close_meanwhile(question: dict[str, object]) -> dict[str, object]:
        receive(closed("c2"))
        return answer(question)

    monkeypatch.setattr(registry, "answer", close_meanwhile)
    tell()
    assert log() == [("t1", "inbox", "sent", {TALK: 1})]


def test_the_order_of_messages_does_not_matter(registry: WireRegistry) -> None:
    registry.knows("t1", "c1", "c2")
    receive(closed("c2"), due("c1", "c2"))
    tell()
    assert log() == []
    receive(programme())
    tell()
    assert log() == [("t1", "inbox", "sent", {TALK: 1})]


@pytest.mark.parametrize("first", [True, False])
def test_what_an_agency_does_itself_is_told_to_nobody_here(registry: WireRegistry, first: bool) -> None:
    declared = programme("legal_aid.counsellor", assignee="agency")
    task = due("s1", code="legal_aid.counsellor")
    receive(*((declared, task) if first else (task, declared)))
    tell()
    assert (states(), registry.asked, log()) == ({}, [], [])


def test_a_message_that_comes_again_changes_nothing(registry: WireRegistry) -> None:
    registry.knows("t1", "c1")
    task = due("c1")
    receive(programme(version=2), task)
    tell()
    receive(task, due("c1"), programme(version=1, name={"zh": "旧", "en": "Old"}))
    clock.stand_on(MONDAY + timedelta(days=1))
    tell()
    assert len(log()) == 1


def test_what_was_missed_in_an_outage_is_one_line_and_no_storm(registry: WireRegistry) -> None:
    registry.knows("t1", "c1", "c2")
    weeks = [MONDAY - timedelta(weeks=each) for each in range(10)]
    receive(programme(), *(due("c1", "c2", day=day) for day in weeks))
    tell()
    assert log() == [("t1", "inbox", "sent", {TALK: 2})]
    assert set(states().values()) == {"told"}


def test_tasks_with_nobody_to_tell_are_asked_about_again_the_next_day(registry: WireRegistry) -> None:
    receive(programme(), due("c1"))
    tell()
    tell()
    assert (log(), len(registry.asked)) == ([], 1)
    registry.knows("t1", "c1")
    clock.stand_on(MONDAY + timedelta(days=1))
    tell()
    assert log() == [("t1", "inbox", "sent", {TALK: 1})]


def test_a_registry_that_is_away_is_asked_again_at_the_next_tick(registry: WireRegistry, configure: Configure) -> None:
    registry.knows("t1", "c1")
    receive(programme(), due("c1"))
    configure(registry_url="http://127.0.0.1:9")
    with pytest.raises(HongzhuError):
        tell()
    configure(registry_url=registry.url)
    tell()
    assert len(log()) == 1


def test_the_registry_is_never_asked_for_an_earlier_answer_again(registry: WireRegistry) -> None:
    receive(programme(), due("c1"))
    tell()
    clock.stand_on(MONDAY + timedelta(days=1))
    tell()
    assert (
        registry.asked[0]
        == registry.asked[1]
        == {
            "school_id": "s1",
            "assignee": "class_teacher",
            "subjects": ["c1"],
        }
    )
    assert len(set(registry.keys)) == 2


def test_old_rows_are_forgotten_once_nothing_can_come_after_them(registry: WireRegistry) -> None:
    registry.knows("t1", "c1")
    receive(programme(), due("c1", "c2"))
    tell()
    service.ticks[1].run()
    assert states() == {"c1": "told", "c2": "waiting"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hongzhu_notifier.waiting.KEPT", timedelta())
        service.ticks[1].run()
    assert states() == {"c2": "waiting"}


def test_it_runs_as_a_service_from_broker_to_outbox(registry: WireRegistry) -> None:
    registry.knows("t1", "c1")
    running = runtime.Running([service])
    service.migrate()
    running.start()
    try:
        with database.transaction() as session:  # any service's relay will do to bring messages in
            publish(session, outbox, [due("c1"), programme()])
        ends = time.monotonic() + 20
        while not log() and time.monotonic() < ends:
            threading.Event().wait(0.05)
    finally:
        running.stop()
    assert log() == [("t1", "inbox", "sent", {TALK: 1})]
