import datetime as dt
import io
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from stdnum.cn.ric import calc_check_digit

import hongzhu_registry
from hongzhu_registry.workbooks import Workbook, read

DEMO = Path(hongzhu_registry.__file__).parent / "demo" / "yongan-2020"
TODAY = dt.date(2020, 11, 23)


class Desk:
    """What a clerk does: writes workbooks and hands them in."""

    today = TODAY

    def write(
        self,
        *sheets: Sequence[Sequence[Any]],
        merges: Iterable[str] = (),
        hidden: int | None = None,
        names: Sequence[str] = (),
    ) -> bytes:
        book = openpyxl.Workbook()
        book.remove(book.active)  # type: ignore[arg-type]
        for number, rows in enumerate(sheets):
            sheet = book.create_sheet(names[number] if names else f"Sheet{number + 1}")
            for row in rows:
                sheet.append([None if cell == "" else cell for cell in row])
            if number == hidden:
                sheet.sheet_state = "hidden"
        for area in merges:
            book.worksheets[-1].merge_cells(area)
        out = io.BytesIO()
        book.save(out)
        return out.getvalue()

    def hand_in(self, *sheets: Sequence[Sequence[Any]], **how: Any) -> Workbook:
        return read(self.write(*sheets, **how), "任意.xlsx", TODAY)

    @staticmethod
    def id_number(born_on: dt.date, order: int) -> str:
        stem = f"350481{born_on:%Y%m%d}{order:03d}"
        return stem + calc_check_digit(stem + "0")


@pytest.fixture(scope="session")
def desk() -> Desk:
    return Desk()


@pytest.fixture(scope="session")
def demo_files() -> list[Path]:
    return sorted(DEMO.rglob("*.xlsx"))


@pytest.fixture(scope="session")
def demo(demo_files: list[Path]) -> Callable[[], list[Workbook]]:
    books: list[Workbook] = []

    def all_books() -> list[Workbook]:
        if not books:
            books.extend(read(path, path.name, TODAY) for path in demo_files)
        return books

    return all_books
