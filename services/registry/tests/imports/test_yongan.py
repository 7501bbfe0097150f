"""The county of the source, handed in whole: every figure, nothing twice, nothing of a person in clear."""

import io
import json
import re
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from sqlalchemy import func, select

import hongzhu_registry
from hongzhu import clock
from hongzhu.database import engine
from hongzhu.settings import settings
from hongzhu.testing.databases import fresh_postgres, fresh_sqlite, service_account
from hongzhu_registry.children.models import Child, RosterEntry
from hongzhu_registry.children.queries import count
from hongzhu_registry.database import database, metadata, outbox_rows
from hongzhu_registry.imports.result import Result
from hongzhu_registry.imports.service import take_in, workbooks_in
from hongzhu_registry.pairings.models import Pairing
from hongzhu_registry.schools.models import School
from hongzhu_registry.sealing import key_ring, new_key
from hongzhu_registry.supporters.models import Supporter
from hongzhu_registry.workbooks import Child as RosterRow
from hongzhu_registry.workbooks import read

FOLDER = Path(hongzhu_registry.__file__).parent / "demo" / "yongan-2020"
DAY = date(2020, 11, 23)
ROSTERS = sorted((FOLDER / "rosters").glob("*.xlsx"))
KEYS = ",".join(f"{name}:{new_key()}" for name in ("first", "index", "link"))
Files = list[tuple[str, Path | bytes]]

WHOLE: Files = [*workbooks_in([FOLDER])]
SMALL: Files = [
    (each.name, each)
    for each in [FOLDER / "calendar.xlsx", FOLDER / "schools.xlsx", FOLDER / "staff.xlsx", *ROSTERS[:8]]
]


def hand_in(files: Files) -> Result:
    return take_in(files, lambda *_: None)


@contextmanager
def _registry(url: str, home: Path) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"home": home, "registry_database_url": url, "secret_keys": KEYS}.items():
            patch.setenv(f"HONGZHU_{name.upper()}", str(value))
        settings.cache_clear()
        key_ring.cache_clear()
        clock.stand_on(DAY)
        yield
    settings.cache_clear()
    key_ring.cache_clear()


@contextmanager
def _on_postgres(home: Path) -> Iterator[str]:
    """Migrate as the owner, whose URL it gives, and go on as the service, behind row-level security."""
    with fresh_postgres() as url, service_account(url) as service:
        with _registry(url, home):
            database.migrate()
        with _registry(service, home):
            yield url


@pytest.fixture(scope="module")
def first_import(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Result]]:
    """The whole folder on SQLite, once for all tests here."""
    folder = tmp_path_factory.mktemp("yongan")
    with fresh_sqlite(folder) as url, _registry(url, folder):
        database.migrate()
        result = hand_in(WHOLE)
        engine(url).dispose()
        yield url, result


@pytest.fixture
def yongan(first_import: tuple[str, Result], tmp_path: Path) -> Iterator[Result]:
    """A copy of the imported county, and what the import came to."""
    template, result = first_import
    with fresh_sqlite(tmp_path, template) as url, _registry(url, tmp_path):
        yield result


def rows(statement: Any) -> list[Any]:
    with database.transaction() as session:
        return list(session.execute(statement).all())


def number_of(what: Any, *where: Any) -> int:
    return int(rows(select(func.count()).select_from(what).where(*where))[0][0])


def test_the_figures_are_the_sources(yongan: Result) -> None:
    assert (number_of(Child), number_of(School)) == (1058, 36)
    assert [number_of(Child, Child.sex == sex) for sex in ("male", "female")] == [543, 515]
    with database.transaction() as session:
        assert count(session) == {"children": 1058, "in_poverty": 43}
    assert (yongan.rejected, yongan.warnings, len(yongan.conflicts), yongan.exit_status) == ([], [], 1, 0)
    assert (yongan.accepted["children"], yongan.accepted["schools"]) == (1058, 36)
    assert sum(yongan.changed.values()) == sum(yongan.unchanged.values()) == 0


def test_the_child_on_two_rosters_is_one_child_and_a_question_for_the_bureau(yongan: Result) -> None:
    [conflict] = yongan.conflicts
    assert number_of(RosterEntry, RosterEntry.child_id == conflict["child"]) == 2
    assert len(conflict["files"]) == 2
    assert number_of(School, School.id == conflict["school_id"]) == 1


def test_every_child_has_the_proxy_parent_its_roster_names(yongan: Result) -> None:
    assert number_of(Pairing, Pairing.kind == "proxy_parent", Pairing.ended_on.is_(None)) == len(
        {each.id_number for each in roster_rows() if each.proxy_parent_name}
    )
    assert number_of(Supporter, Supporter.vetted.is_(False), Supporter.kind == "proxy_parent") == 0


def test_handing_in_the_same_again_changes_nothing_and_says_nothing(yongan: Result) -> None:
    before, said = _dump(), number_of(outbox_rows)
    again = hand_in(list(reversed(WHOLE)))
    assert sum(again.accepted.values()) == sum(again.changed.values()) == 0
    assert again.unchanged["children"] == 1059  # the one on two rosters is met twice
    assert (again.rejected, again.exit_status) == ([], 0)
    assert (number_of(outbox_rows), _dump()) == (said, before)


@cache
def roster_rows() -> list[RosterRow]:
    books = [read(each, each.name, DAY) for each in ROSTERS]
    return [row for book in books for sheet in book.sheets for row in sheet.rows if isinstance(row, RosterRow)]


def _edited(file: Path, edit: Callable[[Any], None]) -> Files:
    book = openpyxl.load_workbook(file)
    edit(book.active)
    out = io.BytesIO()
    book.save(out)
    return [(file.relative_to(FOLDER).as_posix(), out.getvalue())]


