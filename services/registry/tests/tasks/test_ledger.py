"""The ledger says of every task what the evidence says, whatever came first."""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from threading import Thread
from typing import Any, get_args
from zlib import crc32

import pytest
from county import BUREAU, COUNSELLOR, TALK, County, due, of_task
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from hongzhu.calendar import NOT_ANNOUNCED
from hongzhu.errors import MissingError, PoisonError
from hongzhu.messages import Evidence, TaskClosed, TaskDue
from hongzhu.period import week
from hongzhu.rehearsal.trial import wait_for
from hongzhu.task_state import TaskState, Window, task_state
from hongzhu.testing.examples import MONDAY
from hongzhu_registry.database import EVERYTHING, database, narrow
from hongzhu_registry.evidence import service as evidence
from hongzhu_registry.evidence.models import Evidence as EvidenceRow
from hongzhu_registry.records import service as records
from hongzhu_registry.tasks.consumers import on_task_closed, on_task_due
from hongzhu_registry.tasks.models import Task
from hongzhu_registry.tasks.queries import count_by_state, keep_apart, stands, state_on, will_ask_many_times

DAY = timedelta(days=1)
CHILDREN = ("child-own", "child-mate")
SLOWLY = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

days = st.integers(-10, 30).map(lambda n: MONDAY + n * DAY)


@contextmanager
def _undone() -> Iterator[Session]:
    """A transaction of which nothing stays."""
    with database.engine.connect() as connection, Session(connection) as session:
        narrow(session, {"level": EVERYTHING})
        yield session
        session.rollback()


@SLOWLY
@given(
    st.lists(
        st.tuples(
            days,
            st.integers(0, 6),
            st.one_of(st.none(), st.integers(0, 6)),
            st.one_of(st.none(), days),
            st.sampled_from([None, "cancelled"]),
            st.booleans(),
            st.booleans(),
        ),
        max_size=8,
    ),
    days,
)
def test_the_state_in_sql_is_the_state_in_python(county: County, tasks: list[Any], day: date) -> None:
    with _undone() as session:
        session.execute(delete(Task))
        expected = {}
        for number, (opens_on, long, grace, done_on, closed, excused, paused) in enumerate(tasks):
            due_on = opens_on + long * DAY
            window = Window(opens_on, due_on, due_on + grace * DAY if grace is not None else None)
            done = done_on if done_on is not None and window.accepts(done_on) else None
            freed = {"excused": excused, "paused": paused, "cancelled": closed == "cancelled"}
            expected[str(number)] = task_state(window, done, day, **freed)
            row = {"id": str(number), "programme": TALK, "version": 1, "agency": "carers", "evidence_kind": "talk"}
            row |= {"subject_id": "s", "school_id": "s", "period": "p", "period_start": MONDAY, **window._asdict()}
            row |= {"excuse_id": "e" if excused else None, "pause_id": "p" if paused else None}
            session.execute(insert(Task), [{**row, "done_on": done, "closed_state": closed}])
        found = {row[0]: row[1] for row in session.execute(select(Task.id, state_on(day)))}
        assert found == expected
        for state in get_args(TaskState):
            asked = set(session.scalars(select(Task.id).where(stands(state, day))))
            assert asked == {each for each, said in expected.items() if said == state}
        assert sum(count_by_state(session, day).values()) == len(tasks)


