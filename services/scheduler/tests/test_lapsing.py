"""What is taken back, excused, kept back by a pause or owed no longer; and clocks that jump: the same tasks."""

from datetime import UTC, date, datetime, timedelta

import pytest

from hongzhu import clock
from hongzhu.calendar import SchoolCalendar, Term
from hongzhu.messages import EvidenceWithdrawn, Excuse, TaskClosed, TaskDue, TaskExcused, Withdrawn
from hongzhu.programme import EverySchoolWeek, where
from hongzhu.settings import settings
from hongzhu.testing.examples import MONDAY, child, programme, standing
from hongzhu_scheduler.planner import plan

DAY = timedelta(days=1)
WEEK = timedelta(days=7)
TASK = ("bureau.talk", "c1", "week:2020-11-23")
NEXT = ("bureau.talk", "c1", "week:2020-11-30")


@pytest.fixture
def owed(town):
    """Give a town in which c1 is owed a talk this week."""
    town.announce()
    town.approve(programme())
    town.bring(child("c1"))
    town.reach(MONDAY)
    return town


def withdraw(town, day, version=2):
    back = Withdrawn(id=f"talk-{day}", kind="talk", subject_id="c1", version=version)
    town.tell(EvidenceWithdrawn(evidence=(back,)))


def excuse(town, **told):
    town.tell(TaskExcused(excuses=(Excuse(subject_id="c1", **told),)))


def test_a_task_whose_evidence_is_taken_back_falls_due_once_more_with_its_window(owed):
    owed.file("c1", MONDAY)
    withdraw(owed, MONDAY)
    assert owed.tasks() == {TASK: None}
    first, closed, again = owed.messages()
    assert isinstance(closed, TaskClosed)
    assert isinstance(again, TaskDue)
    assert (again.window, again.version, again.subjects) == (first.window, first.version, first.subjects)
    assert (first.changes, closed.changes, again.changes) == (0, 1, 2)


def test_a_withdrawal_before_its_filing_and_an_older_word_after_a_newer_change_nothing(owed):
    withdraw(owed, MONDAY)
    owed.file("c1", MONDAY)
    assert owed.tasks() == {TASK: None}
    assert owed.closed() == []


def test_a_task_whose_week_is_over_goes_back_to_missed(owed):
    owed.file("c1", MONDAY)
    owed.reach(MONDAY + WEEK)
    withdraw(owed, MONDAY)
    assert owed.tasks()[TASK] == "missed"


def test_an_excused_task_stays_excused_whatever_is_done_until_the_excuse_is_taken_back(owed):
    excuse(owed, id="x", programme="bureau.talk", period="week:2020-11-23")
    owed.file("c1", MONDAY)
    owed.reach(MONDAY + WEEK)
    assert owed.tasks()[TASK] == "excused"
    excuse(owed, id="x", version=2, programme="bureau.talk", period="week:2020-11-23", lifted=True)
    assert owed.tasks()[TASK] == "done"


def test_in_a_pause_nothing_falls_due_and_what_lay_in_it_whole_never_does(owed):
    excuse(owed, id="p", first=MONDAY)
    assert owed.tasks() == {TASK: "excused"}
    owed.reach(MONDAY + 2 * WEEK)
    assert list(owed.tasks()) == [TASK]
    excuse(owed, id="p", version=2, first=MONDAY, last=MONDAY + 2 * WEEK + DAY)
    assert {period for _code, _who, period in owed.tasks()} == {"week:2020-11-23", "week:2020-12-07"}
    assert owed.tasks()[TASK] == "excused"


def test_what_was_done_in_a_pause_is_done(owed):
    excuse(owed, id="p", first=MONDAY)
    owed.file("c1", MONDAY + DAY)
    assert owed.tasks() == {TASK: "done"}


def test_a_standing_task_begins_anew_after_the_pause_that_excused_it(town):
    town.announce()
    town.approve(standing())
    town.bring(child("c1", has_proxy_parent=False))
    town.reach(MONDAY)
    excuse(town, id="p", first=MONDAY + DAY, last=MONDAY + 2 * WEEK)
    town.reach(MONDAY + 2 * WEEK)
    assert list(town.tasks().values()) == ["excused"]
    town.reach(MONDAY + 2 * WEEK + DAY)
    assert town.tasks() == {
        ("bureau.proxy_parent", "c1", "since:2020-11-23"): "excused",
        ("bureau.proxy_parent", "c1", "since:2020-12-08"): None,
    }


