"""An invented county: its people, its workbooks, and what is owed to whom by its own data.

Nothing here comes from the product: who is owed what is worked out from these lists alone, so that the product can be held
against it.  Names, layout and writings differ from Yong'an's on purpose.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from openpyxl import Workbook

DAY = timedelta(days=1)

TERMS = (
    ("二〇二三年春季学期", date(2023, 2, 13), date(2023, 7, 7)),
    ("二〇二三年秋季学期", date(2023, 9, 4), date(2024, 1, 26)),
)
HOLIDAYS = (
    ("清明节", date(2023, 4, 5), date(2023, 4, 5)),
    ("劳动节", date(2023, 4, 29), date(2023, 5, 3)),
    ("端午节", date(2023, 6, 22), date(2023, 6, 24)),
    ("国庆中秋", date(2023, 9, 29), date(2023, 10, 6)),
    ("元旦", date(2023, 12, 30), date(2024, 1, 1)),
)
MAKE_UPS = (
    ("劳动节补课", date(2023, 4, 23), date(2023, 4, 23)),
    ("劳动节补课", date(2023, 5, 6), date(2023, 5, 6)),
    ("端午节补课", date(2023, 6, 25), date(2023, 6, 25)),
    ("国庆补课", date(2023, 10, 7), date(2023, 10, 8)),
)
FIRST_DAY = date(2023, 2, 15)
"""The Wednesday of the first school week: the day on which the county takes hongzhu into use."""

_TOWNS = ("清溪镇", "石门乡", "柳坝镇")
_SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜"
_GIVEN = "安邦成德恩芳光海佳凯兰明宁平清荣山思涛文祥雅永远泽志竹晨露禾苗谷雨"


class School(NamedTuple):
    """A school."""

    code: str
    name: str
    town: str
    primary: bool
    urban: bool


class Child(NamedTuple):
    """A left-behind child; every name is one child's only."""

    name: str
    id_number: str
    school: School
    grade: int
    room: int
    boarding: bool
    in_poverty: bool


class Teacher(NamedTuple):
    """A teacher: a class's own, or the school's coordinator (grade 0)."""

    name: str
    school: School
    grade: int
    room: int
    email: str


class Counsellor(NamedTuple):
    """A lawyer who offers to be schools' law counsellor."""

    name: str
    town: str
    places: int
    vetted: bool


class Task(NamedTuple):
    """What is owed: programme, who it is for, by name, and the period."""

    programme: str
    subject: str
    period: str


TALK = "education_bureau.weekly_talk"
COUNSELLOR = "legal_aid.counsellor"


