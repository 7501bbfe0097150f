"""How a task ends: done, late or missed, once, in whatever order evidence and task become known."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select

from hongzhu.messages import TaskClosed
from hongzhu.programme import EverySchoolWeek, SchoolWeeks
from hongzhu.task_state import Window, task_state
from hongzhu.testing.examples import MONDAY, child, children, programme, standing
from hongzhu_scheduler.ledger import ledger, state_on
from hongzhu_scheduler.models import occurrence, run

DAY = timedelta(days=1)
WEEK = timedelta(days=7)
TASK = ("bureau.talk", "c1", "week:2020-11-23")
PROXY = "bureau.proxy_parent"


@pytest.fixture
def owed(town):
    """Give a town in which c1 is owed a talk this week."""
    town.announce()
    town.approve(programme())
    town.bring(child("c1"))
    town.reach(MONDAY)
    return town


def test_evidence_in_the_week_closes_the_task_as_done(owed):
    owed.file("c1", MONDAY + 2 * DAY)
    assert owed.tasks() == {TASK: "done"}
    assert owed.closed() == [(TASK, "done")]
    message = owed.messages()[-1]
    assert isinstance(message, TaskClosed)
    assert (message.period_start, message.school_id) == (MONDAY, "s1")


@pytest.mark.parametrize(
    ("kind", "days", "subject_id"),
    [("visit", 0, "c1"), ("talk", -1, "c1"), ("talk", 7, "c1"), ("talk", 0, "c2")],
    ids=["another kind", "the day before", "the day after", "another child"],
)
def test_evidence_that_is_not_its_own_closes_nothing(owed, kind, days, subject_id):
    owed.file(subject_id, MONDAY + days * DAY, kind=kind)
    assert owed.tasks() == {TASK: None}
    assert owed.closed() == []


def test_evidence_that_came_before_its_task_closes_it_after_it_was_announced(town):
    town.announce()
    town.bring(child("c1"), child("c2"))
    town.file("c1", MONDAY)
    town.approve(programme())
    town.reach(MONDAY)
    assert town.tasks() == {TASK: "done", ("bureau.talk", "c2", "week:2020-11-23"): None}
    assert sorted(town.due()) == sorted(town.tasks())
    assert town.closed() == [(TASK, "done")]
    assert isinstance(town.messages()[-1], TaskClosed)


def test_what_nobody_did_is_missed_once_the_week_is_over(owed):
    owed.reach(MONDAY + 6 * DAY)
    assert owed.tasks() == {TASK: None}
    owed.reach(MONDAY + WEEK)
    owed.reach(MONDAY + WEEK)
    assert owed.tasks()[TASK] == "missed"
    assert owed.closed() == [(TASK, "missed")]


def test_a_missed_task_is_corrected_by_paper_of_something_done_in_time(owed):
    owed.reach(MONDAY + WEEK)
    owed.file("c1", MONDAY + 3 * DAY)
    assert owed.tasks()[TASK] == "done"
    assert owed.closed() == [(TASK, "missed"), (TASK, "done")]


def test_a_closed_task_changes_no_more(owed):
    owed.file("c1", MONDAY + 2 * DAY)
    before = owed.messages()
    owed.file("c1", MONDAY + 1 * DAY)
    owed.file("c1", MONDAY + 2 * DAY)  # the same evidence again
    owed.reach(MONDAY + DAY)
    assert owed.messages() == before


def test_missed_tasks_of_many_children_are_told_in_batches_of_one_school(town):
    town.announce()
    town.approve(programme())
    town.bring(*children(310))
    town.reach(MONDAY)
    town.file("c0000", MONDAY)
    town.reach(MONDAY + 5 * WEEK)
    missed = [each for each in town.messages() if isinstance(each, TaskClosed) and each.period == "week:2020-11-23"]
    missed = [each for each in missed if each.state == "missed"]
    assert sum(len(each.subjects) for each in missed) == 309
    assert max(len(each.subjects) for each in missed) <= 100
    for each in missed:
        assert {who.school_id for who in children(310) if who.id in each.subjects} == {each.school_id}


def test_a_standing_task_opens_once_and_is_due_after_its_school_days(town):
    town.announce()
    town.approve(standing())
    town.bring(child("c1", has_proxy_parent=False))
    for days in range(4):
        town.reach(MONDAY + days * DAY)
    assert town.tasks() == {(PROXY, "c1", "since:2020-11-23"): None}
    assert town.windows()["since:2020-11-23"] == (MONDAY, MONDAY + WEEK)  # five school days later


def test_a_standing_task_resolved_after_its_day_is_late_and_never_missed(town):
    town.announce()
    town.approve(standing())
    town.bring(child("c1", has_proxy_parent=False))
    town.reach(MONDAY)
    town.reach(MONDAY + 5 * WEEK)
    assert town.tasks() == {(PROXY, "c1", "since:2020-11-23"): None}
    town.file("c1", MONDAY + 4 * WEEK, kind="pairing")
    assert town.closed() == [((PROXY, "c1", "since:2020-11-23"), "late")]


def test_a_task_is_done_by_what_its_own_version_asks_for_also_when_the_next_one_asks_for_something_else(town):
    town.announce()
    town.approve(programme(trigger=EverySchoolWeek(grace=SchoolWeeks(school_weeks=1))))
    town.bring(child("before"), child("first"), child("after"))
    town.file("first", MONDAY)
    town.reach(MONDAY)
    town.approve(programme(resolved_by="chat"), version=2, since=MONDAY + 7 * DAY)
    town.file("before", MONDAY + DAY)
    town.file("after", MONDAY + DAY, kind="chat")
    assert [(who, state) for (_code, who, _when), state in town.closed()] == [("first", "done"), ("before", "done")]
    town.reach(MONDAY + 8 * DAY)
    town.file("after", MONDAY + 8 * DAY)
    town.file("first", MONDAY + 8 * DAY, kind="chat")
    assert {(who, when): state for (_code, who, when), state in town.tasks().items()} == {
        ("before", "week:2020-11-23"): "done",
        ("first", "week:2020-11-23"): "done",
        ("after", "week:2020-11-23"): "late",
        ("before", "week:2020-11-30"): None,
        ("first", "week:2020-11-30"): "done",
        ("after", "week:2020-11-30"): None,
    }


def test_a_standing_condition_that_comes_back_opens_a_new_episode(town):
    town.announce()
    town.approve(standing())
    town.bring(child("c1", has_proxy_parent=False))
    town.reach(MONDAY)
    town.file("c1", MONDAY, kind="pairing")
    town.bring(child("c1", version=2, has_proxy_parent=True))
    town.reach(MONDAY + 2 * DAY)
    assert len(town.tasks()) == 1
    town.bring(child("c1", version=3, has_proxy_parent=False))
    assert town.tasks() == {(PROXY, "c1", "since:2020-11-23"): "done", (PROXY, "c1", "since:2020-11-25"): None}


def test_facts_that_leave_the_condition_standing_open_nothing(town):
    town.announce()
    town.approve(standing())
    town.bring(child("c1", has_proxy_parent=False))
    town.reach(MONDAY)
    town.file("c1", MONDAY, kind="pairing")
    town.reach(MONDAY + DAY)
    town.bring(child("c1", version=2, has_proxy_parent=False, grade=3))
    town.reach(MONDAY + 2 * DAY)
    assert len(town.tasks()) == 1


def test_an_open_episode_goes_on_when_its_condition_comes_back(town):
    town.announce()
    town.approve(standing())
    town.bring(child("c1", has_proxy_parent=False))
    town.reach(MONDAY)
    town.bring(child("c1", version=2, has_proxy_parent=True))
    town.reach(MONDAY + DAY)
    town.bring(child("c1", version=3, has_proxy_parent=False))
    town.reach(MONDAY + 2 * DAY)
    assert town.tasks() == {(PROXY, "c1", "since:2020-11-23"): None}


def test_an_episode_resolved_and_back_on_the_same_day_opens_anew_the_day_after(town):
    town.announce()
    town.approve(standing())
    town.bring(child("c1", has_proxy_parent=False))
    town.reach(MONDAY)
    town.file("c1", MONDAY, kind="pairing")
    town.bring(child("c1", version=2, has_proxy_parent=True))
    town.bring(child("c1", version=3, has_proxy_parent=False))
    town.reach(MONDAY)
    assert len(town.tasks()) == 1
    town.reach(MONDAY + DAY)
    assert sorted(town.tasks()) == [(PROXY, "c1", "since:2020-11-23"), (PROXY, "c1", "since:2020-11-24")]


def test_the_ledger_counts_every_task_by_programme_period_and_state(owed):
    owed.bring(child("c2"), child("c3"))
    owed.file("c2", MONDAY)
    assert owed.ask(ledger) == {
        ("bureau.talk", "week:2020-11-23", "due"): 2,
        ("bureau.talk", "week:2020-11-23", "done"): 1,
    }


DAYS = st.integers(-20, 20).map(lambda days: MONDAY + days * DAY)


def test_sql_and_the_pure_function_say_the_same_of_every_state(town):
    @settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(DAYS, st.integers(0, 10), st.none() | st.integers(0, 10), DAYS)
    def agree(opens_on, length, grace, day):
        from uuid import uuid4

        due_on = opens_on + length * DAY
        window = Window(opens_on, due_on, None if grace is None else due_on + grace * DAY)
        run_id = uuid4()
        keys = {"programme": "a.b", "period": "p", "period_start": MONDAY}
        with town.database.transaction() as session:
            session.execute(insert(run).values(id=run_id, version=1, **keys, **window._asdict()))
            session.execute(insert(occurrence).values(subject_id="c", school_id="s", run_id=run_id, **keys))
            joined = select(state_on(day)).join_from(occurrence, run, run.c.id == occurrence.c.run_id)
            assert session.scalar(joined) == task_state(window, None, day)
            session.rollback()

    # PostgreSQL keeps tasks by month; this one's has to be there.
    town.announce()
    town.approve(programme())
    town.reach(MONDAY)
    agree()


def test_closing_by_evidence_says_the_same_as_the_pure_function(town):
    """Every day of evidence for a standing task and a weekly one, worked out apart from the code under test."""
    town.announce()
    town.approve(programme(), standing())
    days = [MONDAY + number * DAY for number in range(-3, 12)]
    town.bring(*(child(f"c{number:02}", has_proxy_parent=False) for number in range(len(days))))
    town.reach(MONDAY)
    for number, day in enumerate(days):
        town.file(f"c{number:02}", day)
        town.file(f"c{number:02}", day, kind="pairing")
    town.reach(MONDAY + 6 * DAY)
    sunday, due_on = MONDAY + 6 * DAY, town.windows()["since:2020-11-23"][1]
    weekly, episode = Window(MONDAY, sunday, sunday), Window(MONDAY, due_on, None)
    for number, day in enumerate(days):
        closed = town.tasks()
        for key, window in (
            (("bureau.talk", f"c{number:02}", "week:2020-11-23"), weekly),
            ((PROXY, f"c{number:02}", "since:2020-11-23"), episode),
        ):
            pure = task_state(window, day, sunday)
            assert (closed[key] or "due") == pure, (key, day)
