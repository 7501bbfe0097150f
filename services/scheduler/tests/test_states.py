"""Whatever is told, delivered twice, late, in another order or lost in a crash: every task stands as the oracle says."""

import os
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from sqlalchemy import select

from hongzhu.calendar import Holiday, SchoolCalendar
from hongzhu.clock import stand_on, today
from hongzhu.inbox import first_time
from hongzhu.messages import (
    CalendarChanged,
    ChildChanged,
    Evidence,
    EvidenceFiled,
    EvidenceWithdrawn,
    Excuse,
    ProgrammeChanged,
    TaskExcused,
    Withdrawn,
)
from hongzhu.period import week
from hongzhu.programme import Days, EverySchoolWeek, OncePer, Standing, where
from hongzhu.rehearsal.states import StateOracle
from hongzhu.testing.examples import CALENDAR, MONDAY, child, programme
from hongzhu_scheduler.ledger import state_on
from hongzhu_scheduler.models import inbox, occurrence, run
from hongzhu_scheduler.planner import plan, plan_all
from hongzhu_scheduler.service import service

DAY = timedelta(days=1)
CHILDREN = ("c1", "c2")
CODES = ("a.talk", "a.drill", "a.care", "a.visit")
NEAR = st.integers(-15, 15)
OFTEN = int(os.environ.get("HONGZHU_PROVE_TIMES", "1"))
MOST = {"sqlite": 12, "postgresql": 3}


def promised(code: str, due: int, *, lapses: bool, grace: int, talk: str = "talk") -> Any:
    """Give one of four programmes, tuned: a weekly one, one that requires a visit, a standing one, one of the term."""
    window = {"grace": Days(days=grace)}
    return {
        "a.talk": lambda: programme(
            code, trigger=EverySchoolWeek(due=Days(days=1 + due), **window), lapses=lapses, resolved_by=talk
        ),
        "a.drill": lambda: programme(
            code,
            trigger=EverySchoolWeek(**window),
            resolved_by="drill",
            requires=("visit",),
            eligible=where("boarding", True),
            lapses=lapses,
        ),
        "a.care": lambda: programme(
            code, trigger=Standing(due_after=Days(days=due)), resolved_by="care", eligible=where("boarding", True)
        ),
        "a.visit": lambda: programme(
            code,
            trigger=OncePer(period="term", opens=60, due=Days(days=80 + due), **window),
            resolved_by="visit",
            eligible=where("boarding", True, False),
            lapses=lapses,
        ),
    }[code]()


