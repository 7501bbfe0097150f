"""The second wall: PostgreSQL itself shows a session only what is its principal's, whatever a statement forgot."""

import asyncio
import itertools
import os
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from county import County, token_of
from crowd import READERS, SCHOOL_OF, Tally
from fastapi.testclient import TestClient
from httpx import ASGITransport, AsyncClient
from sqlalchemy import create_engine, event, text, true
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session, sessionmaker

import hongzhu.database
import hongzhu_registry.app
from hongzhu import on_the_loop
from hongzhu.database import CONNECTIONS, engine_on_the_loop
from hongzhu.testing.databases import Configure
from hongzhu_registry.access import walls
from hongzhu_registry.access.policy import DOSSIER, SIGHT, Principal
from hongzhu_registry.access.ticks import see_wall_holds
from hongzhu_registry.children import queries as children
from hongzhu_registry.children.models import Child
from hongzhu_registry.database import database, narrow
from hongzhu_registry.rest import API
from hongzhu_registry.tables import tables

REQUESTS = int(os.environ.get("HONGZHU_PROVE_REQUESTS", "1000"))
CHILDREN = {
    "bureau": {"own", "mate", "far", "other"},
    "school": {"own", "mate", "far"},
    "other_school": {"other"},
    "teacher": {"own", "far"},
    "carers": {"own", "mate"},
    "lawyers": set(),
}
"""Whose children are in whose sight: the teacher is paired with one and has the class of another."""
ASKERS = {
    "school": Principal("a", "school", school_id="school-own"),
    "other_school": Principal("a", "school", school_id="school-other"),
    "teacher": Principal("a", "teacher", school_id="school-own", supporter_id="teacher-too"),
    "link": Principal("teacher-too", "link"),
    "carers": Principal("a", "agency", agency="carers"),
    "lawyers": Principal("a", "agency", agency="lawyers"),
    "guardian": Principal("a", "guardian", child_id="child-own"),
    "auditor": Principal("a", "auditor"),
    "protection": Principal("a", "protection"),
    "notifier": Principal("a", "notifier"),
}
SEEN = CHILDREN | {
    "link": {"own", "far"},
    "guardian": {"own"},
    "auditor": set(),
    "protection": set(),
    "notifier": set(),
}
WALLED = sorted(name for name, sight in SIGHT.items() if not sight.open)


@pytest.fixture
def crowded(fresh_county: Callable[[str], County]) -> County:
    return fresh_county("postgresql")


def test_every_table_says_whose_its_rows_are() -> None:
    assert SIGHT.keys() == tables.keys()


def test_every_field_of_a_dossier_says_what_it_is_kept_for() -> None:
    stored = {column.name for column in Child.__table__.columns}
    # The index and the initials find a child by its number or its name and are shown to nobody; the family has a table of
    # its own, and what follows from it none.
    assert DOSSIER.keys() == stored - {"id_number_index", "initials"} | {"family", "left_behind"}


@pytest.mark.postgres
def test_an_account_that_gets_around_the_wall_is_complained_of(
    crowded: County, configure: Configure, caplog: pytest.LogCaptureFixture
) -> None:
    assert see_wall_holds()
    assert not caplog.records
    configure(registry_database_url=crowded.owner_url)
    assert not see_wall_holds()
    assert "row-level security" in caplog.text


@pytest.mark.postgres
def test_there_is_a_wall_around_every_table_and_every_month_of_one(crowded: County) -> None:
    with crowded.as_owner() as session:
        around = session.execute(
            text(
                "SELECT relname, relrowsecurity AND relforcerowsecurity FROM pg_class WHERE relkind IN ('r', 'p')"
                " AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'"
            )
        )
        without = {name for name, walled in around if not walled}
        account = make_account()
        rights = session.execute(
            text("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = :account"), {"account": account}
        ).one()
        owned = session.scalar(
            text("SELECT count(*) FROM pg_class WHERE relowner = to_regrole(:account)"), {"account": account}
        )
    assert without == {name for name, sight in SIGHT.items() if sight.open}
    assert (*rights, owned) == (False, False, 0)


