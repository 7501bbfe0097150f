"""The engine's tasks and windows are those of an oracle that knows nothing of it, whatever is told in whatever order."""

import os
import random
from datetime import date, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from hongzhu.calendar import Holiday, MakeUp, SchoolCalendar, SchoolException, Term
from hongzhu.clock import stand_on
from hongzhu.messages import Happened, ProgrammeChanged, SubjectEvent
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
from hongzhu.rehearsal.states import StateOracle
from hongzhu.testing.examples import child, programme, school
from hongzhu_scheduler.models import occurrence, run
from hongzhu_scheduler.planner import plan

DAY = timedelta(days=1)
BEGIN = date(2020, 8, 24)
LONG = 330
CODES = ("a.one", "b.two")
SCHOOLS = ("s1", "s2", "s3")

SPANS = st.one_of(
    st.integers(0, 8), st.builds(SchoolWeeks, school_weeks=st.integers(0, 3)), st.builds(Days, days=st.integers(0, 9))
)
CUTS = st.one_of(
    st.none(),
    st.integers(-8, 8),
    st.builds(SchoolWeeks, school_weeks=st.integers(-3, 3)),
    st.builds(Days, days=st.integers(-9, 9)),
)
GRACES = st.one_of(st.none(), SPANS)
WINDOW: dict[str, Any] = {"opens": CUTS, "due": CUTS, "grace": GRACES}
FROM_DAY: dict[str, Any] = {"due_after": SPANS, "grace": GRACES}
PERIODS = st.sampled_from(["term", "school_year"])
OF_CHILDREN: list[st.SearchStrategy[Any]] = [
    st.builds(EverySchoolWeek, every=st.integers(1, 4), **WINDOW),
    st.builds(OncePer, period=PERIODS, **WINDOW),
    st.builds(EveryMonth, **WINDOW),
    st.builds(
        HolidayOffer, season=st.sampled_from(["summer", "winter"]), weeks=st.just(4), places=st.just(40), **WINDOW
    ),
    st.builds(Standing, **FROM_DAY),
    st.builds(OnEvent, event=st.just("drop"), at_least=st.sampled_from([None, 15, 20]), **FROM_DAY),
]
ROTA = st.builds(Rota, times=st.integers(1, 6), period=PERIODS, **WINDOW)
# Those that depend on what happened come as often as those of the calendar, of which a year makes many more tasks.
BY_CALENDAR, BY_FACTS = st.one_of(OF_CHILDREN[:4]), st.one_of(OF_CHILDREN[4:])
SEVERAL = st.builds(Several, of=st.tuples(BY_FACTS, BY_CALENDAR))
TRIGGERS = {
    "child": st.one_of(BY_CALENDAR, BY_FACTS, SEVERAL),
    "school": st.one_of(ROTA, BY_CALENDAR, BY_FACTS, st.builds(Several, of=st.tuples(ROTA, BY_FACTS))),
}


@st.composite
def calendars(draw: st.DrawFn) -> SchoolCalendar:
    autumn = Term(
        first=date(2020, 8, 28) + draw(st.integers(0, 9)) * DAY, last=date(2021, 1, 10) + draw(st.integers(0, 20)) * DAY
    )
    spring = Term(
        first=date(2021, 2, 15) + draw(st.integers(0, 14)) * DAY, last=date(2021, 7, 1) + draw(st.integers(0, 14)) * DAY
    )
    days = st.integers(0, LONG).map(lambda number: BEGIN + number * DAY)

    def spans(kind: Any, most: int, **more: Any) -> Any:
        made = st.tuples(days, st.integers(0, most)).map(
            lambda drawn: kind(first=drawn[0], last=drawn[0] + drawn[1] * DAY, **more)
        )
        return tuple(draw(st.lists(made, max_size=2)))

    return SchoolCalendar(
        terms=(autumn, spring) if draw(st.booleans()) else (autumn,),
        holidays=spans(Holiday, 12),
        make_ups=spans(MakeUp, 1),
        exceptions=spans(SchoolException, 9, school_id="s1"),
    )


@st.composite
def stories(draw: st.DrawFn) -> list[tuple[int, str, Any]]:
    """A year in acts, each on a day."""
    when = st.integers(0, LONG)
    subjects = {code: draw(st.sampled_from(["child", "school"])) for code in CODES}
    told: list[tuple[int, str, Any]] = [(0, "calendar", draw(calendars()))]
    for code, subject in subjects.items():
        rule = where("boarding", True) if draw(st.booleans()) else None
        for version in range(1, 1 + draw(st.integers(1, 3))):
            day = draw(st.integers(0, 30)) if version == 1 else draw(when)
            suspended = version > 1 and draw(st.integers(0, 5)) == 5
            told.append((day, "programme", (code, subject, rule, draw(TRIGGERS[subject]), suspended)))
    for _ in range(draw(st.integers(0, 2))):
        told.append((draw(when), "calendar", draw(calendars())))
    for name in ("c1", "c2", "c3"):
        for place in range(draw(st.integers(1, 3))):
            facts = (
                draw(st.sampled_from(SCHOOLS)),
                draw(st.sampled_from([True, True, False, None])),
                draw(st.integers(0, 5)) > 0,
            )
            told.append((draw(when) if place else draw(st.integers(0, 40)), "child", (name, *facts)))
    for name in SCHOOLS:
        told.append((draw(st.integers(0, 20)), "school", (name, draw(st.sampled_from([True, True, None])))))
    for _ in range(draw(st.integers(0, 6))):
        subject = draw(st.sampled_from(["c1", "c2", "s1"]))
        told.append(
            (draw(when), "event", (draw(st.integers(0, 20)), subject, draw(st.sampled_from([None, 10, 15, 20]))))
        )
    for _ in range(draw(st.integers(2, 8))):
        told.append((draw(when), "plan", None))
    return sorted([*told, (LONG, "plan", None)], key=lambda act: act[0])