@dataclass
class County:
    """A county, or a part that joins it later."""

    schools: list[School] = field(default_factory=list)
    children: list[Child] = field(default_factory=list)
    teachers: list[Teacher] = field(default_factory=list)
    counsellors: list[Counsellor] = field(default_factory=list)
    closed: dict[str, list[date]] = field(default_factory=dict)
    """The Mondays of the weeks in which a school, by its code, is closed."""
    joined: dict[str, date] = field(default_factory=dict)
    """The day on which a school was taken in."""

    def join(self, part: County, day: date) -> None:
        """Take a part in on `day`."""
        for name in ("schools", "children", "teachers", "counsellors"):
            getattr(self, name).extend(getattr(part, name))
        self.closed.update(part.closed)
        self.joined.update({school.code: day for school in part.schools})

    def teller(self, child: Child) -> Teacher | None:
        """Return who is told of a child's talk: its class teacher, else the school's coordinator."""
        return self._teacher(child.school, child.grade, child.room) or self.coordinator(child.school)

    def coordinator(self, school: School) -> Teacher | None:
        """Return who coordinates at a school."""
        return self._teacher(school, 0, 0)

    def _teacher(self, school: School, grade: int, room: int) -> Teacher | None:
        own = ((each.school, each.grade, each.room) == (school, grade, room) for each in self.teachers)
        return next((each for each, its in zip(self.teachers, own, strict=True) if its), None)

    def talks(self, week: date) -> list[Child]:
        """Return the children who are owed a talk in the school week of the Monday `week`."""
        return [
            child
            for child in self.children
            if week not in self.closed.get(child.school.code, ())
            and week + 6 * DAY >= entered(self.joined[child.school.code])
        ]

    def told(self, week: date) -> set[str]:
        """Return the addresses of those who are told of the week's talks."""
        tellers = {self.teller(child) for child in self.talks(week)}
        return {teacher.email for teacher in tellers if teacher}

    def owed(self, since: date, today: date, talked: Iterable[tuple[str, date]]) -> dict[Task, str]:
        """Return every task there must be on `today`, with its state, when all began on `since`.

        `talked` holds the talks there were: a child's name and the Monday of the week in which it was.
        """
        done = set(talked)
        tasks: dict[Task, str] = {}
        for week in weeks(since, today):
            for child in self.talks(week):
                open_still = "due" if week + 6 * DAY >= today else "missed"
                state = "done" if (child.name, week) in done else open_still
                tasks[Task(TALK, child.name, f"week:{week}")] = state
        for school in self.schools:
            joined = self.joined[school.code]
            began = max(entered(joined), since)
            state = "done" if joined <= after_school_days(began, 10) else "late"
            tasks[Task(COUNSELLOR, school.name, f"since:{began}")] = state
        return tasks

    def classes(self, week: date) -> dict[tuple[str, int, int], list[Child]]:
        """Group the children who are owed a talk in a week by their class."""
        classes: defaultdict[tuple[str, int, int], list[Child]] = defaultdict(list)
        for child in self.talks(week):
            classes[child.school.code, child.grade, child.room].append(child)
        return dict(classes)

    def write(self, folder: Path) -> Path:
        """Write the workbooks that schools, bureau and lawyers would hand in; return the folder."""
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder / "各校名单.xlsx", "学校", _SCHOOL_HEADER, map(_school_row, self.schools))
        _write(folder / "教师花名册.xlsx", "教师", _TEACHER_HEADER, map(_teacher_row, self.teachers))
        lawyers = (
            ("司法局", "法制辅导员", each.name, f"1390000{n:04}", "清溪律所", each.town, each.places, _vetting(each))
            for n, each in enumerate(self.counsellors)
        )
        _write(folder / "律师报名表.xlsx", "报名", _LAWYER_HEADER, lawyers)
        by_town: defaultdict[str, list[Child]] = defaultdict(list)
        for child in self.children:
            by_town[child.school.town].append(child)
        for town, children in by_town.items():
            _write(folder / f"{town}留守儿童摸底.xlsx", "摸底表", _CHILD_HEADER, map(_child_row, children))
        return folder

    def write_calendar(self, folder: Path) -> None:
        """Write the bureau's calendar."""
        rows: list[tuple[Any, ...]] = [("学期", *each, "") for each in TERMS]
        rows += [("节假日", *each, "") for each in HOLIDAYS]
        rows += [("补课", *each, "") for each in MAKE_UPS]
        rows += [
            ("停课", "流感停课", monday, monday + 4 * DAY, code)
            for code, mondays in self.closed.items()
            for monday in mondays
        ]
        _write(folder / "县校历.xlsx", "校历", ("类型", "事项", "起始日期", "截止日期", "学校代码"), rows)


def invent(seed: int, schools: int = 6, children: int = 120) -> County:
    """Invent a county; the same seed gives the same one."""
    chance = random.Random(seed)
    county, names = County(), _names(chance)
    for number in range(schools):
        county.schools.append(_school(number, chance))
    for number in range(children):
        county.children.append(_child(county.schools[number % schools], names, number, chance))
    rooms = sorted({(each.school, each.grade, each.room) for each in county.children})
    for number, (school, grade, room) in enumerate(rooms):
        if number % 7 != 3:  # these classes have no teacher of their own: the coordinator is told
            county.teachers.append(Teacher(next(names), school, grade, room, f"class{number}@qingxi.example"))
    for number, school in enumerate(county.schools[:-1]):  # the last school has no coordinator
        county.teachers.append(Teacher(next(names), school, 0, 0, f"moral{number}@qingxi.example"))
    for number in range(schools):
        county.counsellors.append(Counsellor(next(names), _TOWNS[number % 3], 1 + number % 2, vetted=True))
    county.counsellors.append(Counsellor(next(names), _TOWNS[0], 9, vetted=False))
    monday = FIRST_DAY - FIRST_DAY.weekday() * DAY
    county.closed = {county.schools[0].code: [monday], county.schools[1].code: [monday + 14 * DAY]}
    county.joined = {school.code: FIRST_DAY for school in county.schools}
    return county


def newcomer(seed: int, number: int) -> County:
    """Invent one more school, with three children, their teacher, and a lawyer: what joins the county in a later week."""
    chance = random.Random(f"{seed}/{number}")
    part, names = County(), _names(chance, mark=number)
    school = _school(1000 + number, chance)
    part.schools.append(school)
    grade = chance.choice((1, 2, 3) if school.primary else (7, 8))
    for order in range(3):
        child = _child(school, names, 1000 + 3 * number + order, chance)
        part.children.append(child._replace(grade=grade, room=1))
    part.teachers.append(Teacher(next(names), school, grade, 1, f"new{number}@qingxi.example"))
    part.counsellors.append(Counsellor(next(names), school.town, 1, vetted=True))
    return part