def _cell(sheet: Any, row: int, title: str) -> Any:
    """The cell under a title in the row-th line of children."""
    for line in sheet.iter_rows():
        for cell in line:
            if isinstance(cell.value, str) and cell.value.replace("\n", "").replace(" ", "").startswith(title):
                return sheet.cell(cell.row + row, cell.column)
    raise AssertionError(f"no column {title}")


def test_a_changed_row_is_one_changed_child_and_one_message(yongan: Result) -> None:
    before = {row.id: row.version for row in rows(select(Child.id, Child.version))}
    said = number_of(outbox_rows)

    def move(sheet: Any) -> None:
        _cell(sheet, 2, "户籍地址").value = "永安市燕东街道新家99号"

    result = hand_in(_edited(ROSTERS[0], move))
    assert (result.changed["children"], result.accepted["children"], result.rejected) == (1, 0, [])
    after = {row.id: row.version for row in rows(select(Child.id, Child.version))}
    [(moved, version)] = after.items() - before.items()
    assert version == before[moved] + 1
    [message] = rows(select(outbox_rows.c.topic, outbox_rows.c.payload).where(outbox_rows.c.sequence > said))
    assert message.topic == "child.changed.v1"
    assert [(each["id"], each["version"]) for each in json.loads(message.payload)["children"]] == [(moved, version)]


def test_nothing_of_a_rejected_row_is_kept(yongan: Result) -> None:
    def spoil(sheet: Any) -> None:
        for title, value in (("姓名", "金丝雀"), ("身份证", "350481201001010019"), ("户籍地址", "金丝雀巷7号")):
            _cell(sheet, 2, title).value = value

    before = _dump()
    result = hand_in(_edited(ROSTERS[0], spoil))
    assert [finding.row for finding in result.rejected] != []
    assert (result.exit_status, number_of(Child)) == (3, 1058)
    assert "金丝雀" not in _dump()
    assert "金丝雀" not in json.dumps(result.as_json(), ensure_ascii=False)
    assert _dump() == before


def _dump() -> str:
    """Every value of every row that is text or bytes, the bytes as the text they would be."""
    told = []
    with database.transaction() as session:
        for table in metadata.sorted_tables:
            for row in session.execute(select(table)):
                told += [_as_text(value) for value in row if isinstance(value, str | bytes | list | dict)]
    return "\n".join(sorted(told))


def _as_text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _nobody_in(text: str, children: list[RosterRow]) -> None:
    """Fails when an identity number, a telephone number or an address of anybody stands in `text`."""
    numbers = {each.id_number for each in children}
    phones = {
        phone
        for each in children
        for phone in (each.father.phone, each.mother.phone, each.guardian.phone, each.proxy_parent_phone)
        if phone
    }
    assert len(numbers) > 100
    assert len(phones) > 100
    assert not numbers & set(re.findall(r"\d{17}[\dX]", text))
    assert not phones & set(re.findall(r"1\d{10}", text))
    addresses = sorted({each.address for each in children if len(each.address) > 8})
    assert addresses
    for address in addresses[:: max(1, len(addresses) // 60)]:
        assert address not in text


def test_no_number_and_no_address_stands_in_clear_in_the_database(yongan: Result) -> None:
    children = roster_rows()
    _nobody_in(_dump(), children)
    engine(database.url).dispose()  # which empties the write-ahead log into the file
    file = Path(database.url.removeprefix("sqlite:///"))
    raw = b"".join(each.read_bytes() for each in file.parent.glob(f"{file.name}*"))
    _nobody_in(raw.decode("utf-8", "replace"), children)
    assert children[0].name.encode() in raw, "the scan would have found what is there"


def test_no_message_names_anybody(yongan: Result) -> None:
    said = "\n".join(row.payload for row in rows(select(outbox_rows.c.payload)))
    children = roster_rows()
    _nobody_in(said, children)
    assert not {each.name for each in children} & set(re.findall(r'"([^"]*)"', said))
    assert not re.search(r"[\u4e00-\u9fff]{2,}", re.sub(r'"(name|zh|en)":"[^"]*"', "", said))


@pytest.mark.postgres
def test_two_who_hand_in_the_same_folder_at_once_do_not_double_it(tmp_path: Path) -> None:
    with _on_postgres(tmp_path):
        with ThreadPoolExecutor(2) as pool:
            one, other = pool.map(hand_in, [SMALL, SMALL])
        children = {each.id_number for name, each_file in SMALL[3:] for each in _rows_of(name, each_file)}
        assert number_of(Child) == len(children)
        assert number_of(School) == 36
        assert one.accepted["children"] + other.accepted["children"] == len(children)
        assert one.rejected == other.rejected == []
        _nobody_in(_dump(), [each for name, file in SMALL[3:] for each in _rows_of(name, file)])


def _rows_of(name: str, file: Path | bytes) -> list[RosterRow]:
    return [row for sheet in read(file, name, DAY).sheets for row in sheet.rows if isinstance(row, RosterRow)]


@pytest.mark.postgres
def test_a_failing_import_tells_nobodys_name_and_keeps_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with _on_postgres(tmp_path) as url:
        hand_in(SMALL[:3])
        with engine(url).begin() as connection:
            # PostgreSQL quotes the whole row that a constraint refuses.
            connection.exec_driver_sql("ALTER TABLE child ADD CONSTRAINT broken CHECK (name = '')")
        with pytest.raises(Exception, match="broken") as failed:
            hand_in(SMALL[3:4])
        told = "".join(traceback.format_exception(failed.value)) + caplog.text
        children = _rows_of(*SMALL[3])
        assert children
        assert not [each.name for each in children if each.name in told]
        assert not [each.id_number for each in children if each.id_number in told]
        assert number_of(Child) == 0
