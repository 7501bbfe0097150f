"""What is said above a table: the school, the term, the date of a test."""

import datetime as dt
import re
import unicodedata
from dataclasses import dataclass, replace

from . import cells, limits
from .cells import UnclearError
from .sandbox import Row


@dataclass(frozen=True, slots=True)
class Title:
    """What the rows above a table say of it as a whole; '' or None for what they do not say."""

    school_code: str = ""
    school_name: str = ""
    term: str = ""
    tested_on: dt.date | None = None
    record_kind: str = ""

    def over(self, other: "Title") -> "Title":
        """This title, or where it names no school, with the school that another says."""
        if self.school_code or self.school_name:
            return self
        return replace(self, school_code=other.school_code, school_name=other.school_name)


_DATE = r"(\d{4}\D{1,2}\d{1,2}\D{1,2}\d{1,2}|\d{8})"
_CODE = re.compile(r"(?:学校标识码|标识码|学校代码|学校编码|机构代码)[^\dA-Z]{0,6}([\dA-Z]{6,18})")
_TESTED = re.compile(rf"(?:检测|考试|测试|测验|考核)(?:日期|时间)\D{{0,3}}{_DATE}")
_UNIT = re.compile(r"(?:填报单位|填报学校|学校名称|报送单位|填表单位|学校|单位)[::]\s*([^\s::]{2,40})")
_STAMP = re.compile(r"\((?:盖章|公章|章|签章)\).*$")
_SCHOOL = re.compile(
    r"([\u4e00-\u9fff]{1,20}?"
    # 一小, 七中: not the beginning of 第七中学 or 第一中心小学.
    r"(?:小学|中学|学校|学区|教学点|幼儿园|分校|附[小中](?!学)|[一二三四五六七八九十][小中](?![学心]))"
    r"(?:\([^()]{1,10}\))?)"
)
_TERM = re.compile(r"(\d{4})年?(?:学年)?([春秋])")
_SCHOOL_YEAR = re.compile(r"(\d{4})\D{1,2}(\d{4})学?年度?第?([一二12上下])学?期")
# The more telling first: on a visit, too, there are talks (家访谈话记录).
_RECORD_KINDS = {"送教": "home_teaching", "家访": "visit", "慰问": "visit", "走访": "visit", "通话": "call"}
_RECORD_KINDS |= {"谈心": "talk", "谈话": "talk", "辅导": "tutoring"}


def read(rows: list[Row]) -> Title:
    """Read the rows above a table, or those of a sheet without one."""
    lines = [" ".join(cells.text(c) for c in row if c != "") for row in rows[: limits.HEADER_ROWS] if row]
    said = unicodedata.normalize("NFKC", "\n".join(lines)[: limits.TITLE_CHARACTERS])
    return Title(
        school_code=match[1] if (match := _CODE.search(said)) else "",
        school_name=_school_name(said),
        term=_term(said),
        tested_on=_tested_on(said),
        record_kind=record_kind(said),
    )


def named(name: str) -> Title:
    """Read the name of a sheet or of a file, which may be a school's; the folders that a file lies in are anybody's."""
    return Title(school_name=_school_name(unicodedata.normalize("NFKC", name.rpartition("/")[2])))


def record_kind(said: str) -> str:
    """Return the kind of record that a title or a name tells of; '' for none, and for one with another (谈心、家访记录)."""
    parts = re.split(r"[、,/和及与\n]", said)
    told = {next((kind for word, kind in _RECORD_KINDS.items() if word in part), "") for part in parts} - {""}
    return told.pop() if len(told) == 1 else ""


def _school_name(said: str) -> str:
    if match := _UNIT.search(said):
        return _STAMP.sub("", match[1])
    for line in said.split("\n"):
        # 2020年秋季东门小学…: what stands before the school's name is a year, a term or a blank, never part of it.
        bare = re.sub(r"\d{4}(?:\D\d{4})?(?:学年度?|年度?)?(?:[春秋]季?)?(?:第?[一二上下]?学期)?", "\n", line)
        match = _SCHOOL.search(bare)
        if match and not match[1].startswith(("全", "各", "我", "本")) and "中小学" not in match[1]:
            return match[1]
    return ""


def _term(said: str) -> str:
    if match := _TERM.search(said):
        return f"{match[1]}年{match[2]}季"
    if match := _SCHOOL_YEAR.search(said):
        return f"{match[1]}年秋季" if match[3] in "一1上" else f"{match[2]}年春季"
    return ""


def _tested_on(said: str) -> dt.date | None:
    try:
        return cells.day(match[1]) if (match := _TESTED.search(said)) else None
    except UnclearError:
        return None
