"""Rosters are stored several at a time where the database allows it, and what comes of it is what came of one after another."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from threading import Barrier, BrokenBarrierError, Event, Lock, Thread
from typing import Any

import pytest
from county import County
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from rosters import hand_in, id_number, line, sheets
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from hongzhu.database import engine
from hongzhu.testing.examples import MONDAY
from hongzhu_registry.children.models import Child, Relative, RosterEntry
from hongzhu_registry.database import database
from hongzhu_registry.imports import schools, service
from hongzhu_registry.imports.service import take_in
from hongzhu_registry.pairings.models import Pairing
from hongzhu_registry.schools.models import School
from hongzhu_registry.supporters.models import Supporter

OTHER = {"学校名称": "school-other小学"}
CODE = "2135048101"


class Stores:
    """Notes how many rosters are stored at a time, and lets a test step in between."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.most, self._now, self._lock = 0, 0, Lock()
        self._real = service.STORES["child"]
        monkeypatch.setattr(service, "STORES", {**service.STORES, "child": self._store})
        self.before: Callable[[Session, Sequence[Any]], Any] = lambda *_: None
        """What happens before a roster's rows are kept."""

    def _store(self, session: Session, rows: Sequence[Any], result: Any) -> None:
        with self._counted():
            self.before(session, rows)
            self._real(session, rows, result)

    @contextmanager
    def _counted(self) -> Iterator[None]:
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
        yield
        with self._lock:
            self._now -= 1


@pytest.fixture
def stores(monkeypatch: pytest.MonkeyPatch) -> Stores:
    return Stores(monkeypatch)


def until_together(stores: Stores, parties: int, seconds: float) -> Barrier:
    """Hold each roster's store until so many are at it, or the time is over."""
    barrier = Barrier(parties)

    def wait(*_: Any) -> None:
        with suppress(BrokenBarrierError):
            barrier.wait(seconds)

    stores.before = wait
    return barrier


@pytest.mark.postgres
def test_rosters_of_different_schools_and_children_are_stored_at_the_same_time(
    postgres_county: County, stores: Stores
) -> None:
    barrier = until_together(stores, 2, 10)
    result = hand_in(a=[line(1)], b=[line(2, **OTHER)])
    assert not barrier.broken
    assert result.accepted["children"] == 2


@pytest.mark.postgres
@pytest.mark.parametrize(
    "second",
    [
        pytest.param(line(1, **OTHER), id="a child"),
        pytest.param(line(2), id="a school"),
        pytest.param(line(2, 学校名称=None, 学校标识码=CODE), id="a school told by its code and by its name"),
        pytest.param(line(2, 学校名称="school-own小学(终稿)"), id="a school whose name is written otherwise"),
    ],
)
def test_rosters_that_share_something_are_stored_one_after_another(
    postgres_county: County, stores: Stores, second: dict[str, Any]
) -> None:
    with database.transaction() as session:
        session.add(School(id=CODE, version=1, name="东门小学", entered_on=MONDAY))
    until_together(stores, 2, 0.3)
    result = hand_in(a=[line(1, 学校名称="东门小学"), line(3)], b=[second])
    assert stores.most == 1
    assert not result.rejected
    assert result.accepted["children"] + result.elsewhere["children"] == 3


def test_sqlite_stores_one_roster_at_a_time(sqlite_county: County, stores: Stores) -> None:
    until_together(stores, 2, 0.1)
    hand_in(a=[line(1)], b=[line(2, **OTHER)])
    assert stores.most == 1


@pytest.mark.postgres
def test_a_roster_that_cannot_be_stored_stores_nothing_and_those_beside_it_are_whole(
    postgres_county: County, stores: Stores
) -> None:
    barrier = Barrier(2)

    def fail(session: Session, rows: Sequence[Any]) -> None:
        barrier.wait(10)
        if rows[0].id_number == id_number(1):
            session.execute(text("SELECT 1/0"))

    stores.before = fail
    with pytest.raises(Exception, match="division by zero"):
        hand_in(a=[line(1)], b=[line(2, **OTHER)])
    with database.transaction() as session:
        kept = session.scalars(select(RosterEntry.file)).all()
    assert kept == ["b.xlsx"]


@pytest.mark.postgres
def test_an_import_waits_for_one_of_another_process(postgres_county: County) -> None:
    results: list[Any] = []
    with engine(postgres_county.owner_url).connect() as other:
        other.execute(text("SELECT pg_advisory_lock(hashtextextended('import', 0))"))
        waiting = Thread(target=lambda: results.append(hand_in(a=[line(1)])))
        waiting.start()
        waiting.join(0.5)
        assert waiting.is_alive()
        with database.transaction() as session:
            assert not session.scalar(select(RosterEntry.child_id))
        other.execute(text("SELECT pg_advisory_unlock(hashtextextended('import', 0))"))
    waiting.join(10)
    assert results[0].accepted["children"] == 1


