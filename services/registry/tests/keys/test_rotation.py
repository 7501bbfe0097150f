"""Keys are rotated while everybody goes on writing; afterwards all is under the new one, and nothing was ever in clear."""

import random
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from threading import Event, Thread
from typing import Any

import pytest
from click.testing import CliRunner, Result
from county import ADDRESS, EMAIL, IDENTITY_NUMBERS, PHONE, County, child
from sqlalchemy import LargeBinary, insert, select, update

import hongzhu_registry
from hongzhu import cli, i18n
from hongzhu.installation import SecretFiles, new_key
from hongzhu.settings import settings
from hongzhu.testing.databases import Configure
from hongzhu.waiting import wait_for
from hongzhu_registry.access import totp
from hongzhu_registry.access.models import Account
from hongzhu_registry.children.models import Child, Relative
from hongzhu_registry.database import database
from hongzhu_registry.keys import service
from hongzhu_registry.keys.commands import reseal_all
from hongzhu_registry.keys.queries import keys_of, sealed_columns
from hongzhu_registry.sealing import SealBrokenError, cell_of, key_ring
from hongzhu_registry.tables import tables

PLANTED = 120
CLEAR = "a-canary-that-is-in-clear"


def address(child_id: str, round_: int) -> str:
    return f"永安市燕南街道{child_id}巷{round_}号"


def phone(number: int) -> str:
    return f"1390000{number:04}"


def cells() -> Iterator[tuple[tuple[str, str, str], bytes]]:
    """Every sealed cell of the database."""
    with database.transaction() as session:
        for column in sealed_columns():
            rows = session.execute(select(*keys_of(column), column.label("sealed")).where(column.is_not(None)))
            yield from ((cell_of(column, dict(row)), bytes(row["sealed"])) for row in rows.mappings().all())


def opened() -> dict[tuple[str, str, str], str | None]:
    return {cell: key_ring().open(sealed, *cell) for cell, sealed in cells()}


def plant(numbers: range) -> dict[tuple[str, str, str], str]:
    """Children with everything that is sealed, and what each cell holds."""
    held = {}
    with database.transaction() as session:
        for number in numbers:
            each = f"child-{number:04}"
            identity = f"35048120120101{number:04}"
            values: dict[str, Any] = {"address": address(each, 0), "id_number": identity}
            sealed = {name: key_ring().seal(value, "child", name, each) for name, value in values.items()}
            session.add(child(each, "school-own", identity, **sealed, note=CLEAR))
            session.flush()
            session.execute(
                insert(Relative).values(
                    child_id=each,
                    role="guardian",
                    phone=key_ring().seal(phone(number), "relative", "phone.guardian", each),
                )
            )
            held |= {("child", name, each): value for name, value in values.items()}
            held["relative", "phone.guardian", each] = phone(number)
    return held


class Writer(Thread):
    """Somebody who goes on inserting and changing, with the keys there are, or with those a process was started with."""

    def __init__(self, held: dict[tuple[str, str, str], str], ring: Any = None, first: int = PLANTED) -> None:
        super().__init__()
        self.held, self.ring, self.first = held, ring, first
        self.stop, self.changed, self.inserted = Event(), 0, 0
        self.failed: BaseException | None = None

    def run(self) -> None:
        chance = random.Random(self.first)  # which child comes next is no secret
        try:
            while not self.stop.is_set():
                # Two writers never share a child, so each knows what was written last.
                each = f"child-{chance.randrange(PLANTED // 2) * 2 + (self.ring is not None):04}"
                self.changed += 1
                value = address(each, self.changed)
                with database.transaction() as session:
                    sealed = (self.ring or key_ring()).seal(value, "child", "address", each)
                    session.execute(update(Child).where(Child.id == each).values(address=sealed))
                self.held["child", "address", each] = value
                if self.ring is None and self.changed % 5 == 0:
                    self.held |= plant(range(self.first + self.inserted, self.first + self.inserted + 1))
                    self.inserted += 1
        except BaseException as error:  # told by the test
            self.failed = error

    def end(self) -> None:
        self.stop.set()
        self.join()
        if self.failed:
            raise self.failed


def rotate(configure: Configure, name: str = "second") -> None:
    held = settings().secret_keys
    assert held is not None
    configure(secret_keys=f"{name}:{new_key()},{held.get_secret_value()}")
    key_ring.cache_clear()


class StoppedError(Exception):
    """An operator's Ctrl-C."""