class Telling:
    """Everything that is said about some tasks, in an order of its own; what overtakes is given back to the queue."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def all(self, steps: list[Any]) -> None:
        waiting, patience = deque(steps), 2 * len(steps) + 1
        while waiting:
            patience -= 1
            assert patience, "something is given back for ever"
            step = waiting.popleft()
            try:
                self._one(step)
            except MissingError:
                waiting.append(step)

    def _one(self, step: Any) -> None:
        if isinstance(step, TaskDue):
            on_task_due(self._session, step)
        elif isinstance(step, TaskClosed):
            on_task_closed(self._session, step)
        else:
            evidence.file(self._session, [step])


def ledger(session: Session) -> set[Any]:
    session.expire_all()
    columns = Task.id, Task.done_on, Task.evidence_id, state_on(MONDAY + 30 * DAY)
    return {tuple(row) for row in session.execute(select(*columns))}


@st.composite
def stories(draw: st.DrawFn) -> tuple[list[Any], list[Any]]:
    """Some weeks' tasks of some children, evidence and closings, in two orders."""
    steps: list[Any] = []
    for number in draw(st.sets(st.integers(0, 2), min_size=1)):
        day = MONDAY + 7 * number * DAY
        steps.append(due(TALK, *CHILDREN, day=day))
        steps += [_closed(state, day) for state in draw(st.sets(st.sampled_from(["missed", "done"])))]
        if draw(st.booleans()):
            steps.append(_closed("cancelled", day, "child-mate"))
            if draw(st.booleans()):
                steps.append(due(TALK, "child-mate", day=day).model_copy(update={"changes": 2}))
    for number, (child, day, kind) in enumerate(
        draw(
            st.lists(st.tuples(st.sampled_from(CHILDREN), days, st.sampled_from(["talk", "talk", "visit"])), max_size=5)
        )
    ):
        steps.append(Evidence(id=f"e{number}", kind=kind, subject_id=child, done_on=day))
    return draw(st.permutations(steps)), draw(st.permutations(steps))


def _closed(state: Any, day: date, *subjects: str) -> TaskClosed:
    return TaskClosed(
        programme=TALK,
        period=week(day),
        school_id="school-own",
        subjects=subjects or CHILDREN,
        period_start=day,
        state=state,
    )


@SLOWLY
@given(stories())
def test_the_same_things_in_any_order_end_in_the_same_ledger(
    county: County, story: tuple[list[Any], list[Any]]
) -> None:
    ledgers = []
    for steps in story:
        with _undone() as session:
            session.execute(delete(Task))
            Telling(session).all(steps)
            ledgers.append(ledger(session))
            _agrees_with_the_evidence(session)
    assert ledgers[0] == ledgers[1]


def _agrees_with_the_evidence(session: Session) -> None:
    rows = session.execute(select(EvidenceRow.subject_id, EvidenceRow.kind, EvidenceRow.done_on)).all()
    for task in session.scalars(select(Task)):
        window = Window(task.opens_on, task.due_on, task.grace_until)
        done = [
            row.done_on
            for row in rows
            if (row.subject_id, row.kind) == (task.subject_id, task.evidence_kind) and window.accepts(row.done_on)
        ]
        assert task.done_on == min(done, default=None)


def test_a_task_that_fell_due_twice_is_one_task(county: County) -> None:
    with database.transaction() as session:
        before = len(session.scalars(select(Task.id)).all())
        on_task_due(session, due(TALK, *CHILDREN))
        on_task_due(session, due(TALK, "child-own"))
        assert len(session.scalars(select(Task.id)).all()) == before


def test_a_task_of_a_programme_that_nobody_approved_is_no_task(county: County) -> None:
    with database.transaction() as session, pytest.raises(PoisonError):
        on_task_due(session, due("strangers.talk", "child-own"))
    with database.transaction() as session, pytest.raises(PoisonError):
        on_task_due(session, due(TALK, "child-own", version=7))


@pytest.mark.postgres
@pytest.mark.parametrize("first", ["due", "evidence"])
def test_tasks_and_evidence_that_come_at_the_same_moment_still_meet(postgres_county: County, first: str) -> None:
    """The first one's transaction is still open when the second one comes; neither sees the other's rows."""

    def fall_due(session: Session) -> None:
        on_task_due(session, due(TALK, "child-own", day=MONDAY - 7 * DAY))

    def talk(session: Session) -> None:
        records.file(
            session,
            BUREAU,
            kind="talk",
            occurred_on=MONDAY - 6 * DAY,
            data={"topic": "学习|Learning"},
            child_ids=["child-own"],
        )

    steps: list[Callable[[Session], None]] = [fall_due, talk] if first == "due" else [talk, fall_due]

    def second() -> None:
        with database.transaction() as session:
            steps[1](session)

    with database.transaction() as session:
        steps[0](session)
        session.flush()
        other = Thread(target=second)
        other.start()
        other.join(0.5)
        assert other.is_alive(), "the second did not wait for the first"
    other.join(10)
    with database.transaction() as session:
        task = session.scalars(select(Task).where(Task.id == of_task(TALK, "child-own", MONDAY - 7 * DAY))).one()
        assert task.done_on == MONDAY - 6 * DAY


