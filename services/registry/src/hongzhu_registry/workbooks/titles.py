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
    grade: int | None = None
    class_name: str = ""
    activity: str = ""
    signs_in: bool = False
    """Whether it is the title of a list of who came to an activity, which it need not name."""

    @property
    def names_school(self) -> bool:
        """Whether it says whose the table is."""
        return bool(self.school_code or self.school_name)

    @property
    def of_school(self) -> "Title":
        """What of it holds for other sheets too: one of them is a class's, and it itself may explain how to write one."""
        return replace(self, grade=None, class_name="", activity="", signs_in=False)

    def over(self, other: "Title") -> "Title":
        """This title, with the school, the class, the activity and the kind of record that another says where it says none."""
        whose = self if self.names_school else other
        return replace(
            self,
            school_code=whose.school_code,
            school_name=whose.school_name,
            record_kind=self.record_kind or other.record_kind,
            activity=self.activity or other.activity,
            signs_in=self.signs_in or other.signs_in,
            grade=self.grade or other.grade,
            class_name=self.class_name
            or (other.class_name if other.grade in (None, self.grade or other.grade) else ""),
        )

    def below(self, above: "Title") -> "Title":
        """This title, with what it leaves unsaid as the one above said it; a school named again keeps its code."""
        again = not self.school_code and self.school_name in ("", above.school_name)
        whose = self if self.grade or self.class_name or not again else above
        return replace(
            above if again else self,
            grade=whose.grade,
            class_name=whose.class_name,
            term=self.term or above.term,
            tested_on=self.tested_on or above.tested_on,
            activity=self.activity or above.activity,
            record_kind=self.record_kind or above.record_kind,
        )


_DATE = r"(\d{4}\D{1,2}\d{1,2}\D{1,2}\d{1,2}|\d{8})"
_CODE = re.compile(r"(?:学校标识码|标识码|学校代码|学校编码|机构代码)[^\dA-Z]{0,6}([\dA-Z]{6,18})")
_TESTED = re.compile(rf"(?:检测|考试|测试|测验|考核)(?:日期|时间)\D{{0,3}}{_DATE}")
_LABEL = (
    r"(?<![\u4e00-\u9fff])(?:填报|上报|报送|填表|所在|所属|就读)?(?:学校|单位)(?:名称)?\s*(?:\([^()\n]{1,6}\))?\s*:"
)
# What stands behind the label, on its line, and is no label itself.
_UNIT = re.compile(rf"{_LABEL}[^\S\n]*(?![^\s:]*[^\S\n]*:)([^\s:]{{2,40}})")
_STAMP = re.compile(r"\((?:盖章|公章|章|签章)\).*$")
_ACTIVITY = re.compile(r"活动(?:名称|主题)[^\S\n]*:[^\S\n]*([^\s:]{2,100})(?![^\s:]*:)")
_SIGN_IN = re.compile(r"签到[表册簿单]?(?:\.xlsx?)?(?=$|[\s(:])", re.MULTILINE)
_OFFICE = re.compile("(?:局|政府|委员会|办公室|[股科室])$")
_SCHOOL = re.compile(
    r"([\u4e00-\u9fff]{1,20}?"
    r"(?:[小中]学(?!生)|(?<!义务教育)(?<!直属)(?<!规模)学校|学区|教学点|幼儿园|分校|中心校(?!区)|[完村]小(?![学规])|一贯制(?:学校)?"
    # 青石县初中, 学生初中: a county's or a list's, and no school's name.
    r"|(?<![县市区省童生册表级及和的])[初高]中(?![生学部年级阶段毕一二三])"
    # 一小, 七中: not the beginning of 第七中学 or 第一中心小学.
    r"|附[小中](?!学)|[一二三四五六七八九十][小中](?![学心]))"
    r"(?:\([^()]{1,10}\))?)"
)
# All schools, or some of a county's, or where an office went (法治进学校).
_NO_NAME = re.compile(
    "^[全各我本]|中小学|进(?:学校|[小中]学)|(?:农村|寄宿制|公办|民办|阶段|各|城区)(?:学校|小学)$|[县市区旗]小学$"
)
_TERM = re.compile(r"(\d{4})年?(?:学年)?([春秋])")
_SCHOOL_YEAR = re.compile(r"(\d{4})\D{1,2}(\d{4})学?年度?第?([一二12上下])学?期")
# The more telling first: on a visit, too, there are talks (家访谈话记录).
_RECORD_KINDS = {"送教": "home_teaching", "家访": "visit", "慰问": "visit", "走访": "visit", "通话": "call"}
_RECORD_KINDS |= {"亲情连线": "call", "亲情视频": "call", "亲情电话": "call", "入户": "visit"}
_RECORD_KINDS |= {"谈心": "talk", "谈话": "talk", "辅导": "tutoring"}

