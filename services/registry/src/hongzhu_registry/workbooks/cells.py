"""What a cell says: text, names, days, months, yes or no, grades, classes, telephones, numbers."""

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from .sandbox import Cell


class UnclearError(ValueError):
    """A cell that does not say what its column asks for; `code` is the reason's."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


class UnfitError(UnclearError):
    """A cell that says what cannot be kept; it costs the row in whichever column."""


# Typed with a Chinese keyboard: full-width letters, digits, brackets and blanks. Other punctuation is left as it is.
_WIDE = {code: code - 0xFEE0 for code in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))}
_WIDE |= {ord("（"): "(", ord("）"): ")", ord("．"): ".", ord("－"): "-", ord("＋"): "+"}
_WIDE |= dict.fromkeys((0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF))
_UNTIDY = re.compile("[\\s０-９Ａ-Ｚａ-ｚ（）．－＋\u200b-\u200d\u2060\ufeff]")
UNPRINTABLE = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ud800-\udfff]")
"""Control characters but blanks and line ends, and halves of characters: no writing, and no database takes them all."""
FAILED = re.compile("#(?:N/A|GETTING_DATA|[A-Z][A-Z0/]*[!?])")
"""What Excel writes where a formula failed: #N/A, #REF!, #DIV/0!, #NAME? …"""
_CJK = re.compile("[\u3400-\u9fff]")
_NOBODY = re.compile(r"[\d:：。!！?？]")  # a number or a remark
# How people write "nothing": these cells are as good as blank where a fact is asked for.
NOTHING = frozenset(("", "无", "没有", "暂无", "-", "--", "—", "——", "/", "\\", "空", "N/A", "n/a"))


def text(cell: Cell) -> str:
    """Plain text: half-width, no blanks at the ends, one blank within."""
    if type(cell) is not str:
        return str(int(cell)) if type(cell) is float and cell.is_integer() else str(cell)
    return " ".join(cell.translate(_WIDE).split()) if _UNTIDY.search(cell) else cell


def label(cell: Cell) -> str:
    """The text of a header, compared without blanks, width or case."""
    return re.sub(r"[\s*:_]+", "", unicodedata.normalize("NFKC", text(cell))).lower()


def fact(cell: Cell) -> str:
    """Text in which 无 or a dash means blank."""
    said = text(cell)
    return "" if said in NOTHING else said


def person(cell: Cell) -> str:
    """A person's name; blanks inside a Chinese name are only lay-out (张 家 is 张家)."""
    name = fact(cell)
    if _NOBODY.search(name):
        raise UnclearError("name_unclear")
    return name.replace(" ", "") if " " in name and _CJK.search(name) else name


def ethnicity(cell: Cell) -> str:
    """An ethnic group under its full name (汉 is 汉族)."""
    said = fact(cell).replace(" ", "")
    return said if not said or said.endswith(("族", "其他", "其它", "人士")) else said + "族"


_YES_WORDS = """
    是 是的 有 对 √ ✓ ✔ ☑ ■ ● v y yes t true 1 已 需要 参加 参与 到 到场 已到 实到 出席 出勤 签到 迟到 免费 全免 免收 减免 √是 是√
    寄宿 寄宿生 住校 住校生 住宿 住宿生 内宿 内宿生 住读 住读生 全寄宿 党员 中共党员 预备党员 中共预备党员
    贫困 贫困户 贫困家庭 建档立卡 建档立卡户 建档立卡贫困户 建档立卡家庭 困难 困难家庭 经济困难 家庭经济困难
    低保 低保户 低保家庭 低保对象 最低生活保障 最低生活保障家庭 特困 特困户 特困家庭 特困供养 特困人员 特困供养人员 低收入家庭
    脱贫 脱贫户 脱贫家庭 未脱贫 未脱贫户 监测户 监测对象 防返贫监测户 防返贫监测对象 脱贫不稳定户 边缘易致贫户 突发严重困难户
    建 已建 建有 建成 建立 设 设有 设立 开设 开展 启用 投入使用
"""
_NO_WORDS = """
    否 无 非 没 没有 × ✗ ✘ x n no f false 0 - -- — / 未 不 不是 不需要 缺席 缺勤 缺课 旷课 请假 事假 病假 未到 未到场
    走读 走读生 通学 通学生 外宿 外宿生 一般 一般户 一般农户 普通 普通户 普通家庭 一般家庭 正常 良好 较好 无困难 非贫困户
    群众 团员 共青团员 收费 全额收费 自费 交费 缴费
"""
_YES, _NO = frozenset(_YES_WORDS.split()), frozenset(_NO_WORDS.split())


