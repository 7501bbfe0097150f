"""A backup that is not what it was, or does not belong here, changes nothing; and a restore that was killed leaves no half."""

import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import psycopg
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import MetaData, func, insert, make_url, select

from hongzhu import clock, i18n, installation, relay, runtime
from hongzhu.backup.archive import opened
from hongzhu.backup.making import kind_of, services
from hongzhu.cli import main
from hongzhu.settings import settings
from hongzhu.testing.databases import Configure, fresh_postgres

SERVICES = ("notifier", "registry", "scheduler")
HANDLED, SAID = "handled-before", "said-before"

Fresh = Callable[[str], None]


@pytest.fixture(autouse=True)
def english() -> None:
    """Tell in English what is told."""
    i18n.language.set(i18n.ENGLISH)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def fresh(request: pytest.FixtureRequest, tmp_path: Path, configure: Configure) -> Iterator[Fresh]:
    """Begins an empty installation under a name: a home, and three databases of either kind."""
    with ExitStack() as stack:

        def begin(name: str) -> None:
            home = tmp_path / name
            home.mkdir()
            urls = {each: f"sqlite:///{home / each}.sqlite3" for each in SERVICES}
            if request.param == "postgresql":
                urls = {each: stack.enter_context(fresh_postgres()) for each in SERVICES}
            configure(home=home, language="en", **{f"{each}_database_url": url for each, url in urls.items()})

        yield begin