def test_keys_are_rotated_while_everybody_goes_on_writing_and_nothing_is_lost(
    county: County, configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "AT_ONCE", 25)
    before, held = opened(), plant(range(PLANTED))
    old_process = Writer(held, ring=key_ring(), first=1)
    rotate(configure)
    new_process = Writer(held)
    old_process.start()
    new_process.start()
    done = 0

    def stop_soon(renewed: int) -> None:
        nonlocal done
        done += renewed
        if done >= 100:
            # Both go on writing in the middle of it, however slow the machine lets them be.
            wait_for(
                "both processes to be in the middle of writing", lambda: old_process.changed and new_process.inserted
            )
            raise StoppedError

    with pytest.raises(StoppedError):
        reseal_all(stop_soon)
    old_process.end()  # the last process with the old keys is gone
    renewed, broken = reseal_all()
    new_process.end()
    held_at_end = before | held
    found = opened()
    under = {sealed.partition(b":")[0] for _, sealed in cells()}
    lost = sum(found.get(cell) != value for cell, value in held_at_end.items())
    print(
        f"cells={len(found)} expected={len(held_at_end)} lost={lost} broken={broken} old_left={under - {b'second'}} "
        f"stopped_at={done} renewed_after={renewed} "
        f"written_meanwhile={old_process.changed + new_process.changed} inserted_meanwhile={new_process.inserted}"
    )
    assert (lost, broken, under) == (0, 0, {b"second"})
    assert len(found) == len(held_at_end)
    assert old_process.changed
    assert new_process.changed
    assert new_process.inserted
    assert reseal_all() == (0, 0)


def test_an_answer_that_may_be_given_again_is_sealed_anew_too(county: County, configure: Configure) -> None:
    def ask() -> Any:
        body = {"from": "2020-11-24", "reason": "ill"}
        return county.ask("school", "POST", "/children/child-own/pauses", body, Idempotency_Key="k").json()

    first = ask()
    rotate(configure)
    _renewed, broken = reseal_all()
    assert (broken, {sealed.partition(b":")[0] for _, sealed in cells()}) == (0, {b"second"})
    assert ask() == first


def test_a_change_between_reading_and_sealing_anew_is_not_undone(sqlite_county: County, configure: Configure) -> None:
    rotate(configure)
    (column,) = (each for each in sealed_columns() if str(each) == "child.address")
    real = key_ring().open
    cell = ("child", "address", "child-own")
    with database.transaction() as session, pytest.MonkeyPatch.context() as patch:

        def opens(sealed: bytes | None, *of: str) -> str | None:
            value = real(sealed, *of)
            if of == cell:  # somebody is faster
                faster = key_ring().seal("new address", *cell)
                session.execute(update(Child).where(Child.id == "child-own").values(address=faster))
            return value

        patch.setattr(key_ring(), "open", opens)
        batch = service.reseal_some(session, column, None)
    assert (batch.renewed, batch.broken) == (2, 0)
    assert opened()[cell] == "new address"


def test_cells_that_were_swapped_are_refused_and_left_as_they_are(county: County, configure: Configure) -> None:
    with database.transaction() as session:
        own, mate, other = (session.get_one(Child, f"child-{each}") for each in ("own", "mate", "other"))
        own.address, mate.address = mate.address, own.address  # two rows
        other.id_number, other.address = other.address, other.id_number  # two columns
        swapped = {
            ("child", "address", "child-own"): own.address,
            ("child", "address", "child-mate"): mate.address,
            ("child", "id_number", "child-other"): other.id_number,
            ("child", "address", "child-other"): other.address,
        }
    refused = 0
    for cell, sealed in swapped.items():
        with pytest.raises(SealBrokenError):
            key_ring().open(sealed, *cell)
        refused += 1
    rotate(configure)
    renewed, broken = reseal_all()
    print(f"swapped={len(swapped)} refused={refused} broken={broken} renewed={renewed}")
    assert broken == 4
    left = {cell: sealed for cell, sealed in cells() if not sealed.startswith(b"second:")}
    assert left == swapped


def dump(county: County) -> list[bytes]:
    """Every value of every table; of SQLite the files themselves too."""
    with county.as_owner() as session:
        if session.get_bind().dialect.name == "postgresql":
            session.connection().exec_driver_sql("SET LOCAL hongzhu.level = 'all'")
        values = [value for table in tables.values() for row in session.execute(select(table)) for value in row]
    found = [value if isinstance(value, bytes) else str(value).encode() for value in values if value is not None]
    if county.owner_url.startswith("sqlite:///"):
        path = Path(county.owner_url.removeprefix("sqlite:///"))
        found += [file.read_bytes() for file in path.parent.glob(f"{path.name}*")]
    return found


def test_a_dump_holds_nothing_sealed_in_clear(county: County, configure: Configure) -> None:
    held = plant(range(PLANTED))
    with database.transaction() as session:
        account = session.scalars(select(Account).where(Account.username == "bureau")).one()
        secret = re.search(r"secret=(\w+)", totp.enrol(account))
    assert secret
    rotate(configure)
    reseal_all()
    planted = {*held.values(), *IDENTITY_NUMBERS.values(), PHONE, EMAIL, ADDRESS, secret[1]}
    everything = b"\0".join(dump(county))
    hits = sum(everything.count(each.encode()) for each in planted)
    hits += sum(everything.lower().count(each.encode().hex().encode()) for each in planted)
    control = everything.count(CLEAR.encode())
    print(f"planted={len(planted)} bytes={len(everything)} hits={hits} control={control}")
    assert control >= PLANTED  # whoever searches like this does find what is there
    assert hits == 0