def make_account() -> str:
    return str(database.engine.url.username)


def rows_of(session: Session, table: str) -> list[str]:
    return [str(row[0]) for row in session.execute(text(f'SELECT t::text FROM "{table}" t'))]  # our own tables


def _foreign(who: str) -> set[str]:
    """Return the marks of the dossiers, and of the schools' own rows, that are out of somebody's sight."""
    marks = {
        f"{mark}{child}"
        for child in SCHOOL_OF.keys() - SEEN[who]
        for mark in (
            "child-",
            "名字",
            "父亲",
            "打工",
            "原班",
            "花名册",
            "同意",
            "assessment-",
            "enrolment-",
            "subsidy-",
        )
    }
    marks |= {
        f"{mark}{school}"
        for school in ("own", "other")
        if school not in {SCHOOL_OF[each] for each in SEEN[who]}
        for mark in ("记录", "组长", "coordinator-", "转介", "notice-", "record-")
    }
    # What its role may read of a child that it does not see, such as that it was referred to it.
    return {mark for mark in marks if who not in READERS.get(mark, ())}


@pytest.mark.postgres
def test_a_statement_that_forgot_whom_it_reads_for_sees_only_that_ones_rows(
    crowded: County, capsys: pytest.CaptureFixture[str]
) -> None:
    tried, leaks = 0, []
    for who, asker in ASKERS.items():
        foreign = _foreign(who)
        with database.unseeing() as session:
            narrow(session, asker.session)
            for table in WALLED:
                found = rows_of(session, table)
                tried += 1
                leaks += [(who, table, mark) for mark in foreign for row in found if mark in row]
            seen = {row.removeprefix("child-") for row in session.scalars(text("SELECT id FROM child"))}
        assert seen == SEEN[who], who
    with capsys.disabled():
        print(f"\nsecond wall alone: tables={len(WALLED)} tried={tried} leaked={len(leaks)}")
    assert not leaks


@pytest.mark.postgres
def test_a_session_that_was_told_nothing_sees_nothing_and_changes_nothing(crowded: County) -> None:
    with database.transaction() as session:
        held = {table for table in WALLED if rows_of(session, table)}
    assert held >= {"child", "relative", "record", "task", "evidence", "pairing", "supporter", "audit_entry"} - {
        "audit_entry"
    }
    with database.unseeing() as session:
        assert [table for table in WALLED if rows_of(session, table)] == []
        assert session.execute(text("UPDATE child SET name = 'x'")).rowcount == 0  # type: ignore[attr-defined]
    with pytest.raises(ProgrammingError, match="row-level security"), database.unseeing() as session:
        session.execute(text("INSERT INTO relative (child_id, role) VALUES ('child-own', 'mother')"))


@pytest.mark.postgres
def test_a_month_of_a_ledger_shows_nothing_by_its_own_name(crowded: County) -> None:
    with database.transaction() as session:
        month = session.scalar(
            text("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'task'::regclass")
        )
        assert rows_of(session, "task")
        assert rows_of(session, str(month)) == []


@pytest.mark.postgres
@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE audit_entry SET outcome = 'done'",
        "DELETE FROM audit_entry",
        "TRUNCATE audit_entry",
        "ALTER TABLE child DISABLE ROW LEVEL SECURITY",
        "DROP POLICY sight ON child",
        "SET ROLE postgres",
        "TRUNCATE child CASCADE",
    ],
)
def test_the_registrys_own_account_can_neither_rewrite_the_audit_nor_take_the_wall_down(
    postgres_county: County, harm: str
) -> None:
    with pytest.raises(ProgrammingError, match=r"denied|owner"), database.transaction() as session:
        session.execute(text(harm))


@pytest.mark.postgres
def test_the_wall_holds_where_a_statement_has_a_hole(crowded: County, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "in_sight", lambda *_: true())
    for who in ("school", "other_school", "teacher"):
        found = {each["id"].removeprefix("child-") for each in crowded.get(who, "/children")["items"]}
        assert found == CHILDREN[who]
    assert crowded.ask("other_school", "GET", "/children/child-own").status_code == 404


