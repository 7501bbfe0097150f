"""An import that is killed in the middle: every sheet is there whole or not at all, and importing again completes it."""

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

import hongzhu_registry
from hongzhu import clock
from hongzhu.database import engine
from hongzhu.settings import settings
from hongzhu.testing.databases import Configure
from hongzhu.testing.examples import MONDAY
from hongzhu.waiting import wait_for
from hongzhu_registry.children.models import Child, Relative, RosterEntry
from hongzhu_registry.database import database, outbox_rows
from hongzhu_registry.evidence.models import Evidence
from hongzhu_registry.pairings.models import Pairing
from hongzhu_registry.sealing import key_ring, new_key
from hongzhu_registry.workbooks import Child as Row
from hongzhu_registry.workbooks import read

FOLDER = Path(hongzhu_registry.__file__).parent / "demo" / "yongan-2020"
ROSTERS = sorted((FOLDER / "rosters").glob("*.xlsx"))[:6]
FILES = [FOLDER / "calendar.xlsx", FOLDER / "schools.xlsx", *ROSTERS]


@pytest.fixture
def registry(configure: Configure, postgres_url: str) -> Iterator[None]:
    keys = ",".join(f"{name}:{new_key()}" for name in ("first", "index", "link"))
    configure(registry_database_url=postgres_url, secret_keys=keys)
    key_ring.cache_clear()
    clock.stand_on(MONDAY)
    database.migrate()
    yield
    key_ring.cache_clear()


def start() -> subprocess.Popen[bytes]:
    assert settings().home
    command = [sys.executable, "-m", "hongzhu", "import", *map(str, FILES)]
    return subprocess.Popen(command, env=dict(os.environ), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def rosters_kept() -> dict[str, int]:
    with database.transaction() as session:
        rows = session.execute(select(RosterEntry.school_id, func.count()).group_by(RosterEntry.school_id))
        return dict(tuple(row) for row in rows)


def counted() -> list[int]:
    """Children, their relatives, their pairings, the evidence of these, and those whose facts were said."""
    with database.transaction() as session:
        kept = [
            int(session.scalar(select(func.count()).select_from(each)) or 0)
            for each in (Child, Relative, Pairing, Evidence)
        ]
        said = session.scalars(select(outbox_rows.c.payload).where(outbox_rows.c.topic == "child.changed.v1"))
        return [*kept, sum(payload.count('"present"') for payload in said)]


def handed_in() -> Counter[str]:
    rows = (row for file in ROSTERS for sheet in read(file, file.name, MONDAY).sheets for row in sheet.rows)
    return Counter(row.school_code for row in rows if isinstance(row, Row))


@pytest.mark.postgres
def test_a_killed_import_leaves_whole_sheets_or_nothing_and_completes_when_run_again(
    registry: None, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = handed_in()
    halves = 0
    for done in (0, 3):
        importing = start()
        wait_for("the import to come so far", partial(_as_far_as, done), 60)
        with engine(settings().database_url("registry")).begin() as blocker:
            # From here on a sheet gets as far as its children's rows and no further.
            blocker.execute(text("LOCK TABLE relative IN SHARE MODE"))
            waiting = text("SELECT count(*) FROM pg_locks WHERE relation = 'relative'::regclass AND NOT granted")
            with engine(settings().database_url("registry")).connect() as watcher:
                wait_for("somebody to wait for a lock", partial(watcher.scalar, waiting), 60)
            importing.send_signal(signal.SIGKILL)
            assert importing.wait() == -signal.SIGKILL
        wait_for("the killed process's connections to end", lambda: not _still_connected(), 60)
        kept = rosters_kept()
        halves += sum(expected[school] != count for school, count in kept.items())
        assert done <= len(kept) < len(ROSTERS)
        assert counted()[0] == counted()[4] == sum(kept.values())
    importing = start()
    assert importing.wait(timeout=120) == 0
    assert rosters_kept() == expected
    whole = counted()
    assert start().wait(timeout=120) == 0
    assert counted() == whole, "once more changes nothing"
    lost = sum(expected.values()) - whole[0]
    with capsys.disabled():
        print(
            f"\nkilled imports: expected={sum(expected.values())} lost={lost} dup={-min(0, lost)} halves={halves} kills=2"
        )
    assert (lost, halves, whole[4]) == (0, 0, whole[0])


def _as_far_as(done: int) -> bool:
    return len(rosters_kept()) >= done


def _still_connected() -> bool:
    """Whether the killed process's session is not rolled back yet."""
    others = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        " AND state <> 'idle'"
    )
    with engine(settings().database_url("registry")).connect() as connection:
        return bool(connection.scalar(others))