def yes_no(cell: Cell) -> bool:
    """Yes or no, in the many ways people tick; blank is no."""
    if type(cell) is bool:
        return cell
    if cell in ("", "否"):
        return False
    return _yes_no(label(cell))


@lru_cache(maxsize=4096)
def _yes_no(said: str) -> bool:
    if not said or said in _NO:
        return False
    if said in _YES or said.startswith(("是(", "有(")):
        return True
    if said.startswith(("否(", "无(")) or (said[0] in "不非未无没" and said[1:].removeprefix("有") in _YES):
        return False
    if said[0] == "已" and len(said) > 1:
        return _yes_no(said[1:])
    raise UnclearError("yes_no_unclear")


_WELL_WORDS = """
    否 × x n no 0 不是 正常 健全 健康 良好 健康良好 身体健康 一般 无残疾 没有残疾 未残疾 非残疾 不残疾 无残 非残 无残疾证
"""
_WELL = frozenset(_WELL_WORDS.split())


def ailment(cell: Cell) -> str:
    """What somebody suffers from; whoever is said to be well suffers from nothing."""
    said = fact(cell)
    return "" if label(said).rstrip("。.") in _WELL else said


_SEX = {"男": "male", "男性": "male", "男生": "male", "男孩": "male", "m": "male", "male": "male", "1": "male"}
_SEX |= {"女": "female", "女性": "female", "女生": "female", "女孩": "female", "f": "female", "female": "female"}
_SEX |= {"2": "female", "": "", "1男": "male", "2女": "female", "1-男": "male", "2-女": "female"}


def sex(cell: Cell) -> str:
    """'male', 'female' or '' when blank (1 and 2 are the national standard's codes)."""
    try:
        return _SEX[cell] if type(cell) is str and cell in _SEX else _SEX[label(cell)]
    except KeyError:
        raise UnclearError("sex_unclear") from None


def phone(cell: Cell) -> str:
    """A telephone number as digits; of several the first that is one."""
    if type(cell) is str and len(cell) == 11 and cell.isdigit() and cell.isascii() and cell[0] == "1" and cell[1] > "2":
        return cell
    said = unicodedata.normalize("NFKC", fact(cell))
    if not said:
        return ""
    for part in re.split(r"[/、,;或\n]|\s{2,}", said):
        digits = re.sub(r"[^\d]", "", re.sub(r"^\D*(?:\+|00)86", "", part))
        if re.fullmatch(r"(?:86)?1[3-9]\d{9}", digits):
            return digits[-11:]
        if re.fullmatch(r"0\d{9,11}|[2-8]\d{6,7}", digits):
            return digits
    raise UnclearError("phone_unclear")


_WEEKDAY = r"(?:\(?(?:星期|周)[一二三四五六日天]\)?)"
# Behind the day may stand which day of the week it is, in brackets or not, and what time.
_DAY = re.compile(
    r"(\d{4})\D{1,3}(\d{1,2})\D{1,3}(\d{1,2})[日号]?"
    rf"{_WEEKDAY}?T?(?:[上下中]午|[早晚]上?|[-—~至到]|\d{{1,2}}[:时点]半?\d{{0,2}}分?(?::\d{{2}}(?:\.\d+)?)?Z?)*"
)
# 2020.9.1 18:30: without the blank it would be the eleventh.
_BEFORE_TIME = re.compile(r"(?<=\d) +(?=\d{1,2}[:时点])")
EXCEL_EPOCH = dt.date(1899, 12, 30)


def day(cell: Cell) -> dt.date | None:
    """A day in any of the usual styles, or as Excel's serial number; None when blank."""
    if type(cell) is str and len(cell) == 10 and cell[4] == "-" == cell[7]:
        try:
            return dt.date(int(cell[:4]), int(cell[5:7]), int(cell[8:]))
        except ValueError:
            raise UnclearError("date_unclear") from None
    said = fact(cell)
    if type(cell) is str:
        said = _BEFORE_TIME.sub("T", unicodedata.normalize("NFKC", said)).replace(" ", "")
    if not said:
        return None
    try:
        if re.fullmatch(r"\d{8}", said):
            return dt.date(int(said[:4]), int(said[4:6]), int(said[6:]))
        # Serial numbers of 1954 to 2119: no other plausible writing of a day has five digits.
        if re.fullmatch(r"[2-7]\d{4}(\.\d+)?", said):
            return EXCEL_EPOCH + dt.timedelta(days=int(said[:5]))
        if match := _DAY.fullmatch(said) or _DAY.fullmatch(fact(cell)):
            return dt.date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        pass
    raise UnclearError("date_unclear")