def test_what_began_anew_after_a_pause_begins_only_once(town):
    town.announce()
    town.approve(standing())
    town.bring(child("c1", has_proxy_parent=False))
    town.reach(MONDAY)
    excuse(town, id="p", first=MONDAY + DAY, last=MONDAY + 2 * WEEK)
    town.reach(MONDAY + 2 * WEEK + DAY)
    begun = town.tasks()
    town.reach(MONDAY + 2 * WEEK + 3 * DAY)
    town.bring(child("c1", version=2, has_proxy_parent=False, boarding=True))
    assert town.tasks() == begun


@pytest.mark.parametrize(("lapses", "state"), [(False, None), (True, "cancelled")])
def test_what_is_open_is_cancelled_for_whom_it_is_no_longer_if_its_programme_says_so(town, lapses, state):
    town.announce()
    town.approve(programme(eligible=where("boarding", True), lapses=lapses))
    town.bring(child("c1", boarding=True))
    town.reach(MONDAY)
    town.bring(child("c1", version=2, boarding=False))
    assert town.tasks() == {TASK: state}
    town.bring(child("c1", version=3, boarding=True))
    assert town.tasks() == {TASK: None}


def test_what_is_open_is_cancelled_when_the_child_leaves_and_what_was_done_is_done(owed):
    owed.reach(MONDAY + WEEK)
    owed.bring(child("c1", version=2, present=False))
    assert owed.tasks() == {TASK: "missed", NEXT: "cancelled"}
    owed.file("c1", MONDAY + WEEK)
    assert owed.tasks()[NEXT] == "done"


def test_what_is_open_is_cancelled_while_its_programme_is_suspended(owed):
    owed.approve(programme(), version=2, suspended=True)
    assert owed.tasks() == {TASK: "cancelled"}
    owed.approve(programme(), version=3)
    assert owed.tasks() == {TASK: None}


def test_a_suspension_dated_ahead_and_its_end_hold_from_their_days_on_and_say_nothing_before(owed):
    owed.approve(programme(), version=2, since=MONDAY + DAY, suspended=True)
    owed.approve(programme(), version=3, since=MONDAY + 3 * DAY)
    assert owed.tasks() == {TASK: None}
    owed.reach(MONDAY + DAY)
    assert owed.tasks() == {TASK: "cancelled"}
    owed.reach(MONDAY + 3 * DAY)
    assert owed.tasks() == {TASK: None}
    owed.reach(MONDAY + 3 * DAY)
    assert [state for _task, state in owed.closed()] == ["cancelled"]


def test_facts_that_change_while_the_clock_stands_before_the_programme_began_count_as_on_any_day(owed):
    clock.stand_on(MONDAY - 2 * DAY)
    owed.bring(child("c1", version=2, boarding=True))
    assert owed.tasks() == {TASK: None}
    owed.bring(child("c1", version=3, present=False))
    owed.reach(MONDAY)
    assert owed.tasks() == {TASK: "cancelled"}


def test_what_is_issued_late_for_days_before_a_suspension_is_cancelled_with_all_else(owed):
    owed.approve(programme(), version=2, since=MONDAY + DAY, suspended=True)
    owed.reach(MONDAY + 2 * DAY)
    owed.bring(child("c2", entered_on=MONDAY))
    assert owed.tasks() == {TASK: "cancelled", ("bureau.talk", "c2", TASK[2]): "cancelled"}


def test_a_clock_that_goes_back_over_a_change_of_rules_and_on_again_leaves_what_it_found(owed):
    owed.approve(programme(), version=2, since=MONDAY + DAY, suspended=True)
    for day in (MONDAY + DAY, MONDAY, MONDAY + DAY):
        owed.reach(day)
    assert owed.tasks() == {TASK: "cancelled"}