_COUNT = "一二三四五六七八九十"
_NUMERAL = rf"(?:十[一二]|[{_COUNT}]|\d{{1,2}})"
_STAGE = "(?:小学|初中|高中|初|高)?"
_IN_GRADE = rf"(?:\({_NUMERAL}\)|{_NUMERAL})"
# Not the last of several: 一至三年级, 1、2班; nor a part of a year: 2020年.
_ONE = rf"(?<![\d{_COUNT}至到、和及与])(?<![\d{_COUNT}级][~—-])"
_OF_CLASS = re.compile(
    rf"{_ONE}(?:{_STAGE}{_NUMERAL}年级?{_IN_GRADE}|[初高][一二三]{_IN_GRADE}"
    rf"|{_STAGE}(?:{_NUMERAL}\({_NUMERAL}\)|[{_COUNT}]\d{{1,2}}))班"
)
_GRADE = re.compile(rf"{_ONE}{_STAGE}{_NUMERAL}年级|{_ONE}[初高][一二三](?=[^\u4e00-\u9fff]|$)")
# A class without its grade: not 一班一品.
_CLASS = re.compile(rf"(?:^|(?<=班级:)|(?<=年级)){_IN_GRADE}班(?=$|[^\u4e00-\u9fff]|成绩|学生|留守|花名册|名单|登记)")
_CLASSES, _GRADES = re.compile(rf"({_NUMERAL})\)?班"), re.compile(rf"({_NUMERAL})年级")


def read(rows: list[Row]) -> Title:
    """Read the rows above a table, or those of a sheet without one."""
    lines = [" ".join(cells.text(c) for c in row if c != "") for row in rows[: limits.HEADER_ROWS] if row]
    said = unicodedata.normalize("NFKC", "\n".join(lines)[: limits.TITLE_CHARACTERS])
    grade, class_name = class_of(said)
    return Title(
        grade=grade,
        class_name=class_name,
        school_code=match[1] if (match := _CODE.search(said)) else "",
        school_name=_school_name(said),
        term=_term(said),
        tested_on=_tested_on(said),
        record_kind=record_kind(said),
        activity=match[1] if (match := _ACTIVITY.search(said)) else "",
        signs_in=bool(_SIGN_IN.search(said)),
    )


def named(name: str) -> Title:
    """Read the name of a sheet or of a file, which may be a school's or a class's, or say what the records in it are.

    The folders that a file lies in are anybody's.
    """
    said = unicodedata.normalize("NFKC", name.rpartition("/")[2])
    grade, class_name = class_of(said)
    return Title(
        school_name=_school_name(said),
        record_kind=record_kind(said),
        grade=grade,
        class_name=class_name,
        signs_in=bool(_SIGN_IN.search(said)),
    )


def class_of(said: str) -> tuple[int | None, str]:
    """Return the one class that a title or a name tells of, or as much of it as is told; nothing of several."""
    bare = re.sub(r"\s", "", said)
    one_class, one_grade = (len(set(each.findall(bare))) == 1 for each in (_CLASSES, _GRADES))
    whole, grade, alone = _OF_CLASS.search(bare), _GRADE.search(bare), _CLASS.search(bare)
    try:
        if whole and one_class:
            return cells.class_of(whole[0])
        told = cells.grade(grade[0])[0] if grade and (one_grade or not _GRADES.search(bare)) else None
    except UnclearError:  # 三十年级
        return None, ""
    return told, cells.class_of(alone[0])[1] if alone and one_class and (told or not grade) else ""


def record_kind(said: str) -> str:
    """Return the kind of record that a title or a name tells of; '' for none, and for one with another (谈心、家访记录)."""
    parts = re.split(r"[、,/和及与\n]", said)
    told = {next((kind for word, kind in _RECORD_KINDS.items() if word in part), "") for part in parts} - {""}
    return told.pop() if len(told) == 1 else ""


def _school_name(said: str) -> str:
    for unit in _UNIT.finditer(said):
        name = _STAMP.sub("", unit[1])
        if not _OFFICE.search(name):
            return name
    for line in re.sub(_LABEL, "\n", said).split("\n"):
        # 2020年秋季东门小学…: what stands before the school's name is a year, a term or a blank, never part of it.
        bare = re.sub(r"\d{4}(?:\D\d{4})?(?:学年度?|年度?)?(?:[春秋]季?)?(?:第?[一二上下]?学期)?", "\n", line)
        match = _SCHOOL.search(bare)
        if match and not _NO_NAME.search(match[1]):
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