def weeks(first: date, last: date) -> Iterator[date]:
    """Yield the Mondays of the school weeks that touch the days from `first` to `last`."""
    monday = first - first.weekday() * DAY
    while monday <= last:
        if any(_school_day(monday + n * DAY) for n in range(7)):
            yield monday
        monday += 7 * DAY


def entered(joined: date) -> date:
    """Return since when something is owed to those taken in on `joined`: the first day of that term."""
    return next(first for _name, first, last in TERMS if first <= joined <= last)


def after_school_days(day: date, many: int) -> date:
    """Return the day that is `many` school days after `day`."""
    while many > 0:
        day += DAY
        many -= _school_day(day)
    return day


def identity_number(born: date, order: int) -> str:
    """Make a valid identity number (GB 11643, check digit by ISO 7064 MOD 11-2) of an invented county's child."""
    body = f"513999{born:%Y%m%d}{order:03}"
    total = sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(body))
    return body + "10X98765432"[total % 11]


def _school_day(day: date) -> bool:
    term, holiday, make_up = (
        any(first <= day <= last for _name, first, last in spans) for spans in (TERMS, HOLIDAYS, MAKE_UPS)
    )
    return term and (make_up or (day.weekday() < 5 and not holiday))


def _names(chance: random.Random, mark: int | None = None) -> Iterator[str]:
    # A part's people carry its number in their names, so that no name is given twice in the county.
    ending = "" if mark is None else "".join(_GIVEN[int(digit)] for digit in f"{mark:03}")
    seen: set[str] = set()
    while True:
        name = chance.choice(_SURNAMES) + "".join(chance.choices(_GIVEN, k=2)) + ending
        if name not in seen:
            seen.add(name)
            yield name


def _school(number: int, chance: random.Random) -> School:
    primary = number % 3 != 2
    town = _TOWNS[number % 3]
    kind = "小学" if primary else "中学"
    return School(f"51399{number:05}", f"{town}第{_numeral(number + 1)}{kind}", town, primary, chance.random() < 0.4)


def _child(school: School, names: Iterator[str], order: int, chance: random.Random) -> Child:
    grade = chance.choice((1, 2, 3) if school.primary else (7, 8))
    # Born on a day, and counted on it, by a number of its own: no two identity numbers are alike.
    born = date(2023 - 6 - grade, 1 + order // 1000 % 12, 1 + order % 28)
    return Child(
        next(names),
        identity_number(born, order % 1000),
        school,
        grade,
        chance.randint(1, 2),
        boarding=chance.random() < 0.3,
        in_poverty=chance.random() < 0.1,
    )


def _numeral(number: int) -> str:
    return "".join("〇一二三四五六七八九"[int(digit)] for digit in str(number))


_SCHOOL_HEADER = ("学校代码", "校名", "所属乡镇", "城乡类别", "学校类型", "寄宿制学校", "亲情通话室")
_TEACHER_HEADER = ("任教学校", "教师姓名", "岗位", "班主任年级", "带班", "手机号码", "电子邮箱")
_LAWYER_HEADER = ("部门", "志愿者类别", "姓名", "手机", "工作单位", "所在乡镇", "名额", "审核情况")
_CHILD_HEADER = (
    "就读学校", "所在年级", "所在班级", "学生姓名", "公民身份号码", "住宿情况", "低保户", "父母务工情况", "母亲姓名", "母亲外出地点"
)  # fmt: skip


def _school_row(school: School) -> Sequence[Any]:
    stage, area = "完全小学" if school.primary else "初级中学", "县城" if school.urban else "乡村"
    return school.code, school.name, school.town, area, stage, "×", "√"


def _teacher_row(teacher: Teacher) -> Sequence[Any]:
    phone = "13800000000"
    if not teacher.grade:
        return teacher.school.name, teacher.name, "德育主任", "", "", phone, teacher.email
    room = f"{teacher.room}班"
    return teacher.school.name, teacher.name, "班主任", f"{teacher.grade}年级", room, phone, teacher.email


def _child_row(child: Child) -> Sequence[Any]:
    boarding, poverty = "住校" if child.boarding else "走读", "√" if child.in_poverty else "×"
    grade, room = f"{child.grade}年级", f"({child.room})班"
    return (
        child.school.name, grade, room, child.name, child.id_number, boarding, poverty, "双亲留守", f"{child.name}母", "浙江温州"
    )  # fmt: skip


def _vetting(counsellor: Counsellor) -> str:
    return "审核通过" if counsellor.vetted else "审核中"


def _write(file: Path, title: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = title
    for row in (header, *rows):
        sheet.append(list(row))
    book.save(file)