@pytest.mark.postgres
def test_what_rosters_call_a_school_is_looked_up_once_the_list_that_tells_of_it_is_stored(
    postgres_county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, real = Event(), service.rosters.names_in
    names: list[frozenset[str]] = []

    def names_in(*args: Any) -> frozenset[str]:
        asked.set()
        names.append(real(*args))
        return names[-1]

    def store_schools(*args: Any) -> None:
        schools.store(*args)
        asked.wait(0.3)  # as long as it takes whoever asks too early, before this commits

    monkeypatch.setattr(service.rosters, "names_in", names_in)
    monkeypatch.setattr(service, "STORES", {**service.STORES, "school": store_schools})
    listed = [["学校标识码", "学校名称", "办学类型"], [CODE, "东门小学", "小学"]]
    own = [line(order, 学校名称="东门小学") for order in (1, 2)]
    told = [[list(each), list(each.values())] for each in own]
    result = take_in([("学校.xlsx", sheets(listed)), ("花名册.xlsx", sheets(*told))], lambda *_: None)
    assert (result.accepted["schools"], result.accepted["children"], result.rejected) == (1, 2, [])
    assert all(CODE in each for each in names), "it was asked before the school was known"


@pytest.mark.postgres
def test_an_import_that_is_alone_no_longer_goes_no_further(postgres_county: County, stores: Stores) -> None:
    def let_go(*_: Any) -> None:
        held = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1"
        with postgres_county.as_owner() as session:
            session.execute(
                text(f"{held} AND database = (SELECT oid FROM pg_database WHERE datname = current_database())")
            )

    stores.before = let_go
    with pytest.raises(OperationalError):
        hand_in(a=[line(1)], b=[line(2)], c=[line(3)])
    with database.transaction() as session:
        assert "c.xlsx" not in session.scalars(select(RosterEntry.file)).all()


SCHOOLS = ("school-own", "school-other")
FILES = st.dictionaries(
    st.sampled_from("abcd"),
    st.lists(
        st.builds(
            lambda order, school, house: line(order, school, 户籍地址=f"永安市新路{house}号"),
            st.integers(1, 6),
            st.sampled_from(SCHOOLS),
            st.integers(1, 2),
        ),
        min_size=1,
        max_size=4,
    ),
    min_size=2,
)
"""Hand-ins whose rosters share children and schools, or do not."""


@pytest.mark.postgres
@given(files=FILES)
@hypothesis_settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_stored_at_once_is_what_is_stored_one_after_another(
    files: dict[str, list[dict[str, Any]]], restored_county: Callable[[], County]
) -> None:
    came_of = []
    for at_once in (1, 3):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(service, "AT_ONCE", at_once)
            restored_county()
            came_of.append((told(hand_in(**files)), told(hand_in(**files)), kept()))
    assert came_of[0] == came_of[1]


def told(result: Any) -> Any:
    """What an import says, with the children called by their numbers rather than by their ids, which are made anew."""
    with database.transaction() as session:
        names = {child_id: bytes(index or b"").hex() for child_id, index in session.execute(_INDEXES)}
    said = result.as_json()
    conflicts = sorted(
        (names[each["child"]], each["files"], each["schools"], each["proposal"]) for each in said.pop("conflicts")
    )
    rosters = {
        school: (
            sorted(names[each] for each in changes["came"]),
            sorted(names[each] for each in changes["left"]),
            sorted((names[each], fields) for each, fields in changes["changed"].items()),
        )
        for school, changes in said.pop("rosters").items()
    }
    return said, conflicts, rosters


_INDEXES = select(Child.id, Child.id_number_index)


def kept() -> list[Any]:
    """Return what rosters leave behind, without what is made anew each time."""
    index = Child.id_number_index
    ties = select(index, Pairing.kind, Supporter.name, Pairing.place).join_from(Child, Pairing).join(Supporter)
    with database.transaction() as session:
        return [
            sorted(map(repr, session.execute(statement)))
            for statement in (
                select(index, Child.school_id, Child.version, Child.name, Child.class_name),
                select(index, Relative.role, Relative.name, Relative.place).join_from(Child, Relative),
                select(index, RosterEntry.school_id, RosterEntry.file).join_from(Child, RosterEntry),
                ties,
            )
        ]
