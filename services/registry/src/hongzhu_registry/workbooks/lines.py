"""The lines below a header: which of them are rows of the table, and what those between them say."""

import re
import unicodedata
from collections.abc import Container, Iterator
from dataclasses import replace

from . import cells, titles
from .headers import Header, place
from .identity import id_number
from .sandbox import Cell, Grid, Row
from .synonyms import word
from .titles import Title

Line = tuple[int, Row]
"""A row of the table, after its number as Excel counts."""

SCHOOL = ("school_code", "school_name")
# Their rows may belong to no school or to another than the title's, where they have a column that says whose they are.
OF_MANY_SCHOOLS = ("calendar", "activity", "leadership")
WHOSE = {*SCHOOL, "agency"}

# Sums, signatures and remarks stand under a table and between its rows.
_SUM = re.compile("(?:合计|总计|小计|共计|累计|总人数)|[^,。:]{1,20}(?:合计|总计|小计|共计)$")
_SUMS = frozenset(("合计", "总计", "小计", "共计", "合 计", "总 计", "小 计", "合计:", "小计:", "合计：", "小计："))
_REMARK = re.compile(
    "(?:填表|制表|填报|复核|审核|单位|负责|校长|说明|备注|注|联系|经办|制单|报送|日期|主管|分管|签字|签名|盖章|统计|园长)"
    "[^,,。]{0,10}:"
    "|(?:说明|备注|注|填表说明)$"
    r"|学校(?:名称|盖章|负责人|领导|意见|\([^()]{1,6}\))*:"
    r"|.{0,12}\((?:盖章|公章|章|签章|签字|签名)\)$"
    "|[本此]表|以上.{0,8}(?:属实|无误)"
)
# What a mark sheet says at its foot of the class as a whole: 平均分, 全班及格率(%), 最高分: 98.
_FIGURES = re.compile(
    r"[^,。:]{0,15}(?:平均分|(?<![^班级校县全科])平均|均分|最高|最低|标准差|极差|中位数|(?:及格|合格|优秀|优良|良好|低分|得分|参考)率"
    r"|(?:及格|合格|优秀|优良|良好|低分|参考|实考|应考|缺考)人数)分?值?(?:\([^()]*\))?(?::.*)?"
)
_NUMBER = re.compile(r"\d{15}")
_WHOLE_NUMBER = re.compile(r"\d{6}(\d{4})\d{7}[\dXx]")
# A title between the rows takes a cell, or some for the term and the day.
_TITLE_CELLS = 3


class Lines:
    """The lines of one table."""

    def __init__(self, grid: Grid, header: Header) -> None:
        self._first = header.row + header.levels
        self._rows = grid.rows[self._first :]
        heading = grid.rows[header.row : self._first]
        self._used = {p.index: {row[p.index] for row in heading if p.index < len(row)} for p in header.placed}
        self._number_at = next((p.index for p in header.placed if p.column.read is id_number), None)
        keys = {field for group in header.kind.keys for field in group}
        self._keys = [p.index for p in header.placed if p.column.field in keys]
        self._schools = school_columns(header)
        self._of_marks = header.kind.name == "score"
        self._under_titles = takes_school(header)
        self._numbers_beside = _numbers_beside(heading, self._used) if self._number_at is not None else {}

    def under(self, title: Title, skipped: list[int]) -> Iterator[tuple[Title, Line]]:
        """Yield the rows, as wide as the columns reach, each after the title it stands under: the last one above it.

        The numbers of all other lines are added to `skipped`.
        """
        width = max(self._used) + 1
        for number, row in enumerate(self._rows, self._first + 1):
            if not row:
                continue
            if len(row) < width:
                row = [*row, *[""] * (width - len(row))]  # noqa: PLW2901 - the same row, its blank end put back
            if self._is_numbered(row):
                yield title, (number, row)
            elif self._is_heading(row) or _is_sum(row) or (self._of_marks and self._is_of_all(row)):
                skipped.append(number)
            elif told := self._title(row):
                title = told.below(title)
                skipped.append(number)
            elif _is_remark(row) or all(row[index] == "" for index in self._used):
                skipped.append(number)
            else:
                yield title, (number, row)

    def beside(self, born_after: int) -> Iterator[tuple[int, str]]:
        """Yield where a child's number stands in a second table beside the first, which is not read: line and column."""
        for number, row in enumerate(self._rows if self._numbers_beside else [], self._first + 1):
            for index, column in self._numbers_beside.items():
                told = _WHOLE_NUMBER.fullmatch(_said(row[index])) if index < len(row) else None
                if told and int(told[1]) > born_after:
                    yield number, column

    def _is_numbered(self, row: Row) -> bool:
        """Whether a line tells an identity number: then it is a row, however it begins."""
        if self._number_at is None:
            return False
        cell = row[self._number_at]
        return (type(cell) is str and len(cell) == 18 and cell[:15].isdecimal()) or bool(_NUMBER.search(_said(cell)))

    def _is_heading(self, row: Row) -> bool:
        """Whether a line says the columns' headers once more, as on each printed page."""
        if self._number_at is not None and row[self._number_at] in self._used[self._number_at] - {""}:
            return True
        said = [row[index] in heading for index, heading in self._used.items() if row[index] != ""]
        return bool(said) and all(said)

    def _is_of_all(self, row: Row) -> bool:
        """Whether a line under marks tells of all pupils and not of one, be it in its first cell or where a name stands."""
        said = (_first_said(row), *(_said(row[index]) for index in self._keys))
        return any(map(_FIGURES.fullmatch, said))

    def _title(self, row: Row) -> Title | None:
        """Read a line that says from here on whose the rows are, or of which day."""
        if not self._under_titles or not (_is_remark(row) or self._begins_like_title(row)):
            return None
        told = titles.read([row])
        return told if told.names_school or told.tested_on else None

    def _begins_like_title(self, row: Row) -> bool:
        """Whether a line of few cells begins with a school or a test's day and tells no key of a row."""
        filled = [index for index, cell in enumerate(row) if cell != ""]
        first = filled[0]
        if len(filled) > _TITLE_CELLS or first > min(self._keys) or not {*filled[1:]}.isdisjoint(self._keys):
            return False
        if first in self._schools and len(filled) > 1:  # a row's own; alone it stands above its group
            return False
        told = titles.read([[row[first]]])
        return told.names_school or told.tested_on is not None