@pytest.mark.postgres
def test_many_at_once_leave_nothing_unlinked(postgres_county: County) -> None:
    from concurrent.futures import ThreadPoolExecutor

    weeks = [MONDAY - 7 * n * DAY for n in range(1, 13)]

    def act(step: tuple[str, date]) -> None:
        what, day = step
        with database.transaction() as session:
            if what == "due":
                on_task_due(session, due(TALK, *CHILDREN, day=day))
            else:
                evidence.file(session, [Evidence(id=f"{what}-{day}", kind="talk", subject_id=what, done_on=day)])

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(act, [(what, day) for day in weeks for what in ("child-own", "due", "child-mate")]))
    with database.transaction() as session:
        _agrees_with_the_evidence(session)
        done = session.scalars(select(Task.id).where(Task.done_on.in_(weeks))).all()
        assert len(done) == len(weeks) * 2


@pytest.mark.postgres
def test_whoever_names_more_and_more_subjects_waits_for_nobody_who_waits_for_them(postgres_county: County) -> None:
    low, high = sorted((f"subject-{n}" for n in range(2)), key=lambda each: crc32(each.encode()) % 2048)
    waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    failed: list[Exception] = []

    def both() -> None:
        try:
            with database.transaction() as session:
                keep_apart(session, [low, high], evidence=True)
        except DBAPIError as error:
            failed.append(error)

    with database.transaction() as session:
        will_ask_many_times(session)
        keep_apart(session, [high], evidence=True)
        other = Thread(target=both)
        other.start()
        with database.engine.connect() as looking:
            wait_for("the other to wait", lambda: looking.execute(text(waiting)).scalar_one() == 1, 10)
        keep_apart(session, [low], evidence=True)
    other.join(10)
    assert not other.is_alive()
    assert failed == []


def test_the_tasks_of_schools_and_children_are_counted_by_programme_period_and_state(county: County) -> None:
    with database.transaction() as session:
        counted = count_by_state(session, MONDAY)
    assert counted == {(TALK, week(MONDAY), "due"): 2, (COUNSELLOR, week(MONDAY), "due"): 2}


@pytest.mark.parametrize("announced_first", [False, True])
def test_a_day_that_is_not_announced_is_shown_as_such_and_filled_in_once(county: County, announced_first: bool) -> None:
    later = MONDAY + 28 * DAY
    unknown = due(TALK, "child-own", day=later).model_copy(
        update={"due_on": NOT_ANNOUNCED, "grace_until": NOT_ANNOUNCED}
    )
    known = due(TALK, "child-own", day=later)
    moved = known.model_copy(update={"due_on": known.due_on + 3 * DAY})

    def shown() -> dict[str, Any]:
        found: dict[str, Any] = county.get("bureau", f"/tasks/{of_task(TALK, 'child-own', later)}")
        return {name: found[name] for name in ("due_on", "grace_until", "announced", "state")}

    if not announced_first:
        with database.transaction() as session:
            on_task_due(session, unknown)
        assert shown() == {"due_on": None, "grace_until": None, "announced": False, "state": "due"}
    for message in (known, unknown, moved):
        with database.transaction() as session:
            on_task_due(session, message)
    days = {"due_on": str(known.due_on), "grace_until": str(known.grace_until)}
    assert shown() == days | {"announced": True, "state": "due"}