def test_a_child_that_moves_takes_its_open_tasks_along(owed):
    owed.bring(child("c1", version=2, school_id="s2"))
    owed.file("c1", MONDAY)
    assert owed.messages()[-1].school_id == "s2"


def test_a_task_that_is_open_again_in_its_window_is_at_the_school_where_its_child_is_now(owed):
    owed.file("c1", MONDAY)
    owed.bring(child("c1", version=2, school_id="s2"))
    withdraw(owed, MONDAY)
    again = owed.messages()[-1]
    assert (again.topic, again.school_id, again.subjects) == ("task.due.v1", "s2", ("c1",))
    owed.file("c1", MONDAY + DAY)
    assert owed.messages()[-1].school_id == "s2"


def test_nothing_falls_due_before_what_it_requires_was_done_also_when_that_is_heard_of_later(town):
    town.announce()
    town.approve(programme(requires=("visit",)))
    town.bring(child("c1"), child("c2"))
    town.reach(MONDAY + WEEK)
    assert town.tasks() == {}
    town.file("c1", MONDAY + WEEK + DAY, kind="visit")
    assert list(town.tasks()) == [NEXT]
    town.file("c2", MONDAY + 3 * DAY, kind="visit")
    assert len([key for key in town.tasks() if key[1] == "c2"]) == 2


def test_what_the_version_that_rules_requires_counts_though_one_of_a_later_day_requires_nothing(town):
    town.announce()
    town.approve(programme(requires=("visit",)))
    town.approve(programme(), version=2, since=MONDAY + 2 * WEEK)
    town.bring(child("c1"))
    town.reach(MONDAY)
    town.file("c1", MONDAY, kind="visit")
    assert list(town.tasks()) == [TASK]


def at(monkeypatch, moment):
    monkeypatch.setattr(clock, "now", lambda: moment)


@pytest.mark.parametrize("jump", [timedelta(hours=1), -timedelta(hours=1), DAY, -DAY])
def test_a_clock_that_jumps_brings_nothing_twice_and_loses_nothing(town, monkeypatch, jump):
    clock.stand_on(datetime.now(UTC).astimezone(settings().zone).date())
    town.announce()
    town.approve(programme())
    town.bring(child("c1"))
    noon = datetime(2020, 11, 25, 4, tzinfo=UTC)
    for moment in (noon, noon + jump, noon):
        at(monkeypatch, moment)
        plan(town.database, clock.today())
    assert town.due() == [TASK]


@pytest.mark.parametrize("zone", ["UTC", "America/Los_Angeles", "Pacific/Kiritimati"])
def test_the_day_is_shanghais_wherever_the_machine_stands(town, monkeypatch, zone):
    monkeypatch.setenv("TZ", zone)
    at(monkeypatch, datetime(2020, 11, 22, 16, 30, tzinfo=UTC))
    clock.stand_on(MONDAY)
    assert clock.today() == MONDAY  # half past midnight on Monday, there


@pytest.mark.parametrize(
    ("first", "last", "weeks"),
    [
        (date(2024, 2, 26), date(2024, 3, 10), ["week:2024-02-26", "week:2024-03-04"]),  # with 29 February
        # The nights on which Shanghai's clocks were changed: 4 May and 14 September 1986.
        (date(1986, 4, 28), date(1986, 5, 11), ["week:1986-04-28", "week:1986-05-05"]),
        (date(1986, 9, 8), date(1986, 9, 21), ["week:1986-09-08", "week:1986-09-15"]),
    ],
    ids=["leap day", "an hour lost", "an hour won"],
)
def test_every_week_is_one_week_whatever_the_year_does(town, first, last, weeks):
    clock.stand_on(first)
    town.announce(SchoolCalendar(terms=(Term(first=first, last=last),)))
    town.approve(programme(trigger=EverySchoolWeek()), since=first)
    town.bring(child("c1", entered_on=first))
    day = first
    while day <= last:
        town.reach(day)
        day += DAY
    assert sorted(period for _code, _who, period in town.tasks()) == weeks
    assert town.windows() == {f"week:{begin}": (begin, begin + 6 * DAY) for begin in (first, first + WEEK)}
