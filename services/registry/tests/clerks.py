"""How one clerk or another writes the same thing in a cell, and one line of a plain roster."""

import datetime as dt
from typing import Any

from hypothesis import strategies as st

ROSTER = ["姓名", "身份证号", "性别", "出生日期", "年级", "监护人电话", "学校标识码"]
BORN = dt.date(2011, 3, 4)


def full_width(said: str) -> str:
    """Digits and letters as a Chinese keyboard types them."""
    return "".join(chr(ord(c) + 0xFEE0) if c.isascii() and c.isalnum() else c for c in said)


def days_written(day: dt.date) -> st.SearchStrategy[Any]:
    """A day as one clerk or another would write it; or as Excel keeps it."""
    styles = [
        "{0:%Y-%m-%d}",
        "{0.year}.{0.month}.{0.day}",
        "{0.year}年{0.month}月{0.day}日",
        "{0:%Y%m%d}",
        "{0:%Y/%m/%d}",
    ]
    said = [style.format(day) for style in styles]
    return st.sampled_from([*said, full_width(said[0]), day, (day - dt.date(1899, 12, 30)).days])


def line(desk: Any, name: str = "张文", order: int = 121, **changed: Any) -> list[Any]:
    """A child's line under `ROSTER`."""
    row = dict(
        zip(ROSTER, [name, desk.id_number(BORN, order), "男", "2011-03-04", "三年级", "13812345678", "1"], strict=True)
    )
    return list((row | changed).values())


def one(book: Any) -> Any:
    """The one row of the one sheet that a workbook has."""
    (sheet,) = book.sheets
    (row,) = sheet.rows
    return row
