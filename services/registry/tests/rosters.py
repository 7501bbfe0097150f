"""Rosters of invented children, written as a school would."""

import io
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import openpyxl
from stdnum.cn.ric import calc_check_digit

from hongzhu_registry.imports.result import Result
from hongzhu_registry.imports.service import take_in

BORN = date(2011, 3, 4)


def id_number(order: int) -> str:
    """The identity number of the order-th child born on `BORN`."""
    stem = f"350481{BORN:%Y%m%d}{order:03d}"
    return stem + calc_check_digit(stem + "0")


def line(order: int, school: str = "school-own", **changes: Any) -> dict[str, Any]:
    """One child's line; a change to None takes the column away, if it does so for all lines of a roster."""
    written: dict[str, Any] = {
        "学校名称": f"{school}小学",
        "姓名": f"张文{'甲乙丙丁戊己庚辛'[order % 8]}",
        "身份证号": id_number(order),
        "年级": "3",
        "班级": "1班",
        "户籍地址": "永安市燕东街道蜡烛巷1号",
        "父亲姓名": "张军",
        "父亲务工地点": "福州市",
        "父亲联系电话": "13950000011",
        "监护人姓名": "老张",
        "监护人联系电话": "13950000012",
        "代理家长": "李代",
        "代理家长电话": "13950000013",
        "帮扶教师(1+N)": "王老",
        "结对同伴(1+1)": "赵同",
    }
    return {title: value for title, value in (written | changes).items() if value is not None}


def workbook(lines: Iterable[dict[str, Any]]) -> bytes:
    """Write a roster."""
    rows = list(lines)
    titles = list(rows[0])
    return sheets([titles, *([each.get(title) for title in titles] for each in rows)])


def sheets(*tables: Iterable[Sequence[Any]]) -> bytes:
    """Write a workbook of a sheet for each table."""
    book = openpyxl.Workbook(write_only=True)
    for table in tables:
        sheet = book.create_sheet()
        for row in table:
            sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def table(header: str, *lines: str) -> list[list[str]]:
    """A table as one would write it down: cells with a bar between them."""
    return [line.split("|") for line in (header, *lines)]


def take(*tables: Iterable[Sequence[Any]]) -> Result:
    """Import one workbook of a sheet for each table."""
    return take_in([("表.xlsx", sheets(*tables))], lambda *_: None)


def hand_in(**rosters: Iterable[dict[str, Any]]) -> Result:
    """Import rosters, each under the name of its keyword, in that order."""
    return take_in([(f"{name}.xlsx", workbook(lines)) for name, lines in rosters.items()], lambda *_: None)