# 2020年7月13日至8月7日, 7月13-17日: of the last day what is as with the first need not be said again.
_RANGE = re.compile(
    r"(\d{4})(\D)(\d{1,2})\D(\d{1,2})[日号]?(?:至|到|-{1,2}|—{1,2}|–|~|～)"
    r"(?:(?:(\d{4})\D)?(\d{1,2})(?:\2|月))?(\d{1,2})(?!\d)[日号]?"
)


def days(cell: Cell) -> tuple[dt.date, dt.date] | None:
    """The first and last day of a stretch written in one cell (2020-07-13至2020-08-07), or None."""
    match = _RANGE.search(re.sub(_WEEKDAY, "", text(cell).replace(" ", "")))
    if not match:
        return None
    year, _, month, first, *last = match.groups()
    try:
        begins = dt.date(int(year), int(month), int(first))
        return begins, dt.date(int(last[0] or year), int(last[1] or month), int(last[2]))
    except ValueError:
        raise UnclearError("date_unclear") from None


def first_day(cell: Cell) -> dt.date | None:
    """A day, or the first of a stretch."""
    stretch = days(cell)
    return stretch[0] if stretch else day(cell)


def last_of_days(cell: Cell) -> dt.date | None:
    """The last day of a stretch; None when there is no stretch."""
    stretch = days(cell)
    return stretch[1] if stretch else None


def last_day(cell: Cell) -> dt.date | None:
    """A day, or the last of a stretch."""
    return last_of_days(cell) or day(cell)


_BIRTH_MONTH = re.compile(r"(\d{4})[年.\-/]?(?:(\d{1,2})月?)?")


def birth(cell: Cell) -> dt.date | str | None:
    """A day of birth, or as much as is said of it, as YYYY-MM or YYYY; Excel writes a month as its first day."""
    try:
        born_on = day(cell)
    except UnclearError:
        match = _BIRTH_MONTH.fullmatch(text(cell).replace(" ", ""))
        if not match:
            raise
        # 2011.1 stored as a number may have been typed as 2011.10.
        told = match[2] and not (type(cell) is float and match[2] == "1")
        return f"{match[1]}-{int(match[2]):02}" if told else match[1]
    return f"{born_on:%Y-%m}" if born_on and born_on.day == 1 else born_on


def month(cell: Cell) -> str:
    """A month as YYYY-MM (or a bare year as YYYY) since when somebody has been away."""
    said = fact(cell).replace(" ", "")
    if not said:
        return ""
    if re.fullmatch(r"[2-7]\d{4}", said):
        found = day(cell)
        return found.isoformat()[:7] if found else ""
    match = re.match(r"((?:19|20)\d{2})(?:\D{1,2}(\d{1,2})(?!\d)|(\d{2})(?:\d{2})?$|年?$)", said)
    # 2016.1 stored as a number may have been typed as 2016.10 (October): nobody can tell, so nobody should guess.
    if not match or (type(cell) is float and match[2] == "1"):
        raise UnclearError("month_unclear")
    number = int(match[2] or match[3] or 0)
    if number > 12 or ((match[2] or match[3]) and not number):
        raise UnclearError("month_unclear")
    return f"{match[1]}-{number:02d}" if number else match[1]


_CHINESE = {c: n for n, c in enumerate("一二三四五六七八九十", 1)} | {"十一": 11, "十二": 12, "两": 2}
_NUMERAL = "(?:十[一二]|[一二三四五六七八九十]|\\d{1,2})"
_STAGE = {"小": 0, "小学": 0, "初": 6, "初中": 6, "高": 9, "高中": 9}
_GRADE = re.compile(f"(初中|高中|小学|初|高|小)?({_NUMERAL})(?:年级|年|级)?")
_CLASS = re.compile(rf"\(?({_NUMERAL})\)?班?")
_GRADE_AND_CLASS = re.compile(rf"((?:初中|高中|小学|初|高|小)?{_NUMERAL}(?:年级|年)?)[(.\-·/]?({_NUMERAL})\)?班?")