def play(town: Any, story: list[tuple[int, str, Any]], seed: int) -> StateOracle:
    """Tell the engine and the oracle the same; the engine hears some of it twice, and old news again."""
    oracle, dice = StateOracle(), random.Random(seed)
    versions: dict[str, int] = {}
    heard: list[Any] = []

    def tell(message: Any) -> None:
        heard.append(message)
        for each in [message, *dice.sample(heard, k=dice.choice([0, 0, 0, 1]))]:
            town.tell(each)

    for number, kind, act in story:
        today = BEGIN + number * DAY
        stand_on(today)
        if kind == "plan":
            plan(town.database, today)
            oracle.plan(today)
            continue
        if kind == "event":
            ago, subject, amount = act
            event = f"e{number}-{ago}"
            tell(
                SubjectEvent(
                    event=event,
                    kind="drop",
                    occurred_on=today - ago * DAY,
                    subjects=(Happened(subject_id=subject, amount=amount),),
                )
            )
            oracle.happen(event, "drop", today - ago * DAY, subject, amount)
        else:
            name = kind if kind == "calendar" else act[0]
            version = versions[name] = versions.get(name, 0) + 1
            if kind == "calendar":
                from hongzhu.messages import CalendarChanged

                tell(CalendarChanged(version=version, calendar=act))
                oracle.announce(act, today)
            elif kind == "programme":
                code, subject, rule, trigger, suspended = act
                made = programme(code, subject=subject, trigger=trigger, **({"eligible": rule} if rule else {}))
                message = ProgrammeChanged(version=version, programme=made, effective_from=today, suspended=suspended)
                tell(message)
                oracle.versions.setdefault(code, {})[version] = message
            else:
                from hongzhu.messages import ChildChanged, SchoolChanged

                if kind == "child":
                    facts = child(name, version, act[1], boarding=act[2], present=act[3], entered_on=BEGIN + 5 * DAY)
                    tell(ChildChanged(children=(facts,)))
                else:
                    facts = school(name, version, boarding=act[1], entered_on=BEGIN)
                    tell(SchoolChanged(schools=(facts,)))
                oracle.know(facts, today)
        oracle.refresh(today)
        if oracle.latest > date.min:
            if kind in ("calendar", "programme"):  # the next tick is a second away, not weeks
                plan(town.database, today)
                oracle.plan(today)
            # Newcomers are planned on coming, as far as their programmes are.
            oracle.plan(oracle.latest)
    return oracle


def issued(town: Any) -> dict[tuple[str, str, str], tuple[date, date, date | None]]:
    columns = (occurrence.c.programme, occurrence.c.subject_id, occurrence.c.period)
    windows = (run.c.opens_on, run.c.due_on, run.c.grace_until)
    statement = select(*columns, *windows).join_from(occurrence, run, run.c.id == occurrence.c.run_id)
    rows = town.ask(lambda session: session.execute(statement).all())
    return {tuple(row[:3]): tuple(row[3:]) for row in rows}


def empty(town: Any) -> None:
    with town.database.transaction() as session:
        for table in town.database.metadata.sorted_tables:
            session.execute(table.delete())


def test_what_happened_after_the_last_planned_day_is_owed_whatever_an_earlier_version_waited_for(town):
    year = SchoolCalendar(terms=(Term(first=date(2020, 9, 1), last=date(2021, 7, 9)),))
    boards = where("boarding", True)
    story = [
        (0, "calendar", year),
        (0, "school", ("s1", True)),
        (1, "child", ("c1", "s1", False, True)),
        (10, "programme", ("b.two", "child", boards, Standing(due_after=8, grace=3), False)),
        (20, "programme", ("b.two", "child", boards, OnEvent(event="drop", due_after=2, grace=3), False)),
        (30, "child", ("c1", "s1", True, True)),
        (40, "plan", None),
        (50, "event", (5, "c1", 20)),
        (60, "plan", None),
    ]
    oracle = play(town, story, 0)
    assert list(oracle.issued) == [("b.two", "c1", "event:e50-5")]
    assert issued(town) == oracle.issued


EXAMPLES = {"sqlite": 30, "postgresql": 8}


def test_a_years_tasks_and_windows_are_the_oracles(town):
    many = EXAMPLES[town.database.engine.dialect.name] * int(os.environ.get("HONGZHU_PROVE_TIMES", "1"))

    @settings(max_examples=many, deadline=None, suppress_health_check=list(HealthCheck))
    @given(stories(), st.integers(0, 1000))
    def agree(story, seed):
        empty(town)
        oracle = play(town, story, seed)
        found = issued(town)
        assert found == oracle.issued
        assert sorted(town.due()) or not found

    agree()