def first_number(rows: list[Row]) -> int | None:
    """The first line in which an identity number stands, whatever the column."""
    for number, row in enumerate(rows, 1):
        for cell in row:
            long = len(cell) >= 18 if type(cell) is str else float(cell) > 1e16
            if long and _WHOLE_NUMBER.fullmatch(_said(cell)):
                return number
    return None


def names_somebody(rows: list[Row]) -> bool:
    """Whether a sheet without a header that is known has a column of names nevertheless."""
    return any(word(cell) in ("name", "child_name", "teacher") for row in rows for cell in row if type(cell) is str)


def are_minors(rows: list[Row], born_after: int) -> bool:
    """Whether most of the identity numbers in a sheet are of people born after a year."""
    said = (_said(cell) for row in rows for cell in row if type(cell) is str and len(cell) >= 18)
    born = [int(number[1]) for number in map(_WHOLE_NUMBER.fullmatch, said) if number]
    return 2 * sum(year > born_after for year in born) > len(born)


def _numbers_beside(heading: list[Row], used: Container[int]) -> dict[int, str]:
    """Where the header names identity numbers once more, with names: the columns and how people find them."""
    others = [(index, cell, word(cell)) for row in heading for index, cell in enumerate(row) if index not in used]
    if not any(said in ("name", "child_name") for _, _, said in others):
        return {}
    return {index: place(index, cells.text(cell)) for index, cell, said in others if said == "id_number"}


def _is_sum(row: Row) -> bool:
    return not _SUMS.isdisjoint(row) or bool(_SUM.match(_first_said(row)))


def _is_remark(row: Row) -> bool:
    return bool(_REMARK.match(_first_said(row)))


def _first_said(row: Row) -> str:
    first = next(cell for cell in row if cell != "")
    return _said(first) if type(first) is str else ""


def _said(cell: Cell) -> str:
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", cells.text(cell)))


def takes_school(header: Header) -> bool:
    """Whether the rows of a sheet belong to the school that the title names."""
    fields = {column.field for column in header.kind.columns}
    return "school_code" in fields and not (header.kind.name in OF_MANY_SCHOOLS and header.fields & WHOSE)


def school_columns(header: Header) -> list[int]:
    """Where the columns stand that say whose a row is."""
    return [p.index for p in header.placed if p.column.field in SCHOOL]


def own_schools(lines: list[Line], header: Header, title: Title) -> Title:
    """Return what a title still says of rows that say themselves whose they are.

    A school written once, above the blank cells of its group, is written beside each of its rows. Where each row has its
    own, a blank cell stays blank: it is the title's only when no row says another.
    """
    columns = school_columns(header)
    if not columns or not takes_school(header):
        return title
    told = [tuple(row[index] for index in columns) for _, row in lines]
    schools = {cells.fact(cell) for some in set(told) for cell in some}
    if schools <= {"", title.school_code, title.school_name}:
        return title
    written = [school for school in told if any(school)]
    if len(set(written)) == len(written):
        _carry_down(lines, columns)
    return replace(title, school_code="", school_name="")


def _carry_down(lines: list[Line], columns: list[int]) -> None:
    above: Row = [""] * len(columns)
    for _, row in lines:
        said = [row[index] for index in columns]
        if any(cell != "" for cell in said):
            above = said
        else:
            for index, cell in zip(columns, above, strict=True):
                row[index] = cell
