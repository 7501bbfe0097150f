"""Canaries: an invented county whose people's names, numbers and addresses are told apart from everything else.

Every name begins with the same two characters, every telephone number and every identity number with the same digits: so one
search for a few marks finds each of them, in whatever writing it is hidden.
"""

import base64
import random
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from openpyxl import Workbook
from tests.journeys.county import identity_number

NAME, ADDRESS, MAIL = "龘靐", "灪巷龗里", "@canary.example"
PHONE, IDENTITY = "1990413", "513999201"
SEALED = (ADDRESS, MAIL, PHONE, IDENTITY)
"""What is encrypted wherever it is kept."""
MARKS = (NAME, *SEALED)
POISON = "爩爩爩"
"""What is put into messages on purpose: it must not get out of them."""

_GIVEN = "安邦成德恩芳光海佳凯兰明宁平清荣山思涛文祥雅永远泽志竹晨露禾苗谷雨"
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{24,}={0,2}")
_URL_SAFE = bytes.maketrans(b"-_", b"+/")
_FIRST_CODE = 51399_70000


class Writings:
    """Finds marks in bytes: as they are, escaped as JSON, Python, URLs or hex write them, or in base64."""

    def __init__(self, marks: Iterable[str]) -> None:
        forms = {form for mark in marks for form in _forms(mark)}
        self._plain = re.compile(b"|".join(map(re.escape, sorted(forms))))

    def find(self, text: bytes) -> list[str]:
        """Return what surrounds each hit."""
        found = [text[max(0, hit.start() - 60) : hit.end() + 40] for hit in self._plain.finditer(text)]
        for run in _BASE64.findall(text):
            if self._plain.search(run):
                continue
            whole = run.rstrip(b"=").translate(_URL_SAFE)
            inside = base64.b64decode(whole[: len(whole) // 4 * 4])
            found += [b"base64 " + run[:60]] * len(self._plain.findall(inside))
        return [each.decode(errors="replace").replace("\n", " ") for each in found]


def _forms(mark: str) -> Iterator[bytes]:
    said = mark.encode()
    yield said
    yield mark.encode("utf-16-le")
    yield mark.encode("unicode_escape")
    yield repr(said)[2:-1].encode()
    for each in (quote(mark, safe=""), said.hex(), said.hex(" "), repr(mark.encode("gb18030"))[2:-1]):
        yield each.encode()
        yield each.upper().encode()
        yield each.lower().encode()


class Child(NamedTuple):
    """A child and whoever stands by it, all of them canaries."""

    row: Mapping[str, Any]
    sound: bool
    """Whether the roster is to take it."""


@dataclass
class Flock:
    """A county of canaries with its workbooks."""

    children: int
    seed: int = 1
    planted: set[str] = field(default_factory=set)
    """Every name, number, address and mail address that stands in a workbook."""
    rows: dict[str, list[Child]] = field(default_factory=dict)
    """The rosters' rows by school code."""

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)
        self._people, self._phones, self._order = count(), count(), count()
        for number in range(max(2, self.children // 50)):
            self.rows[str(_FIRST_CODE + number)] = []
        codes = list(self.rows)
        for number in range(self.children):
            self.rows[codes[number % len(codes)]].append(self._child(number))

    @property
    def sound(self) -> int:
        """How many children the rosters are to take."""
        return sum(child.sound for school in self.rows.values() for child in school)

    def name(self) -> str:
        """Return a new person's name."""
        number, given = next(self._people), ""
        for _ in range(3):
            number, digit = divmod(number, len(_GIVEN))
            given += _GIVEN[digit]
        return self._plant(NAME + given)

    def phone(self) -> str:
        """Return a new telephone number."""
        return self._plant(f"{PHONE}{next(self._phones):04}")

    def identity(self) -> str:
        """Return a new identity number."""
        number = next(self._order)
        return self._plant(
            identity_number(date(2013 + number // 900 % 4, 1 + number % 12, 1 + number % 28), number % 999)
        )

    def write(self, folder: Path) -> Path:
        """Write what schools and offices hand in; return the folder."""
        folder.mkdir(parents=True, exist_ok=True)
        codes = list(self.rows)
        schools = [(code, f"清溪镇第{n}小学", "清溪镇", "乡村", "完全小学", "√", "√") for n, code in enumerate(codes)]
        header = ("学校代码", "校名", "所属乡镇", "城乡类别", "学校类型", "寄宿制学校", "亲情通话室")
        _save(folder / "学校.xlsx", header, schools)
        calendar = [("学期", "春季学期", date(2023, 2, 13), date(2023, 7, 7))]
        _save(folder / "校历.xlsx", ("类型", "事项", "起始日期", "截止日期"), calendar)
        staff = [row for number, code in enumerate(codes) for row in self._staff(number, code)]
        _save(folder / "教师.xlsx", ("学校代码", "姓名", "岗位", "班主任年级", "带班", "手机号码", "电子邮箱"), staff)
        lawyers = [("司法局", "法制辅导员", self.name(), self.phone(), "律所", "清溪镇", 2, "审核通过") for _ in codes]
        header = ("部门", "志愿者类别", "姓名", "手机", "工作单位", "所在乡镇", "名额", "审核情况")
        _save(folder / "律师.xlsx", header, lawyers)
        for code, children in self.rows.items():
            self.write_roster(folder / f"{code}.xlsx", code, children)
        self.write_roster(folder / "转来.xlsx", codes[1], self.rows[codes[0]][:3])
        self._write_damaged(folder)
        return folder

    def write_roster(self, file: Path, code: str, children: Sequence[Child], **changes: str) -> Path:
        """Write one school's roster; `changes` are made to every row."""
        rows = [{"学校代码": code, **child.row, **changes} for child in children]
        _save(file, list(rows[0]), [list(row.values()) for row in rows])
        return file

    def _write_damaged(self, folder: Path) -> None:
        some = next(iter(self.rows.values()))[:20]
        whole = (self.write_roster(folder / "缺页.xlsx", next(iter(self.rows)), some)).read_bytes()
        (folder / "缺页.xlsx").write_bytes(whole[: len(whole) * 2 // 3])
        (folder / "不是工作簿.xlsx").write_text("\n".join(str(child.row) for child in some))
        (folder / "空.xlsx").write_bytes(b"")
        # No header at all, people where schools should be, and a header cell that holds a person.
        _save(folder / "无表头.xlsx", list(some[0].row.values()), [list(child.row.values()) for child in some[1:]])
        shifted = [(child.row["学生姓名"], child.row["身份证号"], child.row["家庭住址"]) for child in some]
        _save(folder / "错列.xlsx", ("学校名称", "身份证号", "学生姓名"), shifted)
        cells = [(next(iter(self.rows)), child.row["学生姓名"], child.row["身份证号"], "是") for child in some]
        _save(folder / "错头.xlsx", ("学校代码", "学生姓名", "身份证号", "寄宿", some[0].row["父亲电话"]), cells)

    def _staff(self, number: int, code: str) -> Iterator[Sequence[Any]]:
        mail = self._plant(f"moral{number}{MAIL}")
        yield code, self.name(), "德育主任", "", "", self.phone(), mail
        if number % 3:
            yield code, self.name(), "班主任", "3年级", "1班", self.phone(), self._plant(f"class{number}{MAIL}")

    def _child(self, number: int) -> Child:
        row = {
            "学生姓名": self.name(),
            "身份证号": self.identity(),
            "所在年级": "3年级",
            "所在班级": f"{1 + number % 2}班",
            "寄宿": "是" if number % 3 else "否",
            "低保户": "是" if number % 10 == 0 else "否",
            "父母务工情况": "双亲留守",
            "家庭住址": self._plant(f"清溪镇{ADDRESS}{number}号"),
            "父亲姓名": self.name(),
            "父亲电话": self.phone(),
            "母亲姓名": self.name(),
            "母亲务工地": "浙江温州",
            "母亲电话": self.phone(),
            "监护人姓名": self.name(),
            "监护人电话": self.phone(),
            "代理家长": self.name(),
            "代理家长联系电话": self.phone(),
        }
        if number % 10 != 7:
            return Child(row, sound=True)
        broken = self._chance.choice((self._wrong_digit, self._too_short, self._no_name, self._named_by_number))
        return Child(row | broken(row), sound=False)

    def _wrong_digit(self, row: Mapping[str, str]) -> Mapping[str, str]:
        number = row["身份证号"]
        return {"身份证号": self._plant(number[:-1] + ("0" if number[-1] != "0" else "1"))}

    def _too_short(self, row: Mapping[str, str]) -> Mapping[str, str]:
        return {"身份证号": self._plant(row["身份证号"][:-1])}

    def _no_name(self, _row: Mapping[str, str]) -> Mapping[str, str]:
        return {"学生姓名": "", "父亲电话": f"{self.phone()}转8"}

    def _named_by_number(self, row: Mapping[str, str]) -> Mapping[str, str]:
        return {"学生姓名": row["学生姓名"] + self.phone()}

    def _plant(self, said: str) -> str:
        self.planted.add(said)
        return said


def _save(file: Path, header: Sequence[Any], rows: Iterable[Sequence[Any]]) -> None:
    book = Workbook()
    assert book.active is not None
    for row in (header, *rows):
        book.active.append(list(row))
    book.save(file)