@pytest.fixture
def archive(fresh: Fresh, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of a small installation that was in use; the present one is another, empty, with the same keys."""
    kept = tmp_path_factory.getbasetemp() / f"first-{request.node.callspec.params['fresh']}"
    if not kept.exists():  # made once for all tests
        fresh("first")
        _make(kept)
    fresh("second")
    shutil.copytree(kept / "secrets", settings().secrets)
    settings.cache_clear()
    return Path(shutil.copy(kept / "made.zip", settings().home.parent))


def _make(kept: Path) -> None:
    clock.stand_on(clock.today() - timedelta(days=700))
    runtime.make_ready()
    long_ago = clock.now() - relay.REMEMBERED - timedelta(days=1)
    for service in services().values():
        tables = service.database.metadata.tables
        with service.database.transaction() as session:
            session.execute(insert(tables["inbox"]).values(message_id=HANDLED, topic="t", handled_at=long_ago))
            row: dict[str, Any] = {"message_id": SAID, "topic": "t", "routing_key": "t", "payload": "{}"}
            row |= {"written_at": long_ago, "published_at": long_ago}
            session.execute(insert(tables["outbox"]).values(row))
    shutil.copytree(settings().secrets, kept / "secrets")
    told = invoke("backup", kept / "made.zip")
    assert told.exit_code == 0, told.output
    assert told.output.splitlines()[-1] == str(kept / "made.zip")


def invoke(*words: str | Path) -> Result:
    return CliRunner().invoke(main, [str(each) for each in words])


def empty() -> bool:
    return all(kind_of(service).is_empty() for service in services().values())


def rows() -> dict[str, dict[str, int]]:
    """How many rows each table of each database has, counted past the code under test."""
    counted = {}
    for name, service in services().items():
        metadata = MetaData()
        with service.database.transaction() as session:
            metadata.reflect(session.connection())
            counted[name] = {
                table.name: session.scalar(select(func.count()).select_from(table)) or 0
                for table in metadata.tables.values()
            }
        service.database.engine.dispose()
    return counted


def test_what_was_on_its_way_goes_again_and_what_was_handled_stays_so_however_old_the_backup_is(archive: Path) -> None:
    done = invoke("restore", archive)
    assert done.exit_code == 0, done.output
    told = json.loads(ZipFile(archive).read("manifest.json"))
    there = rows()
    for name, database in told["databases"].items():
        assert {table: there[name][table] for table in database["rows"]} == database["rows"]
    for service in services().values():
        relay.forget_old(service.database)
        inbox, outbox = (service.database.metadata.tables[each] for each in ("inbox", "outbox"))
        with service.database.transaction() as session:
            assert session.scalar(select(inbox.c.message_id).where(inbox.c.message_id == HANDLED)) == HANDLED
            unsent = select(outbox.c.message_id).where(outbox.c.published_at.is_(None), outbox.c.message_id == SAID)
            assert session.scalar(unsent) == SAID
    assert clock.today() == clock.now().astimezone(settings().zone).date() - timedelta(days=700)
    assert invoke("doctor").exit_code == 0


def test_no_key_no_token_and_no_password_is_in_it(archive: Path) -> None:
    files = installation.SecretFiles(settings().secrets)
    keys = [each.partition(":")[2] for each in files.read("registry")["HONGZHU_SECRET_KEYS"].split(",")]
    names = ("notifier", *(f"agency-{each}" for each in files.agencies()))
    secrets = [*keys, *(files.read(name)["HONGZHU_API_TOKEN"] for name in names)]
    assert len(secrets) == 3 + 1 + 9
    with ZipFile(archive) as kept:
        held = b"".join(kept.read(name) for name in kept.namelist())
    assert not [each for each in secrets if each.encode() in held]
    assert archive.stat().st_mode & 0o777 == 0o600


def test_every_damage_is_found_before_anything_is_touched(archive: Path, tmp_path: Path) -> None:
    whole, chance = archive.read_bytes(), random.Random(1)
    with opened(archive) as reading:
        wanted = {name: b"".join(reading.pieces(name)) for name in reading.manifest.files}
    damaged = tmp_path / "damaged.zip"
    tried = refused = 0
    flips = [chance.randrange(len(whole)) for _ in range(60)]
    ends = [chance.randrange(len(whole)) for _ in range(20)]
    for piece in (
        *(whole[:at] + bytes([whole[at] ^ (1 << chance.randrange(8))]) + whole[at + 1 :] for at in flips),
        *(whole[:at] for at in ends),
    ):
        damaged.write_bytes(piece)
        tried += 1
        told = invoke("restore", "--check", damaged)
        if told.exit_code:
            assert str(damaged) in told.output.replace("\n", ""), told.output
            refused += 1
        else:  # what changed is not of the content, such as a file's date in the list
            with opened(damaged) as reading:
                assert {name: b"".join(reading.pieces(name)) for name in reading.manifest.files} == wanted
    print(f"damaged archives: {tried=} {refused=} harmless={tried - refused}")
    assert refused >= 70
    damaged.write_bytes(whole[: len(whole) // 2])
    assert invoke("restore", damaged).exit_code == 1
    assert empty()


def test_an_archive_whose_manifest_says_other_than_what_is_in_it_is_refused(archive: Path, tmp_path: Path) -> None:
    for number, change in enumerate((_one_row_more, _a_revision_that_nobody_knows, _another_sum)):
        changed = _changed(archive, tmp_path / f"changed-{number}.zip", change)
        told = invoke("restore", changed)
        assert told.exit_code == 1, told.output
        assert empty(), change.__name__


def _one_row_more(manifest: dict) -> None:
    manifest["databases"]["scheduler"]["rows"]["inbox"] += 1


def _a_revision_that_nobody_knows(manifest: dict) -> None:
    manifest["databases"]["registry"]["revision"] = "of_the_future"


def _another_sum(manifest: dict) -> None:
    name = manifest["databases"]["notifier"]["file"]
    manifest["files"][name]["sha256"] = "0" * 64


def _changed(archive: Path, into: Path, change: Callable[[dict], None]) -> Path:
    with ZipFile(archive) as old, ZipFile(into, "w") as new:
        for name in old.namelist():
            held = old.read(name)
            if name == "manifest.json":
                manifest = json.loads(held)
                change(manifest)
                held = json.dumps(manifest).encode()
            new.writestr(name, held)
    return into


def test_without_the_very_keys_nothing_is_restored(archive: Path, configure: Configure) -> None:
    before = os.environ.get("HONGZHU_SECRET_KEYS")
    assert before is None
    others = ",".join(f"{name}:{installation.new_key()}" for name in ("first", "index", "link"))
    configure(secret_keys=others)  # of the same names
    told = invoke("restore", archive)
    assert told.exit_code == 1
    assert "first" in told.output
    assert empty()
    assert invoke("restore", "--check", archive).exit_code == 1


def test_whoever_only_knows_how_to_tell_the_keys_may_back_up_and_restore(
    archive: Path, configure: Configure, tmp_path: Path
) -> None:
    keys = installation.SecretFiles(settings().secrets).read("registry")["HONGZHU_SECRET_KEYS"]
    prints = ",".join(f"{name}:{each}" for name, each in installation.key_prints(keys).items())
    shutil.rmtree(settings().secrets)
    settings.cache_clear()
    assert invoke("restore", archive).exit_code == 1, "nothing is known of any key"
    configure(key_prints=prints)
    done = invoke("restore", "--check", archive)
    assert done.exit_code == 0, done.output


def test_what_is_there_is_only_given_up_when_that_is_said(archive: Path) -> None:
    runtime.make_ready()
    note("registry", "only here")
    before = rows()
    told = invoke("restore", archive)
    assert told.exit_code == 1
    assert "--replace" in told.output
    assert rows() == before
    done = invoke("restore", "--replace", archive)
    assert done.exit_code == 0, done.output
    assert notes() == {name: [HANDLED] for name in SERVICES}


def test_nothing_is_restored_while_somebody_is_at_work(archive: Path) -> None:
    url = make_url(services()["scheduler"].database.url)
    with ExitStack() as at_work:
        if url.get_backend_name() == "sqlite":
            hold = (
                "import sys; from hongzhu import runtime\nwith runtime.locked(): print(1, flush=True); sys.stdin.read()"
            )
            other = at_work.enter_context(
                subprocess.Popen([sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            )
            assert other.stdout is not None
            other.stdout.readline()
        else:
            address = url.set(drivername="postgresql").render_as_string(hide_password=False)
            at_work.enter_context(psycopg.connect(address))
        told = invoke("restore", archive)
    assert told.exit_code == 1, told.output
    assert empty()


def test_a_backup_writes_over_nothing_and_leaves_nothing_unfinished(archive: Path, tmp_path: Path) -> None:
    before = archive.read_bytes()
    invoke("restore", archive)
    told = invoke("backup", archive)
    assert told.exit_code == 1
    assert archive.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir() if "unfinished" in file.name or "backup-" in file.name] == []


def test_of_nothing_there_is_no_backup(fresh: Fresh, tmp_path: Path) -> None:
    fresh("first")
    installation.set_up_embedded(settings().secrets, [])
    settings.cache_clear()
    told = invoke("backup", tmp_path / "made.zip")
    assert told.exit_code == 1
    assert not (tmp_path / "made.zip").exists()


@pytest.mark.timeout(900)
def test_a_restore_that_is_killed_at_any_moment_leaves_all_of_the_old_or_all_of_the_new_or_says_so(
    archive: Path,
) -> None:
    runtime.make_ready()
    assert notes() == {name: [] for name in SERVICES}
    took = _restore(archive, None)
    chance, tried, said = random.Random(2), 0, 0
    new = notes()
    assert new == {name: [HANDLED] for name in SERVICES}
    for _ in range(4):
        tried += 1
        for name in SERVICES:
            note(name, f"only here {tried}")
        old = notes()
        _restore(archive, took * chance.uniform(0.5, 1.0))
        if installation.half_restored(settings().home):
            said += 1
            assert invoke("run", "scheduler").exit_code == 1
            _restore(archive, None)
        assert notes() in (old, new)
    print(f"killed restores: {tried=} {said=} half=0")


def note(service: str, what: str) -> None:
    """Leaves something in a database that the archive does not have."""
    database = services()[service].database
    with database.transaction() as session:
        values = {"message_id": what, "topic": "t", "handled_at": clock.now()}
        session.execute(insert(database.metadata.tables["inbox"]).values(values))


def notes() -> dict[str, list[str]]:
    """What was left in each database."""
    found = {}
    for name, service in sorted(services().items()):
        with service.database.transaction() as session:
            column = service.database.metadata.tables["inbox"].c.message_id
            found[name] = list(session.scalars(select(column).order_by(column)))
        service.database.engine.dispose()
    return found


def _restore(archive: Path, limit: float | None) -> float:
    """Restores in a process of its own, which is killed after `limit` seconds; tells how long it took."""
    began = time.monotonic()
    running = subprocess.Popen(
        [sys.executable, "-m", "hongzhu", "restore", "--replace", archive],
        env=os.environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    try:
        _, errors = running.communicate(timeout=limit)
        assert running.returncode == 0, errors.decode()
    except subprocess.TimeoutExpired:
        running.kill()
        running.communicate()
        _wait_until_nobody_is_connected()
    return time.monotonic() - began


def _wait_until_nobody_is_connected() -> None:
    """A psql whose other end died comes to the end of its input a moment later."""
    from hongzhu.errors import ConflictError
    from hongzhu.rehearsal.trial import wait_for

    def unused() -> bool:
        try:
            for service in services().values():
                service.database.engine.dispose()
                kind_of(service).see_unused()
        except ConflictError:
            return False
        return True

    wait_for("psql to end", unused, 60)


@pytest.mark.parametrize("fresh", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True)
@pytest.mark.parametrize("words", [("backup", "other.zip"), ("restore", "made.zip")])
def test_a_program_that_is_missing_is_named_with_where_to_get_it(
    archive: Path, words: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if words[0] == "backup":
        runtime.make_ready()
    monkeypatch.setenv("PATH", str(archive.parent))
    told = invoke(words[0], archive.parent / words[1])
    assert told.exit_code == 1
    assert f"{'pg_dump' if words[0] == 'backup' else 'psql'} is not on the path" in told.output
    assert "postgresql-client" in told.output
