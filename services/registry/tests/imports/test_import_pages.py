"""The page where workbooks are dropped: progress that moves by itself, and what each hand-in came to."""

import io
import re

import openpyxl
import pytest
from county import County, token_of
from rosters import line, workbook
from sqlalchemy import delete, select, update

from hongzhu.clock import now
from hongzhu_registry.children.models import Child
from hongzhu_registry.database import database
from hongzhu_registry.imports.models import Import
from hongzhu_registry.imports.service import SUFFIXES
from hongzhu_registry.imports.ticks import LONGEST, give_up_cut_off
from hongzhu_registry.signed_in import SESSION


@pytest.fixture
def desk(sqlite_county: County) -> County:
    sqlite_county.http.cookies.set(SESSION, token_of("bureau"))
    sqlite_county.http.headers["accept-language"] = "en"
    return sqlite_county


def drop(desk: County, **rosters: bytes) -> str:
    """Drop files on the page; return where it leads."""
    files = [("files", (name.replace("__", "/").replace("_", "."), content)) for name, content in rosters.items()]
    answer = desk.http.post("/imports", files=files, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def test_a_folder_that_is_dropped_is_one_hand_in_whose_page_tells_what_came_of_it(desk: County) -> None:
    first, second = workbook([line(1), line(2)]), workbook([line(5, "school-other"), line(3, 身份证号="123")])
    there = drop(desk, folder__a_xlsx=first, folder__deep__b_xlsx=second, folder__notes_txt=b"no workbook")
    page = desk.http.get(there).text
    assert re.findall(r'class="value">(\d+)<', page) == ["3", "0", "0", "1", "0"], "taken in, changed, unchanged, …"
    assert "1 files that are no workbooks" in page
    assert "b.xlsx" in page
    assert "hx-get" not in page, "it is done and asks no more"
    with database.transaction() as session:
        assert session.scalar(select(Child.id).where(Child.name == "张文乙")) is not None
    recent = desk.http.get("/imports").text
    assert "a.xlsx and 1 more" in recent
    assert there.partition("?")[0] in recent

    book = openpyxl.load_workbook(io.BytesIO(desk.http.get(f"{there.partition('?')[0]}/errors.xlsx").content))
    [titles, refused] = book.active.values
    assert titles == ("Workbook", "Sheet", "Row", "Column", "Reason", "What to do")
    assert refused[0] == "folder/deep/b.xlsx"
    assert refused[2] == 3


def test_a_changed_roster_names_who_came_who_is_missing_and_what_of_whom_changed(desk: County) -> None:
    drop(desk, a_xlsx=workbook([line(1), line(2), line(3)]))
    page = desk.http.get(drop(desk, a_xlsx=workbook([line(1, 班级="2班"), line(2), line(4)]))).text
    changes = page.partition("What the rosters changed")[2]
    came, _, rest = changes.partition("Not on it any more")
    left, _, changed = rest.partition("Changed")
    assert ("张文戊" in came, "张文丁" in left) == (True, True)
    assert re.search(r"张文乙</a>\s*<span class=\"soft\">Class", changed)


def test_a_workbook_that_cannot_be_read_is_told_beside_the_rows_that_are_refused(desk: County) -> None:
    page = desk.http.get(drop(desk, broken_xlsx=b"no workbook at all")).text
    assert "broken.xlsx" in page.partition("Sent back")[2]
    assert "Nothing more is known" not in page
    assert "broken.xlsx" in desk.http.get("/imports").text


def test_while_it_is_read_the_page_asks_again_by_itself_and_shows_how_far_it_is(desk: County) -> None:
    with database.transaction() as session:
        session.execute(update(Import).values(status="running", done=3, of=8))
    page = desk.http.get("/imports/import-own").text
    assert 'hx-get="/imports/import-own" hx-trigger="every 2s"' in page
    assert 'max="8" value="3"' in page
    with database.transaction() as session:
        session.execute(update(Import).values(status="failed"))
    failed = desk.http.get("/imports/import-own").text
    assert "hx-get" not in failed
    assert "Hand the same in again" in failed


@pytest.mark.parametrize("name", ["", "a.txt", "~$a.xlsx", ".a.xlsx"])
def test_without_a_workbook_the_page_says_so_and_begins_nothing(desk: County, name: str) -> None:
    with database.transaction() as session:
        session.execute(delete(Import))
    # As a browser writes it: a choice that was left empty is a file without a name.
    part = f'--edge\r\ncontent-disposition: form-data; name="files"; filename="{name}"\r\n\r\nx\r\n--edge--\r\n'
    headers = {"content-type": "multipart/form-data; boundary=edge"}
    answer = desk.http.post("/imports", content=part, headers=headers)
    assert answer.status_code == 422
    assert "There is no workbook here" in answer.text
    with database.transaction() as session:
        assert session.scalar(select(Import.id)) is None


def test_the_browser_keeps_back_what_the_server_would(desk: County) -> None:
    assert f'data-drop="{",".join(SUFFIXES)}"' in desk.http.get("/imports").text


def test_a_hand_in_whose_process_ended_is_said_to_have_failed_and_its_page_asks_no_more(desk: County) -> None:
    with database.transaction() as session:
        asks = {"account_id": "account-bureau", "status": "running"}
        session.add(Import(id="cut-off", file="a.xlsx", started_at=now() - 2 * LONGEST, **asks))
        session.add(Import(id="at-work", file="b.xlsx", started_at=now() - LONGEST / 2, **asks))
    give_up_cut_off()
    assert "hx-get" not in desk.http.get("/imports/cut-off").text
    assert "hx-get" in desk.http.get("/imports/at-work").text
    with database.transaction() as session:
        found = session.execute(select(Import.id, Import.status).where(Import.account_id == "account-bureau"))
        assert {("cut-off", "failed"), ("at-work", "running")} <= {tuple(row) for row in found}
