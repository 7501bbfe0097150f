"""Each kind of trigger, told as a short story; test_year.py holds all of them to the oracle."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from itertools import pairwise
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from hongzhu import clock
from hongzhu.calendar import NOT_ANNOUNCED, Holiday, SchoolCalendar, SchoolException, Term
from hongzhu.clock import stand_on
from hongzhu.messages import Happened, SubjectEvent, TaskDue
from hongzhu.programme import (
    Days,
    EveryMonth,
    EverySchoolWeek,
    HolidayOffer,
    OncePer,
    OnEvent,
    Rota,
    SchoolWeeks,
    Several,
    Standing,
    where,
)
from hongzhu.testing.examples import MONDAY, child, programme, school, standing
from hongzhu_scheduler import planner
from hongzhu_scheduler.commands import plan as plan_command
from hongzhu_scheduler.models import marker, occurrence

DAY = timedelta(days=1)
AUTUMN = Term(first=date(2020, 9, 1), last=date(2021, 1, 29))
SPRING = Term(first=date(2021, 2, 22), last=date(2021, 7, 9))
NEXT = Term(first=date(2021, 9, 1), last=date(2022, 1, 21))
AFTER = Term(first=date(2022, 2, 21), last=date(2022, 7, 8))
YEARS = SchoolCalendar(terms=(AUTUMN, SPRING, NEXT, AFTER))


def periods(town, code="bureau.talk"):
    return sorted({period for programme_code, _who, period in town.tasks() if programme_code == code})


def through(town, first, last, step=1):
    while first <= last:
        town.reach(first)
        first += step * DAY


def happen(town, event_id, day, *subjects, amount=None, kind="assessment_drop"):
    happened = tuple(Happened(subject_id=each, amount=amount) for each in subjects)
    town.tell(SubjectEvent(event=event_id, kind=kind, occurred_on=day, subjects=happened))


def test_every_two_weeks_is_once_in_each_fortnight_and_an_edited_term_moves_none(town):
    town.announce(YEARS)
    town.approve(programme(trigger=EverySchoolWeek(every=2)), since=AUTUMN.first)
    town.bring(child("c1"))
    through(town, AUTUMN.first, MONDAY)
    before = periods(town)
    assert [date.fromisoformat(each[5:]).toordinal() // 7 % 2 for each in before] == [0] * 7
    moved = AUTUMN.model_copy(update={"first": AUTUMN.first - 7 * DAY})
    town.announce(YEARS.model_copy(update={"terms": (moved, SPRING, NEXT, AFTER)}), version=2)
    town.reach(MONDAY)
    assert periods(town) == before


def test_the_first_two_school_weeks_and_the_last_ten_school_days_of_a_term(town):
    town.announce(YEARS)
    first = programme("a.first", subject="school", trigger=OncePer(period="term", due=SchoolWeeks(school_weeks=2)))
    last = programme("a.last", subject="school", trigger=OncePer(period="term", opens=-10, grace=5))
    town.approve(first, last, since=AUTUMN.first)
    town.bring(school("s1"))
    town.reach(AUTUMN.first)
    assert town.windows() == {"term:2020-1": (AUTUMN.first, date(2020, 9, 13))}
    through(town, MONDAY, SPRING.first, 7)
    assert periods(town, "a.last") == ["term:2020-1"]
    opened = [each for each in town.messages() if isinstance(each, TaskDue) and each.programme == "a.last"]
    assert [each.window for each in opened] == [(date(2021, 1, 18), AUTUMN.last, date(2021, 2, 26))]


def test_what_was_over_before_it_was_approved_is_never_owed(town):
    town.announce(YEARS)
    town.approve(programme(trigger=OncePer(period="term", due=SchoolWeeks(school_weeks=2))), since=MONDAY)
    town.bring(child("c1"))
    town.reach(MONDAY)
    assert town.tasks() == {}


def test_once_a_school_year_is_due_at_its_end_when_that_is_announced(town):
    town.announce(SchoolCalendar(terms=(AUTUMN,)))
    town.approve(programme(trigger=OncePer(period="school_year")), since=AUTUMN.first)
    town.bring(child("c1"))
    town.reach(MONDAY)
    assert town.windows() == {"year:2020": (AUTUMN.first, NOT_ANNOUNCED)}
    town.reach(AUTUMN.last + 10 * DAY)
    town.announce(YEARS, version=2)
    town.reach(AUTUMN.last + 11 * DAY)
    assert town.windows() == {"year:2020": (AUTUMN.first, SPRING.last)}
    assert [each.due_on for each in town.messages() if isinstance(each, TaskDue)] == [NOT_ANNOUNCED, SPRING.last]


def test_a_day_that_is_not_announced_makes_nobody_late(town):
    town.announce(SchoolCalendar(terms=(AUTUMN,)))
    town.approve(standing(trigger=Standing(due_after=10, grace=5)), since=AUTUMN.last - DAY)
    town.bring(child("c1", has_proxy_parent=False), child("c2", has_proxy_parent=False))
    town.reach(AUTUMN.last)
    town.reach(SPRING.first + 30 * DAY)
    assert set(town.tasks().values()) == {None}
    town.file("c1", SPRING.first + 20 * DAY, kind="pairing")
    assert town.closed()[0][1] == "done"
    town.announce(YEARS, version=2)
    # Ten school days after the condition began are long over; nothing falls due before the day it became known.
    assert town.windows()[f"since:{AUTUMN.last - DAY}"][1] == SPRING.first + 30 * DAY
    town.reach(SPRING.first + 60 * DAY)
    assert sorted(filter(None, town.tasks().values())) == ["done", "missed"]


def test_each_month_with_school_in_it(town):
    town.announce(YEARS)
    town.approve(programme(subject="city", trigger=EveryMonth()), since=AUTUMN.first)
    through(town, AUTUMN.first, SPRING.last + 30 * DAY, 5)
    assert periods(town) == [f"month:2020-{n:02}" for n in range(9, 13)] + [f"month:2021-{n:02}" for n in range(1, 8)]
    assert {who for _code, who, _period in town.tasks()} == {"city"}


def test_a_summer_offer_is_its_agencys_in_the_holiday_between_two_terms(town):
    town.announce(YEARS)
    offer = HolidayOffer(weeks=4, places=40, due=Days(days=28))
    town.approve(programme("union.summer_class", subject="agency", trigger=offer), since=AUTUMN.first)
    town.reach(SPRING.last)
    assert town.tasks() == {}
    town.reach(SPRING.last + DAY)
    assert list(town.tasks()) == [("union.summer_class", "union", "holiday:2021-summer")]
    assert town.windows() == {"holiday:2021-summer": (SPRING.last + DAY, SPRING.last + 28 * DAY)}


def test_a_drop_of_as_many_points_as_the_programme_says_is_due_within_its_school_days(town):
    town.announce(YEARS)
    town.approve(programme(trigger=OnEvent(event="assessment_drop", at_least=15, due_after=3)))
    town.bring(child("c1"), child("c2"), child("c3", school_id="s2"))
    town.reach(MONDAY)
    happen(town, "drop-1", MONDAY, "c1", "c3", amount=15)
    happen(town, "drop-1", MONDAY, "c2", amount=14.5)
    happen(town, "r1", MONDAY, "c2", kind="referral")
    assert {who for _code, who, _period in town.tasks()} == {"c1", "c3"}
    assert town.windows() == {"event:drop-1": (MONDAY, MONDAY + 3 * DAY)}
    # Another subject, read later, fell further; the same again changes nothing.
    happen(town, "drop-1", MONDAY, "c2", amount=20)
    happen(town, "drop-1", MONDAY, "c2", amount=20)
    happen(town, "drop-1", MONDAY, "c2", amount=1)
    assert sorted(who for _code, who, _period in town.due()) == ["c1", "c2", "c3"]


def test_an_event_may_be_known_before_its_child_and_its_programme(town):
    happen(town, "r1", MONDAY, "c1", kind="referral")
    town.announce(YEARS)
    town.reach(MONDAY)
    town.approve(programme(trigger=OnEvent(event="referral")))
    town.reach(MONDAY + DAY)
    town.bring(child("c1"))
    assert list(town.tasks()) == [("bureau.talk", "c1", "event:r1")]


def test_a_plan_is_made_when_a_concern_arises_and_reviewed_each_term(town):
    reviewed = Several(of=(Standing(due_after=5), OncePer(period="term", opens=-10)))
    town.announce(YEARS)
    town.approve(programme(eligible=where("academic_concern", True), trigger=reviewed), since=AUTUMN.first)
    town.bring(child("c1", academic_concern=False))
    town.reach(MONDAY)
    town.bring(child("c1", version=2, academic_concern=True))
    town.reach(AUTUMN.last)
    assert periods(town) == ["since:2020-11-23", "term:2020-1"]
    # A review that is open is no episode: the next concern opens one all the same.
    town.file("c1", MONDAY + DAY)
    town.bring(child("c1", version=3, academic_concern=False))
    stand_on(SPRING.first)
    town.bring(child("c1", version=4, academic_concern=True))
    town.reach(SPRING.first)
    assert periods(town) == ["since:2020-11-23", "since:2021-02-22", "term:2020-1"]


def turns(town):
    of_period = {period: who for _code, who, period in town.tasks()}
    return [of_period[each] for each in sorted(of_period)]


def test_a_rota_goes_round_over_the_years_before_anybody_has_a_second_turn(town):
    schools = [f"s{number}" for number in range(8)]
    town.announce(YEARS)
    town.approve(programme(subject="school", trigger=Rota(times=6)), since=AUTUMN.first)
    town.bring(*(school(each) for each in schools))
    through(town, AUTUMN.first, AFTER.last, 7)
    assert turns(town) == [*schools, *schools[:4]]
    opens = sorted(window for window in town.windows().values())
    gaps = [(later[0] - earlier[0]).days for earlier, later in pairwise(opens[:6])]
    assert all(40 <= gap <= 80 for gap in gaps), gaps  # the winter holidays lie in the longest


def test_a_new_school_comes_next_and_one_that_left_has_no_turn(town):
    town.announce(YEARS)
    town.approve(programme(subject="school", trigger=Rota(times=6)), since=AUTUMN.first)
    town.bring(school("s1"), school("s2"))
    through(town, AUTUMN.first, date(2020, 12, 20), 7)
    town.bring(school("s0"), school("s1", version=2, present=False))
    through(town, date(2020, 12, 20), SPRING.last, 7)
    assert turns(town) == ["s1", "s2", "s1", "s0", "s2", "s0"]


def test_turns_of_the_city_are_all_its_own(town):
    town.announce(YEARS)
    town.approve(programme(subject="city", trigger=Rota(times=3)), since=AUTUMN.first)
    through(town, AUTUMN.first, SPRING.last, 7)
    assert [period for _code, _who, period in sorted(town.tasks())] == ["turn:2020/1", "turn:2020/2", "turn:2020/3"]


def test_planners_at_once_give_each_turn_to_one_school(postgres_town):
    town = postgres_town
    town.announce(YEARS)
    codes = [f"bureau.r{number}" for number in range(4)]
    town.approve(*(programme(code, subject="school", trigger=Rota(times=6)) for code in codes), since=AUTUMN.first)
    town.bring(*(school(f"s{number}") for number in range(40)))
    # One part each: of planners at once, no two may give the same turn.
    parts_of = town.ask(lambda session: session.scalars(select(marker.c.programme)).all())
    assert sorted(parts_of) == codes
    start = threading.Barrier(4)

    def plan_with_the_others(_number):
        start.wait(30)
        planner.plan(town.database, SPRING.last)

    with ThreadPoolExecutor(4) as planners:
        list(planners.map(plan_with_the_others, range(4)))
    given = [(code, period) for code, _who, period in town.tasks()]
    assert sorted(given) == [(code, f"turn:2020/{number}") for code in codes for number in range(1, 7)]


def test_a_school_with_days_off_counts_its_own_days(town):
    off = SchoolException(school_id="s1", first=MONDAY, last=MONDAY + 2 * DAY)
    town.announce(YEARS.model_copy(update={"exceptions": (off,)}))
    town.approve(programme(trigger=EverySchoolWeek(due=2)), standing())
    town.bring(*(child(f"c-{each}", school_id=each, has_proxy_parent=False) for each in ("s1", "s2", "s3")))
    town.reach(MONDAY)
    due = {(who, each.period): each.due_on for each in town.messages() for who in each.subjects}
    assert due["c-s2", "week:2020-11-23"] == due["c-s3", "week:2020-11-23"] == MONDAY + DAY
    assert due["c-s1", "week:2020-11-23"] == MONDAY + 4 * DAY
    assert due["c-s1", "since:2020-11-23"] - due["c-s2", "since:2020-11-23"] == 2 * DAY


def test_tuning_moves_what_is_not_yet_due_and_nothing_else(town):
    town.announce(YEARS)
    town.approve(programme(), since=MONDAY)
    town.bring(child("c1"))
    town.reach(MONDAY)
    town.approve(programme(trigger=EverySchoolWeek(due=5)), version=2, since=MONDAY + 2 * DAY)
    town.bring(child("late"))  # the week that is under way is ruled by what ruled when it began
    town.reach(MONDAY + 7 * DAY)
    assert town.windows() == {
        "week:2020-11-23": (MONDAY, MONDAY + 6 * DAY),
        "week:2020-11-30": (MONDAY + 7 * DAY, MONDAY + 11 * DAY),
    }
    assert len(town.tasks()) == len(town.due()) == 4


def test_what_a_version_still_owed_is_issued_under_it_though_a_newer_one_came_first(town):
    town.announce(YEARS)
    town.bring(child("c1"))
    newer = programme(trigger=EverySchoolWeek(due=5))
    town.approve(newer, version=2, since=MONDAY + 7 * DAY)
    town.approve(programme(), version=1, since=MONDAY)
    town.reach(MONDAY + 14 * DAY)
    versions = {each.period: each.version for each in town.messages() if isinstance(each, TaskDue)}
    assert versions == {"week:2020-11-23": 1, "week:2020-11-30": 2, "week:2020-12-07": 2}


def test_a_calendar_edited_later_renames_nothing_and_moves_nothing_that_was_issued(town):
    town.announce(YEARS)
    kinds = [EverySchoolWeek(every=2), OncePer(period="term"), OncePer(period="school_year"), EveryMonth()]
    for number, trigger in enumerate(kinds):
        town.approve(programme(f"a.p{number}", trigger=trigger), since=AUTUMN.first)
    town.approve(programme("a.rota", subject="school", trigger=Rota(times=6)), since=AUTUMN.first)
    town.bring(child("c1"), school("s1"))
    town.reach(MONDAY)
    before, windows = set(town.tasks()), town.windows()
    edited = AUTUMN.model_copy(update={"first": date(2020, 9, 7), "last": date(2021, 1, 15)})
    town.announce(SchoolCalendar(terms=(edited, SPRING), holidays=(Holiday(first=MONDAY, last=MONDAY + 6 * DAY),)), 2)
    town.reach(MONDAY)
    assert set(town.tasks()) == before
    assert town.windows() == windows


@pytest.mark.parametrize("jump", [timedelta(hours=1), timedelta(hours=-1), DAY, -DAY], ids=str)
def test_a_clock_that_jumps_makes_the_same_tasks(town, jump, monkeypatch):
    """Every few days the clock jumps and comes back; what is issued in the end is what a steady clock issues."""
    town.announce(YEARS)
    town.approve(programme(), standing(), programme("a.rota", subject="school", trigger=Rota(times=6)))
    town.bring(child("c1", has_proxy_parent=False), school("s1"), school("s2"))
    real = clock.now
    for number in range(30):
        stand_on(MONDAY + number * DAY)
        for shift in (timedelta(), jump, timedelta()):
            monkeypatch.setattr(clock, "now", lambda shift=shift: real() + shift)
            planner.plan(town.database, clock.today())
        monkeypatch.setattr(clock, "now", real)
    jumped = set(town.tasks())
    weeks = {("bureau.talk", "c1", f"week:{MONDAY + 7 * n * DAY}") for n in range(5)}
    assert jumped == weeks | {
        ("bureau.proxy_parent", "c1", "since:2020-11-23"),
        ("a.rota", "s1", "turn:2020/2"),
        ("a.rota", "s2", "turn:2020/3"),
    }
    assert sorted(town.due()) == sorted(jumped)


@pytest.mark.parametrize("host", ["UTC", "America/Los_Angeles", "Pacific/Kiritimati"])
@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date(2024, 2, 19), date(2024, 3, 10)),
        (date(1986, 4, 28), date(1986, 5, 18)),
        (date(1991, 9, 2), date(1991, 9, 22)),
    ],
    ids=["leap day", "summer time begins", "summer time ends"],
)
def test_the_host_s_zone_and_shanghai_s_summer_time_change_no_task(town, configure, monkeypatch, host, first, last):
    monkeypatch.setenv("TZ", host)
    __import__("time").tzset()
    town.announce(SchoolCalendar(terms=(Term(first=first, last=last),)))
    town.approve(programme(trigger=EverySchoolWeek(due=5)), standing(trigger=Standing(due_after=12)), since=first)
    town.bring(child("c1", entered_on=first, has_proxy_parent=False))
    shanghai = ZoneInfo("Asia/Shanghai")
    day = first
    while day <= last:
        # An hour before and after local midnight: the day that counts is Shanghai's.
        for hour in (0, 23):
            moment = clock.datetime(day.year, day.month, day.day, hour, 30, tzinfo=shanghai)
            monkeypatch.setattr(clock, "now", lambda moment=moment: moment.astimezone(clock.UTC))
            monkeypatch.setattr(clock, "offset", timedelta)
            assert clock.today() == day
            planner.plan(town.database, clock.today())
        day += DAY
    monkeypatch.undo()
    __import__("time").tzset()
    assert [due - opens for opens, due in sorted(town.windows().values()) if due < NOT_ANNOUNCED]
    assert periods(town) == [f"week:{first + 7 * n * DAY}" for n in range(3)]
    assert periods(town, "bureau.proxy_parent") == [f"since:{first}"]


def test_the_plan_names_what_is_due_and_says_what_is_not_announced(town, monkeypatch):
    from hongzhu_scheduler import commands

    town.announce(SchoolCalendar(terms=(AUTUMN,)))
    town.approve(programme("bureau.talk"), programme("police.talk", subject="school", trigger=Rota(times=6)))
    town.bring(child("c1"), school("s1"))
    monkeypatch.setattr(commands.runtime, "services", list)
    agency = SimpleNamespace(name="bureau", agency=lambda: SimpleNamespace(title="市教育局"))
    monkeypatch.setattr(commands.runtime, "agencies", lambda: [agency])

    def told(day, *options):
        answer = CliRunner().invoke(plan_command, ["--date", str(day), "--dry-run", *options])
        assert answer.exit_code == 0, answer.output
        return answer.output

    answer = json.loads(told(MONDAY, "--json"))
    assert (answer["announced"], answer["due"], answer["issued"]) == (True, 2, 2)
    assert [(each["agency"], each["programme"], each["school"], each["due"]) for each in answer["counts"]] == [
        ("bureau", "bureau.talk", "s1", 1),
        ("police", "police.talk", "s1", 1),
    ]
    assert "市教育局" in told(MONDAY)
    assert "bureau.talk" not in told(MONDAY)
    assert json.loads(told(AUTUMN.last + 30 * DAY, "--json"))["announced"] is False
    assert "未公布" in told(AUTUMN.last + 30 * DAY)
    assert town.ask(lambda session: session.scalars(select(occurrence.c.period)).all()) == []