@pytest.mark.postgres
def test_putting_the_wall_up_again_changes_nothing(crowded: County) -> None:
    with crowded.as_owner() as session:
        before = session.execute(text("SELECT oid, polqual::text FROM pg_policy ORDER BY oid")).all()
        walls.put_up(session.connection())
        assert session.execute(text("SELECT oid, polqual::text FROM pg_policy ORDER BY oid")).all() == before
        session.execute(text("COMMENT ON FUNCTION sees_child IS 'an older wall'"))
        walls.put_up(session.connection())
        names = {row[0] for row in session.execute(text("SELECT polrelid::regclass::text FROM pg_policy"))}
        session.rollback()
    assert {name.strip('"') for name in names} == set(WALLED)


@contextmanager
def one_connection(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """Let the registry have one connection to its database and no other; give the list of those that were opened."""
    opened: list[Any] = []
    only = create_engine(database.url, pool_size=1, max_overflow=0, pool_timeout=10, hide_parameters=True)
    event.listen(only, "connect", lambda connection, _record: opened.append(connection))
    on_the_loop.prepare(only)  # who reads comes by the loop, and who is refused by a thread
    made = sessionmaker(only, expire_on_commit=False)
    monkeypatch.setattr(hongzhu.database, "sessions", lambda _url, _here: made)
    monkeypatch.setattr(hongzhu_registry.app, "CONNECTIONS", 1)  # and what is read directly comes by another one
    try:
        yield opened
    finally:
        only.dispose()


QUESTIONS = (
    "/children",
    "/children?grade=3",
    "/children/child-{}",
    "/children/child-{}/timeline",
    "/supporters",
    "/pairings",
    "/tasks",
    "/assessments/assessment-{}",
    "/children?no=such",
)


@pytest.mark.postgres
@pytest.mark.timeout(200 + REQUESTS // 10)
def test_who_comes_after_another_on_the_same_connection_sees_nothing_of_theirs(
    crowded: County, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    chance, tally, wrong = random.Random(20201123), Tally(), 0
    with one_connection(monkeypatch) as opened, TestClient(crowded.http.app) as http:
        county = County(http, crowded.owner_url)
        for who in itertools.islice(itertools.cycle(CHILDREN), REQUESTS):
            question = chance.choice(QUESTIONS).format(chance.choice([*SCHOOL_OF]))
            answer = county.ask(who, "GET", question)
            tally.count(who, answer, question)
            if question == "/children":
                wrong += {each["id"].removeprefix("child-") for each in answer.json()["items"]} != CHILDREN[who]
    with capsys.disabled():
        print(f"\none connection: {tally} foreign={tally.leaked + wrong} connections={len(opened)}")
    assert (tally.faults, wrong, len(opened)) == ([], 0, 1)


@pytest.mark.postgres
@pytest.mark.parametrize("directly", [True, False])
def test_who_reads_at_the_same_time_as_others_sees_nothing_of_theirs(crowded: County, *, directly: bool) -> None:
    app = crowded.http.app

    async def read(who: str, http: AsyncClient) -> tuple[str, set[str]]:
        answer = await http.get("/children", headers={"Authorization": f"Bearer {token_of(who)}"})
        return who, {each["id"].removeprefix("child-") for each in answer.json()["items"]}

    async def read_together() -> list[tuple[str, set[str]]]:
        everybody = itertools.islice(itertools.cycle(CHILDREN), REQUESTS // 5)
        async with app.router.lifespan_context(app) as state:

            async def running(scope: Any, receive: Any, send: Any) -> None:
                await app({**scope, "state": dict(state)} if directly else scope, receive, send)

            async with AsyncClient(transport=ASGITransport(running), base_url=f"http://registry{API}") as http:
                return await asyncio.gather(*(read(who, http) for who in everybody))

    seen = asyncio.run(read_together())
    assert [who for who, children in seen if children != CHILDREN[who]] == []
    if not directly:
        assert engine_on_the_loop(database.url).pool.checkedin() == CONNECTIONS  # type: ignore[attr-defined]  # so many at a time
