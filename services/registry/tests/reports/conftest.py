"""The county of the source, with its agencies' programmes running and their helpers matched, as the report finds it."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from county import PASSWORD, County, token_of
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session

import hongzhu_registry
from hongzhu import clock, runtime
from hongzhu.database import engine
from hongzhu.installation import hash_of
from hongzhu.messages import TaskDue
from hongzhu.settings import settings
from hongzhu.testing.databases import Configure, fresh_sqlite
from hongzhu_registry.access import service as access
from hongzhu_registry.access.policy import Principal
from hongzhu_registry.agencies import service as agencies
from hongzhu_registry.children.models import Child
from hongzhu_registry.database import database
from hongzhu_registry.imports.service import take_in, workbooks_in
from hongzhu_registry.pairings.models import Pairing
from hongzhu_registry.programmes import service as programmes
from hongzhu_registry.schools.models import School
from hongzhu_registry.sealing import key_ring, new_key
from hongzhu_registry.supporters.models import Supporter
from hongzhu_registry.tasks.consumers import on_task_due

DATA = Path(hongzhu_registry.__file__).parent / "demo" / "yongan-2020"
DAY = date(2020, 11, 23)
KEYS = ",".join(f"{name}:{new_key()}" for name in ("first", "index", "link"))
OWED = {"weekly_talk": "2020-11-09", "family_call": "2020-11-16"}
"""Weeks whose tasks are entered for every child, so that there is a coverage."""


def _fill() -> None:
    """Take the workbooks in, approve what the agencies declare, and match as they would."""
    take_in(workbooks_in([DATA]), lambda *_: None)
    with database.transaction() as session:
        for who in ("bureau", "auditor"):
            account = access.open_account(session, who, who, password=PASSWORD if who == "bureau" else None)
            access.keep_token(session, account.id, bytes.fromhex(hash_of(token_of(who))), access.MACHINE_TOKEN)
        bureau = Principal(account.id, "bureau")
        for agency in runtime.agencies():
            agencies.introduce(session, agency.agency())
            for programme in agency.programmes():
                programmes.declare(session, programme)
                session.flush()
                programmes.approve(session, bureau, programme.code, date(2020, 9, 1))
        poor = session.scalars(select(Child.id).where(Child.in_poverty).order_by(Child.id)).all()
        schools = session.scalars(select(School.id).order_by(School.id)).all()
        for kind, subject, owed in (("love_parent", "child_id", poor), ("law_counsellor", "school_id", schools)):
            places = [
                (each.id, place)
                for each in session.scalars(select(Supporter).where(Supporter.kind == kind, Supporter.vetted))
                for place in range(1, (each.capacity or 1) + 1)
            ]
            session.add_all(
                Pairing(kind=kind, supporter_id=who, place=place, began_on=DAY, **{subject: whom})
                for whom, (who, place) in zip(owed, places, strict=False)
            )
        for name, monday in OWED.items():
            _owe(session, f"education_bureau.{name}", date.fromisoformat(monday))
        report = TaskDue(
            programme="education_bureau.report",
            version=1,
            period="term:2020-1",
            period_start=date(2020, 8, 1),
            school_id="education_bureau",
            subjects=("education_bureau",),
            opens_on=date(2020, 11, 1),
            due_on=date(2021, 1, 29),
            grace_until=None,
        )
        on_task_due(session, report)


def _owe(session: Session, code: str, monday: date) -> None:
    sunday = date.fromordinal(monday.toordinal() + 6)
    for school in session.scalars(select(School.id)).all():
        children = session.scalars(select(Child.id).where(Child.school_id == school)).all()
        for start in range(0, len(children), 100):
            message = TaskDue(
                programme=code,
                version=1,
                period=f"week:{monday}",
                period_start=monday,
                school_id=school,
                subjects=tuple(children[start : start + 100]),
                opens_on=monday,
                due_on=sunday,
                grace_until=date.fromordinal(sunday.toordinal() + 7),
            )
            on_task_due(session, message)


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The county, made once."""
    folder = tmp_path_factory.mktemp("reported")
    with fresh_sqlite(folder) as url:
        # Set for as long as it is filled, and no longer: other tests stand elsewhere.
        with pytest.MonkeyPatch.context() as patch:
            for name, value in {"home": folder, "registry_database_url": url, "secret_keys": KEYS}.items():
                patch.setenv(f"HONGZHU_{name.upper()}", str(value))
            settings.cache_clear()
            key_ring.cache_clear()
            clock.stand_on(DAY)
            database.migrate()
            _fill()
            engine(url).dispose()
        settings.cache_clear()
        key_ring.cache_clear()
        yield url


@pytest.fixture
def yongan(filled: str, app: FastAPI, configure: Configure, tmp_path: Path) -> Iterator[County]:
    """A copy of it, asked over HTTP."""
    with fresh_sqlite(tmp_path, filled) as url:
        configure(registry_database_url=url, secret_keys=KEYS)
        key_ring.cache_clear()
        clock.stand_on(DAY)
        yield County(TestClient(app, raise_server_exceptions=False), url)
    key_ring.cache_clear()