def _count(numeral: str) -> int:
    return _CHINESE.get(numeral) or int(numeral)


def grade(cell: Cell) -> tuple[int | None, str]:
    """A grade as 1 to 12 (初一 is 7), and the class when it is written with it ('七年级(2)班')."""
    return _grade(label(cell)) if cell != "" else (None, "")


@lru_cache(maxsize=1024)
def _grade(said: str) -> tuple[int | None, str]:
    if said in NOTHING:
        return None, ""
    if match := _GRADE.fullmatch(said):
        return _grade_number(match), ""
    found = _class_of(said)
    if not found[0]:
        raise UnclearError("grade_unclear")
    return found


def _grade_number(said: re.Match[str]) -> int:
    below, count = _STAGE.get(said[1] or "", 0), _count(said[2])
    number = count if count > below else below + count  # 初中七年级 is 初一
    if not 0 < number <= 12:
        raise UnclearError("grade_unclear")
    return number


def class_of(cell: Cell) -> tuple[int | None, str]:
    """The class as '2班', and the grade when it is written with it ('3.2', '三(2)班', '三年级2班') or instead of it."""
    return _class_of(label(cell)) if cell != "" else (None, "")


@lru_cache(maxsize=4096)
def _class_of(said: str) -> tuple[int | None, str]:
    if said in NOTHING:
        return None, ""
    if match := _CLASS.fullmatch(said):
        return None, f"{_count(match[1])}班"
    if match := _GRADE.fullmatch(said):
        return _grade_number(match), ""
    match = _GRADE_AND_CLASS.fullmatch(said)
    # 301班 is grade 3, class 1 in one school and a room in another: without a mark between them it stays as written.
    if match and not said.removesuffix("班").isdigit():
        return _grade(match[1])[0], f"{_count(match[2])}班"
    return None, said


_TIMES = {"百": 100, "千": 1_000, "万": 10_000}


def number(cell: Cell) -> float | None:
    """A number that is not negative, in thousands or more if it says so, other units ignored; None when blank."""
    if type(cell) is float and 0 <= cell < 1e12:
        return cell
    said = unicodedata.normalize("NFKC", fact(cell)).replace(",", "")
    if not said:
        return None
    # 90分钟 are not ninety hours.
    if not (match := re.fullmatch(r"(\d{1,12}(?:\.\d+)?)\s*(百|千(?![克米])|万)?(?!分钟)[^\d\s]{0,4}", said)):
        raise UnclearError("number_unclear")
    return round(float(match[1]) * _TIMES.get(match[2], 1), 6)


def whole(cell: Cell) -> int | None:
    """A whole number below a thousand million; None when blank."""
    found = number(cell)
    if found is not None and not (found < 1e9 and found.is_integer()):
        raise UnclearError("number_unclear")
    return None if found is None else int(found)


def mark(cell: Cell) -> float | None:
    """A test mark; None when blank or absent from the test."""
    if type(cell) is str and label(cell) in ("缺考", "免考", "请假", "缓考", "未考"):
        return None
    found = number(cell)
    if found is not None and found > 1000:
        raise UnclearError("number_unclear")
    return found


def code(cell: Cell) -> str:
    """A code such as a school's: letters and digits without blanks."""
    return fact(cell).replace(" ", "").upper()


def choice(entries: Mapping[str, str]) -> Callable[[Cell], str]:
    """A reader for a column with a fixed set of entries (see choices); blank is ''."""
    meanings = {entry: meaning for meaning, said in entries.items() for entry in said.split()}
    choices = "、".join(said.split()[0] for said in entries.values())

    def read(cell: Cell) -> str:
        said = fact(cell).replace(" ", "")
        if said and said not in meanings:
            raise UnclearError("choice_unclear", choices=choices)
        return meanings[said] if said else ""

    return read


_SIGN = "[\u4e00-\u9fffA-Za-z0-9]"
PLAIN: Mapping[Callable[[Cell], Any], str] = {
    text: _SIGN + "{{1,{longest}}}",
    fact: _SIGN + "{{3,{longest}}}",
    person: "(?!没有|暂无)[\u4e00-\u9fff]{{2,4}}",
    phone: "1[3-9][0-9]{{9}}",
}
"""How cells look that are read as they stand, at most `longest` signs: most are, and to see that takes little."""