def test_every_column_of_bytes_is_declared_as_sealed_or_is_a_hash() -> None:
    declared = {str(each) for each in sealed_columns()}
    bytes_ = {
        str(column)
        for table in tables.values()
        for column in table.columns
        if isinstance(column.type, LargeBinary) and column.type.length != 32
    }
    # A closed report's ledgers are packed, and name nobody.
    assert bytes_ - {"report.ledgers"} == declared
    assert declared >= {"child.id_number", "child.address", "relative.phone", "supporter.phone", "supporter.email"}


def test_the_key_commands_know_every_sealed_column_in_a_process_of_their_own() -> None:
    for module in walk_packages(hongzhu_registry.__path__, "hongzhu_registry."):
        import_module(module.name)
    program = "from hongzhu_registry.keys import commands; print(*commands.queries.sealed_columns())"
    known = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout.split()
    assert "answered.answer" in known
    assert sorted(known) == sorted(str(each) for each in sealed_columns())


@pytest.fixture
def secrets(sqlite_county: County, configure: Configure) -> SecretFiles:
    """An installation's own files, from which the keys are read."""
    held = settings().secret_keys
    assert held is not None
    files = SecretFiles(settings().secrets)
    files.change("registry", {"HONGZHU_SECRET_KEYS": held.get_secret_value(), "OTHER": "stays"})
    return files


@pytest.fixture
def restart(secrets: SecretFiles, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.delenv("HONGZHU_SECRET_KEYS")
    i18n.language.set(i18n.ENGLISH)

    def started() -> None:
        settings.cache_clear()
        key_ring.cache_clear()

    started()
    return started


def keys(*arguments: str) -> Result:
    return CliRunner().invoke(cli.main, ["keys", *arguments])


def rotate_by_command(restart: Any) -> None:
    keys("rotate")
    restart()
    keys("use", key_ring().names[-1])
    restart()


def test_a_key_is_added_everything_sealed_anew_and_the_old_one_dropped(restart: Any, secrets: SecretFiles) -> None:
    assert keys("rotate").exit_code == 0
    restart()
    old, new = key_ring().names
    assert (old, key_ring().current) == ("first", "first")
    assert keys("use", new).exit_code == 0
    restart()
    assert key_ring().names == [new, "first"]
    assert secrets.read("registry")["OTHER"] == "stays"
    early = keys("drop", "first")
    assert (early.exit_code, "still sealed" in early.output) == (1, True)
    assert keys("drop", new).exit_code == 1  # it seals
    for kept in ("link", "index", "nobodys"):
        assert keys("drop", kept).exit_code == 1
        assert keys("use", kept).exit_code == 1
    done = keys("reseal")
    assert (done.exit_code, f"Sealed anew under {new}: " in done.output) == (0, True)
    counted = dict(line.split() for line in keys("list").output.splitlines())
    assert (counted["first"], int(counted[new]) > 0) == ("0", True)
    before = opened()
    assert keys("drop", "first").exit_code == 0
    restart()
    assert key_ring().names == [new]
    assert opened() == before
    assert keys("rotate").exit_code == 0
    restart()
    assert key_ring().names == [new, f"{new}-2"]


def test_a_process_that_is_not_started_anew_yet_opens_what_the_new_key_sealed(restart: Any) -> None:
    cell = ("child", "address", "child-own")
    keys("rotate")
    restart()
    running = key_ring()
    new = running.names[-1]
    keys("use", new)
    assert keys("drop", new).exit_code == 1, "it is not dropped before anybody has sealed with it"
    restart()
    assert key_ring() is not running
    sealed = key_ring().seal(ADDRESS, *cell)
    assert sealed is not None
    assert sealed.startswith(f"{new}:".encode())
    assert running.open(sealed, *cell) == ADDRESS
    assert key_ring().open(running.seal(ADDRESS, *cell), *cell) == ADDRESS


def test_what_does_not_open_is_told_and_the_command_fails(restart: Any, sqlite_county: County) -> None:
    with database.transaction() as session:
        session.get_one(Child, "child-own").address = b"lost:nothing that opens"
    rotate_by_command(restart)
    assert "? 1" in keys("list").output
    done = keys("reseal")
    assert (done.exit_code, "left as they are: 1" in done.output) == (1, True)
    assert keys("drop", "first").exit_code == 0


def test_no_key_is_ever_printed(restart: Any, secrets: SecretFiles) -> None:
    output = "".join(keys(*each).output for each in (["rotate"], ["use", "first"], ["list"], ["reseal"]))
    for each in secrets.read("registry")["HONGZHU_SECRET_KEYS"].split(","):
        assert each.partition(":")[2] not in output
