"""What falls due, for whom, when, and once."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from sqlalchemy import event, func, select

from hongzhu.calendar import Holiday, SchoolCalendar, SchoolException, Term
from hongzhu.clock import stand_on
from hongzhu.messages import ChildChanged, TaskDue, TaskOverdue
from hongzhu.programme import EverySchoolWeek, HolidayOffer, Not, Step, where
from hongzhu.testing.examples import CALENDAR, MONDAY, TERM, child, children, programme, school, standing
from hongzhu_scheduler import planner
from hongzhu_scheduler.models import marker, occurrence, outbox, shard_of
from hongzhu_scheduler.service import tick
from hongzhu_scheduler.triggers import batches

WEEK = timedelta(days=7)
TALK = "bureau.talk"


def test_every_child_is_owed_every_school_week_once_and_each_is_announced_once(town):
    town.announce()
    town.approve(programme())
    town.bring(*children(350))
    town.reach(MONDAY)
    expected = {(TALK, each.id, "week:2020-11-23") for each in children(350)}
    assert set(town.tasks()) == expected
    assert sorted(town.due()) == sorted(expected)


def test_a_message_holds_at_most_a_hundred_subjects_of_one_school_with_their_window(town):
    town.announce()
    town.approve(programme())
    town.bring(*children(350))
    town.reach(MONDAY)
    messages = town.messages()
    assert sorted(len(each.subjects) for each in messages) == [16, 17, 17, 100, 100, 100]
    for each in messages:
        assert {who.school_id for who in children(350) if who.id in each.subjects} == {each.school_id}
        assert each.window == (MONDAY, MONDAY + timedelta(days=6), MONDAY + timedelta(days=6))
        assert (each.version, each.period_start, each.routing_key) == (1, MONDAY, "task.due.v1.bureau")


def test_ids_with_quotes_and_chinese_arrive_as_they_are(town):
    odd = 'a"b\\c\n红'
    town.announce()
    town.approve(programme())
    town.bring(child(odd, school_id='学校"1'))
    town.reach(MONDAY)
    (message,) = town.messages()
    assert message.subjects == (odd,)
    assert message.school_id == '学校"1'


def test_a_second_run_of_the_day_issues_nothing_and_writes_nothing(town):
    town.announce()
    town.approve(programme(), standing())
    town.bring(*children(120))
    town.reach(MONDAY)
    before = town.messages()
    assert planner.plan(town.database, MONDAY) == []
    town.reach(MONDAY)
    assert town.messages() == before


def test_programmes_of_which_nothing_falls_due_are_planned_in_one_transaction(town):
    town.announce()
    town.approve(*(programme(f"bureau.p{number}") for number in range(5)))
    town.bring(*children(20))
    town.reach(MONDAY)
    commits = []
    event.listen(town.database.engine, "commit", commits.append)
    assert planner.plan(town.database, MONDAY + timedelta(days=1)) == []
    assert len(commits) == 2  # to see what is left, and to plan it
    with town.database.reading() as session:
        assert not session.scalar(select(planner.is_left(MONDAY + timedelta(days=1))))


def test_planning_again_from_the_beginning_issues_nothing_twice(town):
    town.announce()
    town.approve(programme())
    town.bring(*children(120))
    town.reach(MONDAY)
    before = town.due()
    town.approve(programme(), version=2)  # resets the markers
    town.announce(version=2)
    town.reach(MONDAY)
    assert town.due() == before


def test_a_task_already_there_does_not_stop_the_others_of_its_shard(town):
    """A child moves to a school whose shard has not been planned for the week yet."""
    schools = [name for name in (f"s{number}" for number in range(100)) if shard_of(name) != shard_of("s1")]
    town.announce()
    town.approve(programme(), since=MONDAY - WEEK)
    town.bring(child("stays", school_id=schools[0]), child("moves", school_id="s1"))
    town.reach(MONDAY - WEEK)
    with town.database.transaction() as session:
        # As a planner stopped half-way leaves it: only the shard of s1 has been planned.
        session.execute(marker.update().where(marker.c.shard != shard_of("s1")).values(planned_through=MONDAY + WEEK))
    town.reach(MONDAY)
    with town.database.transaction() as session:
        before = MONDAY - timedelta(days=1)
        session.execute(marker.update().where(marker.c.shard != shard_of("s1")).values(planned_through=before))
    town.bring(child("moves", version=2, school_id=schools[0]))
    town.reach(MONDAY)
    assert sorted(who for _code, who, period in town.due() if period == "week:2020-11-23") == ["moves", "stays"]


def test_planners_at_once_issue_everything_once_and_share_the_work(postgres_town):
    town = postgres_town
    town.announce()
    town.approve(*(programme(f"bureau.p{number}") for number in range(6)), standing())
    town.bring(
        *(child(each.id, school_id=each.school_id, has_proxy_parent=False) for each in children(600, schools=40))
    )
    start = threading.Barrier(4)

    def plan_with_the_others(_number):
        start.wait(30)
        return len(planner.plan(town.database, MONDAY))

    with ThreadPoolExecutor(4) as planners:
        runs = list(planners.map(plan_with_the_others, range(4)))
    assert sum(number > 0 for number in runs) >= 2
    assert len(town.tasks()) == 7 * 600
    assert sorted(town.due()) == sorted(town.tasks())


def test_children_that_change_while_planners_are_at_work_are_issued_once_and_none_is_forgotten(postgres_town):
    """Facts, evidence and plans arrive at once from several processes; what is left over nobody would ever plan."""
    town = postgres_town
    town.announce()
    town.approve(*(programme(f"bureau.p{number}") for number in range(4)), standing())
    start = threading.Barrier(4)

    def plan_again_and_again():
        start.wait(30)
        for _round in range(30):
            planner.plan(town.database, MONDAY)
            town.approve(programme("bureau.p0"), version=_round + 2)

    def come(first):
        start.wait(30)
        for number in range(first, first + 100, 5):
            town.bring(
                *(child(f"c{n}", school_id=f"s{n % 9}", has_proxy_parent=False) for n in range(number, number + 5))
            )

    def file():
        start.wait(30)
        for number in range(200):
            town.file(f"c{number}", MONDAY)

    with ThreadPoolExecutor(4) as people:
        work = [
            people.submit(plan_again_and_again),
            people.submit(come, 0),
            people.submit(come, 100),
            people.submit(file),
        ]
        for each in work:
            each.result(60)
    town.reach(MONDAY)
    tasks = town.tasks()
    assert len(tasks) == 5 * 200
    assert sorted(town.due()) == sorted(tasks)
    assert {
        state for (code, _who, _when), state in tasks.items() if code.startswith("bureau.p") and "proxy" not in code
    } == {"done"}


def test_a_child_that_comes_after_the_week_was_planned_is_planned_at_once(town):
    town.announce()
    town.approve(programme())
    town.bring(child("early"))
    town.reach(MONDAY)
    town.bring(child("late"))
    assert town.periods("late") == ["week:2020-11-23"]
    assert {who for _code, who, _period in town.due()} == {"early", "late"}


def test_a_child_is_owed_nothing_before_it_entered(town):
    town.announce()
    town.approve(programme(), since=TERM.first)
    town.bring(child("sunday", entered_on=MONDAY - timedelta(days=1)), child("monday", entered_on=MONDAY))
    town.reach(MONDAY)
    assert town.periods("sunday") == ["week:2020-11-16", "week:2020-11-23"]
    assert town.periods("monday") == ["week:2020-11-23"]


def test_a_suspended_programme_issues_nothing_more(town):
    town.announce()
    town.approve(programme())
    town.bring(child("c1"))
    town.reach(MONDAY)
    town.approve(programme(), version=2, suspended=True)
    town.bring(child("c2"))
    town.reach(MONDAY + WEEK)
    assert list(town.tasks()) == [(TALK, "c1", "week:2020-11-23")]


def test_a_new_version_is_used_for_what_is_issued_from_then_on(town):
    town.announce()
    town.approve(programme(eligible=where("boarding", True)))
    town.bring(child("in", boarding=True), child("out", boarding=False))
    town.reach(MONDAY)
    town.approve(programme(), version=2)
    town.reach(MONDAY)
    versions = {who: each.version for each in town.messages() for who in each.subjects}
    assert versions == {"in": 1, "out": 2}


def test_rules_about_the_school_wait_for_the_school_and_follow_it(town):
    town.announce()
    town.approve(programme(eligible=Not(rule=where("school.has_call_room", False))))
    town.bring(child("c1"))
    town.reach(MONDAY)
    assert town.tasks() == {}
    town.bring(school("s1", has_call_room=True))
    assert town.periods("c1") == ["week:2020-11-23"]


def test_a_week_without_a_school_day_is_skipped(town):
    town.announce(
        CALENDAR.model_copy(update={"holidays": (Holiday(first=MONDAY, last=MONDAY + 4 * timedelta(days=1)),)})
    )
    town.approve(programme())
    town.bring(child("c1"))
    town.reach(MONDAY + WEEK)
    assert town.periods("c1") == ["week:2020-11-30"]


def test_nothing_is_due_on_days_that_the_calendar_has_not_announced(town):
    town.announce()
    town.approve(programme(), since=TERM.last - 2 * WEEK)
    town.bring(child("c1"))
    town.reach(TERM.last + 5 * WEEK)
    assert town.periods("c1") == ["week:2021-01-04", "week:2021-01-11", "week:2021-01-18"]


def test_a_school_that_has_the_week_off_is_left_out(town):
    off = SchoolException(school_id="s1", first=MONDAY, last=MONDAY + timedelta(days=6))
    town.announce(CALENDAR.model_copy(update={"exceptions": (off,)}))
    town.approve(programme())
    town.bring(child("off"), child("on", school_id="s2"))
    town.reach(MONDAY)
    assert list(town.tasks()) == [(TALK, "on", "week:2020-11-23")]


def test_editing_the_calendar_renames_nothing_and_adds_what_was_missing(town):
    holiday = Holiday(first=MONDAY - WEEK, last=MONDAY - timedelta(days=3))
    town.announce(CALENDAR.model_copy(update={"holidays": (holiday,)}))
    town.approve(programme(), standing(), since=MONDAY - 2 * WEEK)
    town.bring(*(child(f"c{number}", has_proxy_parent=False) for number in range(5)))
    town.reach(MONDAY)
    before = set(town.tasks())
    town.announce(CALENDAR, version=2)
    town.reach(MONDAY)
    assert set(town.tasks()) - before == {(TALK, f"c{number}", "week:2020-11-16") for number in range(5)}
    assert before <= set(town.tasks())
    assert sorted(town.due()) == sorted(town.tasks())


def test_after_an_outage_every_week_between_is_issued(town):
    town.announce()
    town.approve(programme(), since=MONDAY - 3 * WEEK)
    town.bring(child("c1"))
    town.reach(MONDAY - 3 * WEEK)
    town.reach(MONDAY)
    assert len(town.periods("c1")) == 4


@pytest.mark.parametrize("seed", range(6))
def test_the_order_in_which_things_become_known_does_not_matter(town, seed):
    told = [
        town.announce,
        lambda: town.approve(programme(eligible=where("school.urban", True)), since=MONDAY - WEEK),
        lambda: town.approve(standing(), since=MONDAY - WEEK),
        lambda: town.bring(child("c1", has_proxy_parent=False), child("c2", school_id="s2", has_proxy_parent=False)),
        lambda: town.bring(child("c3", school_id="s2", entered_on=MONDAY)),
        lambda: town.bring(school("s1", urban=True), school("s2", urban=False)),
        lambda: town.bring(school("s2", version=2, urban=False, boarding=True)),
        lambda: town.file("c1", MONDAY),
        lambda: town.file("c2", MONDAY, kind="pairing"),
    ]
    random.Random(seed).shuffle(told)
    for tell in told:
        tell()
        planner.plan(town.database, MONDAY)
    town.reach(MONDAY)
    assert town.tasks() == {
        (TALK, "c1", "week:2020-11-16"): "missed",
        (TALK, "c1", "week:2020-11-23"): "done",
        ("bureau.proxy_parent", "c1", "since:2020-11-16"): None,
        ("bureau.proxy_parent", "c2", "since:2020-11-16"): "done",
    }


def test_a_message_that_comes_twice_has_one_effect(town):
    town.announce()
    town.approve(programme())
    town.reach(MONDAY)
    message = ChildChanged(children=(child("c1"),))
    town.tell(message, message)
    assert town.due() == [(TALK, "c1", "week:2020-11-23")]


def test_nothing_goes_out_when_the_transaction_does_not_commit(town, monkeypatch):
    def fail(*_arguments, **_more):
        raise RuntimeError("the power went")

    town.announce()
    town.approve(programme())
    town.bring(*children(10))
    monkeypatch.setattr(planner, "announce", fail)
    with pytest.raises(planner.UnplannedError):
        planner.plan(town.database, MONDAY)
    assert town.ask(lambda session: session.scalar(select(func.count()).select_from(occurrence))) == 0
    monkeypatch.undo()
    town.database.migrate()
    assert town.ask(lambda session: session.scalar(select(func.count()).select_from(outbox))) == 0


@pytest.mark.parametrize(
    ("trigger", "period"),
    [(HolidayOffer(weeks=4, places=50), "holiday:2020-summer"), (EverySchoolWeek(every=12), "week:2020-06-29")],
)
def test_a_period_that_began_before_the_school_year_is_issued_in_an_installations_first_one(town, trigger, period):
    spring = Term(first=date(2020, 2, 10), last=date(2020, 7, 4))
    town.announce(SchoolCalendar(terms=(spring, TERM)))
    town.approve(programme(trigger=trigger), since=date(2020, 8, 24))
    town.bring(child("c1", entered_on=spring.first))
    town.reach(TERM.first)
    assert town.periods("c1") == [period]


def test_a_programme_that_cannot_be_planned_keeps_no_other_from_being_planned_said_and_closed(town, monkeypatch):
    def fail_for_some(session, calendar, owed, subjects, span):
        if owed.programme.code == "bureau.a":
            raise RuntimeError("one that nobody foresaw")
        return batches(session, calendar, owed, subjects, span)

    step = Step(after=1, to="bureau")
    town.announce()
    town.approve(programme("bureau.a"), programme(escalation=(step,)))
    town.bring(child("c1"))
    monkeypatch.setattr(planner, "batches", fail_for_some)
    for day in (MONDAY, MONDAY + WEEK):
        stand_on(day)
        with pytest.raises(planner.UnplannedError):
            tick()
    assert town.tasks() == {(TALK, "c1", "week:2020-11-23"): "missed", (TALK, "c1", "week:2020-11-30"): None}
    assert [(each.period, each.to) for each in town.messages() if isinstance(each, TaskOverdue)] == [
        ("week:2020-11-23", "bureau")
    ]
    monkeypatch.undo()
    town.database.migrate()
    tick()
    assert len(town.tasks()) == 4


def test_due_messages_are_the_class_that_agencies_read(town):
    town.announce()
    town.approve(programme())
    town.bring(child("c1"))
    town.reach(MONDAY)
    assert [type(each) for each in town.messages()] == [TaskDue]
    assert date.fromisoformat(town.messages()[0].period.removeprefix("week:")) == MONDAY