def machine(town: Any, empty: Any) -> type[RuleBasedStateMachine]:
    """Make a machine that tells the town and the oracle the same things."""

    class County(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            empty(town)
            self.oracle = StateOracle()
            self.waiting: list[Any] = []
            self.heard: list[Any] = []
            self.versions: dict[str, int] = {}
            stand_on(MONDAY)

        def later(self, name: str) -> int:
            self.versions[name] = self.versions.get(name, 0) + 1
            return self.versions[name]

        def said(self, message: Any) -> None:
            self.waiting.append(message)

        def deliver(self, message: Any, *, crash: bool = False) -> None:
            with town.database.transaction() as session:
                if first_time(session, inbox, message.id, message.topic):
                    service.consumers[type(message)](session, message)
                if crash:
                    session.rollback()
            if not crash:
                self.heard.append(message)
                self._tell_oracle(message)

        def _tell_oracle(self, message: Any) -> None:
            match message:
                case CalendarChanged():
                    if self.oracle.calendar is None or message.version > self.calendar_version:
                        self.calendar_version = message.version
                        self.oracle.announce(message.calendar, today())
                case ProgrammeChanged():
                    self.oracle.versions.setdefault(message.programme.code, {})[message.version] = message
                case ChildChanged():
                    self.oracle.know(message.children[0], today())
                case EvidenceFiled():
                    for each in message.evidence:
                        self.oracle.prove(each.id, each.subject_id, each.kind, each.done_on, each.version)
                case EvidenceWithdrawn():
                    for each in message.evidence:
                        self.oracle.prove(each.id, each.subject_id, each.kind, None, each.version)
                case TaskExcused():
                    for each in message.excuses:
                        self.oracle.excuse(each)
            self.oracle.refresh(today())
            if isinstance(message, CalendarChanged | ProgrammeChanged):
                self.tick()
            elif self.oracle.latest > date.min:
                self.oracle.plan(self.oracle.latest)

        @initialize(data=st.data())
        def begin(self, data: st.DataObject) -> None:
            self.deliver(CalendarChanged(version=self.later("calendar"), calendar=CALENDAR))
            for code in CODES:
                self.approve(code, data.draw(st.integers(0, 4)), True, 2, False, 0, "talk")
                self.deliver(self.waiting.pop())

        @rule(
            code=st.sampled_from(CODES),
            due=st.integers(0, 4),
            lapses=st.booleans(),
            grace=st.integers(0, 9),
            suspended=st.booleans(),
            ahead=st.sampled_from([0, 0, 1, 5, 9]),
            talk=st.sampled_from(["talk", "drill"]),
        )
        def approve(
            self, code: str, due: int, lapses: bool, grace: int, suspended: bool, ahead: int, talk: str
        ) -> None:  # hypothesis names them
            made = promised(code, due, lapses=lapses, grace=grace, talk=talk)
            version, since = self.later(code), today() + ahead * DAY
            # Told before another day comes, whether it is in force at once or from a day on.
            self.said(ProgrammeChanged(version=version, programme=made, effective_from=since, suspended=suspended))

        @rule(
            name=st.sampled_from(CHILDREN),
            school=st.sampled_from(["s1", "s2"]),
            boarding=st.sampled_from([True, True, False, None]),
            present=st.integers(0, 4),
        )
        def change(self, name: str, school: str, boarding: bool | None, present: int) -> None:
            facts = child(name, self.later(name), school, boarding=boarding, present=present > 0)
            self.said(ChildChanged(children=(facts,)))

        @rule(proof=st.integers(0, 5), name=st.sampled_from(CHILDREN), ago=NEAR, back=st.integers(0, 2))
        def prove(self, proof: int, name: str, ago: int, back: int) -> None:
            kind = ("talk", "drill", "care", "visit")[proof % 4]
            common = {"id": f"p{proof}", "kind": kind, "subject_id": name, "version": self.later(f"p{proof}{name}")}
            if back:
                self.said(EvidenceFiled(evidence=(Evidence(**common, done_on=today() - ago * DAY),)))
            else:
                self.said(EvidenceWithdrawn(evidence=(Withdrawn(**common),)))

        @rule(name=st.sampled_from(CHILDREN), weeks=st.integers(-2, 1), lifted=st.booleans())
        def excuse(self, name: str, weeks: int, lifted: bool) -> None:  # as above
            period = week(today() + weeks * 7 * DAY)
            one = f"x-{name}-{period}"
            said = Excuse(
                id=one, version=self.later(one), subject_id=name, programme="a.talk", period=period, lifted=lifted
            )
            self.said(TaskExcused(excuses=(said,)))

        @rule(name=st.sampled_from(CHILDREN), ago=NEAR, long=st.none() | st.integers(0, 20), lifted=st.integers(0, 3))
        def pause(self, name: str, ago: int, long: int | None, lifted: int) -> None:
            first = today() - ago * DAY
            last = None if long is None else first + long * DAY
            # One at a time, as the registry has it; its days are corrected, or it is taken back.
            one, back = f"away-{name}", lifted == 0
            version = self.later(one)
            self.said(
                TaskExcused(
                    excuses=(Excuse(id=one, version=version, subject_id=name, first=first, last=last, lifted=back),)
                )
            )

        @rule(first=st.integers(0, 30), long=st.integers(0, 8))
        def holiday(self, first: int, long: int) -> None:
            begins = today() + first * DAY
            edited = SchoolCalendar(terms=CALENDAR.terms, holidays=(Holiday(first=begins, last=begins + long * DAY),))
            self.said(CalendarChanged(version=self.later("calendar"), calendar=edited))

        @precondition(lambda self: self.waiting)
        @rule(data=st.data(), crash=st.booleans())
        def hear(self, data: st.DataObject, crash: bool) -> None:  # as above
            place = data.draw(st.integers(0, len(self.waiting) - 1))
            if crash:
                self.deliver(self.waiting[place], crash=True)
            self.deliver(self.waiting.pop(place))

        @precondition(lambda self: self.heard)
        @rule(data=st.data())
        def hear_again(self, data: st.DataObject) -> None:
            message = data.draw(st.sampled_from(self.heard))
            self.deliver(message)
            # Said anew, as a resync does: another message with the same versions.
            self.deliver(message.model_copy(update={"id": f"{len(self.heard)}-again"}))

        @rule()
        def tick(self) -> None:
            with town.database.transaction() as session:  # killed before it commits
                plan_all(session, today())
                session.rollback()
            plan(town.database, today())
            self.oracle.plan(today())

        @rule(days=st.integers(1, 12))
        def days_pass(self, days: int) -> None:
            # What takes effect on a day is heard on it: the bus is late by hours, not by days.
            for message in [each for each in self.waiting if isinstance(each, ProgrammeChanged)]:
                self.waiting.remove(message)
                self.deliver(message)
            stand_on(today() + days * DAY)
            town.reach(today())
            self.oracle.refresh(today())
            self.oracle.plan(today())

        @rule()
        def restart(self) -> None:
            town.database.engine.dispose()

        def teardown(self) -> None:
            while self.waiting:
                self.deliver(self.waiting.pop())
            self.tick()
            here, there = standing(town), self.oracle.states(today())
            keys = sorted(here.keys() | there.keys())
            different = {key: (here.get(key), there.get(key)) for key in keys if here.get(key) != there.get(key)}
            assert different == {}, "as the engine has it, and as the oracle says"

    return County


def standing(town: Any) -> dict[tuple[str, str, str], str]:
    """How every task stands today, by the engine's own account."""
    key = (occurrence.c.programme, occurrence.c.subject_id, occurrence.c.period)
    statement = select(*key, state_on(today())).join_from(occurrence, run, run.c.id == occurrence.c.run_id)
    return {tuple(row[:3]): row[3] for row in town.ask(lambda session: session.execute(statement).all())}


@pytest.fixture
def empty() -> Any:
    from test_year import empty as emptied

    return emptied


def test_every_task_stands_as_the_oracle_says_after_duplicates_reordering_crashes_and_restarts(town, empty):
    examples = MOST[town.database.engine.dialect.name] * OFTEN
    run_state_machine_as_test(
        machine(town, empty),
        settings=settings(
            max_examples=examples,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=False,
        ),
    )
