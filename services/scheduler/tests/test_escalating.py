"""Escalation: what nobody has done is said step by step to those further up, each step once, and never what was past already."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Barrier

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, select

from hongzhu.calendar import NOT_ANNOUNCED, Holiday, SchoolCalendar
from hongzhu.clock import stand_on
from hongzhu.messages import Evidence, EvidenceFiled, Happened, SubjectEvent, TaskOverdue
from hongzhu.programme import Days, EverySchoolWeek, OnEvent, SchoolWeeks, Step
from hongzhu.testing.examples import CALENDAR, MONDAY, TERM, child, children, programme, standing
from hongzhu_scheduler.escalating import escalate, is_waiting, step_day
from hongzhu_scheduler.models import run
from hongzhu_scheduler.service import tick

DAY = timedelta(days=1)
WEEK = timedelta(days=7)
SUNDAY = MONDAY + 6 * DAY
STEPS = (
    Step(after=1, to="class_teacher"),
    Step(after=3, to="school_coordinator"),
    Step(after=SchoolWeeks(school_weeks=1), to="bureau"),
)
FRIENDLY = EverySchoolWeek(grace=SchoolWeeks(school_weeks=1))


def go_to(day: date) -> None:
    stand_on(day)
    tick()


def said(town, since=0):
    return [
        (each.step, each.to, sorted(each.subjects)) for each in town.messages()[since:] if isinstance(each, TaskOverdue)
    ]


@pytest.fixture
def owed(town):
    """Give a town in which three children are owed a talk this week, with three steps when there is none."""
    town.announce()
    town.approve(programme(escalation=STEPS, trigger=FRIENDLY))
    town.bring(child("c1"), child("c2"), child("c3"))
    go_to(MONDAY)
    return town


def test_each_step_is_said_on_its_school_day_of_those_that_nothing_was_done_for(owed):
    owed.file("c1", MONDAY)
    go_to(SUNDAY)
    assert said(owed) == []
    go_to(SUNDAY + DAY)
    assert said(owed) == [(1, "class_teacher", ["c2", "c3"])]
    owed.file("c2", SUNDAY + DAY)
    go_to(SUNDAY + 2 * DAY)
    assert len(said(owed)) == 1
    go_to(SUNDAY + 3 * DAY)
    assert said(owed)[1:] == [(2, "school_coordinator", ["c3"])]
    go_to(SUNDAY + 7 * DAY)
    assert said(owed)[2:] == [(3, "bureau", ["c3"])]
    [first, *_] = [each for each in owed.messages() if isinstance(each, TaskOverdue)]
    assert (first.due_on, first.period, first.routing_key) == (SUNDAY, "week:2020-11-23", "task.overdue.v1.bureau")


def test_a_step_is_said_once_however_often_it_is_looked_at(owed):
    go_to(SUNDAY + DAY)
    before = owed.messages()
    for _ in range(3):
        go_to(SUNDAY + DAY)
    assert owed.messages() == before


def test_what_was_missed_is_said_like_what_can_still_be_done_late(town):
    town.announce()
    town.approve(programme(escalation=STEPS[:2]))
    town.bring(child("c1"))
    go_to(MONDAY)
    go_to(SUNDAY + 3 * DAY)
    assert town.tasks()["bureau.talk", "c1", "week:2020-11-23"] == "missed"
    assert [step for step, *_ in said(town)] == [1, 2]


def test_after_an_outage_what_was_over_is_not_escalated_and_the_rest_counts_from_the_day_it_was_issued(town):
    town.announce()
    town.bring(child("c1", has_proxy_parent=False))
    town.approve(programme(escalation=STEPS), standing(escalation=STEPS))
    back = MONDAY + 3 * WEEK
    go_to(back)
    weeks = [state for (code, _, _), state in town.tasks().items() if code == "bureau.talk"]
    assert sorted(map(str, weeks)) == ["None", "missed", "missed", "missed"]
    assert said(town) == []
    go_to(back + DAY)
    assert said(town) == [(1, "class_teacher", ["c1"])]
    [message] = [each for each in town.messages() if isinstance(each, TaskOverdue)]
    assert message.programme == "bureau.proxy_parent"


def test_a_condition_that_is_over_is_escalated_no_further(town):
    town.announce()
    town.approve(standing(escalation=STEPS))
    town.bring(child("c1", has_proxy_parent=False))
    go_to(MONDAY)
    town.bring(child("c1", version=2, has_proxy_parent=True))
    go_to(MONDAY + 3 * WEEK)
    assert said(town) == []


def test_a_step_beyond_the_calendar_waits_for_the_next_one(town):
    last = SchoolCalendar(terms=(TERM.model_copy(update={"last": SUNDAY + 2 * DAY}),))
    town.announce(last)
    town.approve(programme(escalation=STEPS[1:2], trigger=FRIENDLY))
    town.bring(child("c1"))
    go_to(MONDAY)
    go_to(SUNDAY + 3 * DAY)
    assert said(town) == []
    town.announce(CALENDAR, version=2)
    tick()
    assert said(town) == [(1, "school_coordinator", ["c1"])]


def test_it_is_said_in_batches_of_one_school(town):
    town.announce()
    town.approve(programme(escalation=STEPS, trigger=FRIENDLY))
    town.bring(*children(310))
    go_to(MONDAY)
    go_to(SUNDAY + DAY)
    found = [each for each in town.messages() if isinstance(each, TaskOverdue)]
    assert sorted(who for each in found for who in each.subjects) == sorted(each.id for each in children(310))
    for each in found:
        assert {who.school_id for who in children(310) if who.id in each.subjects} == {each.school_id}


def test_a_step_and_what_says_it_stay_or_go_together(owed, monkeypatch):
    def die(*_: object) -> None:
        raise SystemExit

    stand_on(SUNDAY + DAY)
    with monkeypatch.context() as patch:
        patch.setattr("hongzhu_scheduler.escalating._wait", die)
        with pytest.raises(SystemExit):
            tick()
    assert said(owed) == []
    tick()
    assert len(said(owed)) == 1


@pytest.mark.postgres
def test_schedulers_at_work_at_once_say_each_step_once(postgres_town):
    town = postgres_town
    town.announce()
    town.approve(*(programme(f"bureau.p{number}", escalation=STEPS, trigger=FRIENDLY) for number in range(40)))
    town.bring(*children(30))
    go_to(MONDAY)
    stand_on(SUNDAY + 3 * DAY)
    together = Barrier(4)

    def work(_: int) -> None:
        together.wait()
        escalate(town.database, SUNDAY + 3 * DAY)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    told = [
        (each.programme, each.step, who)
        for each in town.messages()
        if isinstance(each, TaskOverdue)
        for who in each.subjects
    ]
    lost, dup = 40 * 2 * 30 - len(set(told)), len(told) - len(set(told))
    print(f"steps={40 * 2} lost={lost} dup={dup}")
    assert (lost, dup) == (0, 0)


def test_where_there_is_nothing_to_do_one_statement_finds_out(owed):
    go_to(SUNDAY + DAY)
    statements: list[str] = []
    event.listen(owed.database.engine, "before_cursor_execute", lambda *seen: statements.append(seen[2]))
    tick()
    assert len([each for each in statements if each.startswith("SELECT")]) == 1
    assert not owed.ask(lambda session: session.scalar(select(is_waiting(SUNDAY + DAY))))
    assert owed.ask(lambda session: session.scalars(select(run.c.look_on)).all())


spans = (
    st.integers(0, 20)
    | st.integers(0, 30).map(lambda n: Days(days=n))
    | st.integers(0, 4).map(lambda n: SchoolWeeks(school_weeks=n))
)
days = st.integers(-40, 40).map(lambda n: MONDAY + n * DAY)
OFF = SchoolCalendar(terms=(TERM,), holidays=(Holiday(name="h", first=MONDAY, last=MONDAY + 3 * DAY),))


@given(spans, days, days)
def test_a_step_comes_after_the_due_day_and_never_before_anybody_could_know(span, due_on, issued_on):
    told = step_day(OFF, due_on, issued_on, Step(after=span, to="bureau"))
    assert told > due_on
    assert told >= issued_on
    if told < NOT_ANNOUNCED and isinstance(span, int) and span:
        assert OFF.is_school_day(told)
        assert len(OFF.days.between(max(due_on, issued_on) + DAY, told)) == span


def test_an_answer_resolves_the_task_of_its_own_event_and_no_other_of_the_subjects(town):
    town.announce()
    waits = OnEvent(event="mandatory_report", due_after=Days(days=1))
    asked = {"subject": "agency", "trigger": waits, "resolved_by": "mandatory_report_answered", "assignee": "agency"}
    town.approve(programme("police.harm_answer", escalation=STEPS[2:], **asked))
    go_to(MONDAY)
    for each in ("r1", "r2"):
        happened = (Happened(subject_id="police"),)
        town.tell(SubjectEvent(event=each, kind="mandatory_report", occurred_on=MONDAY, subjects=happened))
    answer = Evidence(id="r1", kind="mandatory_report_answered", subject_id="police", done_on=MONDAY)
    town.tell(EvidenceFiled(evidence=(answer,)))
    assert {period: state for (_, _, period), state in town.tasks().items()} == {"event:r1": "done", "event:r2": None}
    go_to(MONDAY + 3 * WEEK)
    assert [(each.period, each.to) for each in town.messages() if isinstance(each, TaskOverdue)] == [
        ("event:r2", "bureau")
    ]
