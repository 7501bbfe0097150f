"""One sheet: its rows, typed, with what was rejected and why."""

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice, repeat
from typing import Any, cast

from . import cells, headers, limits, titles
from .assembly import Refused, Values
from .cells import UnclearError, UnfitError
from .column import Column
from .headers import Header
from .identity import id_number
from .kinds import TELLING
from .reasons import Finding, Reason
from .rows import AnyRow, Child, Source
from .sandbox import Cell, Grid, Packed, Row
from .titles import Title


@dataclass(slots=True)
class Sheet:
    """What a sheet gave; kind is None when no header was recognised. Row numbers are Excel's."""

    name: str
    kind: str | None = None
    title: Title = field(default_factory=Title)
    rows: list[AnyRow] = field(default_factory=list)
    rejected: list[Finding] = field(default_factory=list)
    warnings: list[Finding] = field(default_factory=list)
    skipped_rows: list[int] = field(default_factory=list)
    unread: Callable[[], None] | None = None

    def read_rows(self) -> None:
        """Make the typed rows of the cells below the header; until then there are none."""
        unread, self.unread = self.unread, None
        if unread:
            unread()


# Lines under or between the lines of a table: sums, signatures, remarks.
_FOOTER = re.compile(
    "(?:合计|总计|小计|共计|累计|总人数)"
    "|(?:填表|制表|填报|复核|审核|单位|负责|校长|说明|备注|注|联系|经办|制单|报送|日期|主管|分管|签字|签名|盖章|统计|园长)[^,,。]{0,10}:"
    r"|(?:说明|备注|注|填表说明)$"
)


# Their rows may belong to no school or to another than the title's, where they have a column that says whose they are.
OF_MANY_SCHOOLS = ("calendar", "activity", "leadership")
WHOSE = frozenset(("school_code", "school_name", "agency"))


class Reading:
    """The reading of one sheet of one file; `seen` holds the children that the file has given so far."""

    def __init__(self, file: str, today: dt.date, seen: dict[str, Source]) -> None:
        self.file, self.today, self.seen = file, today, seen

    def read(self, packed: Packed, cover: Title) -> Sheet:
        """Read one sheet down to its header.

        Whose it is says its title, its name, the cover sheet before it or the file's name, the first that names a school.
        """
        grid = packed.grid(limits.HEADER_ROWS + limits.HEADER_LEVELS)
        sheet = Sheet(grid.name)
        if grid.hidden:
            # Hidden sheets are old copies and drop-down lists; taking them in unseen would surprise.
            sheet.warnings.append(self._note(grid, None, "sheet_hidden"))
            return sheet
        fill_down(grid)
        header = headers.find(grid)
        sheet.title = titles.read(grid.rows[: header.row] if header else grid.rows)
        if header is None:
            sheet.warnings.append(self._note(grid, None, "layout_unknown"))
            return sheet
        sheet.title = sheet.title.over(titles.named(grid.name)).over(cover).over(titles.named(self.file))
        if header.is_matrix:
            sheet.rejected.append(self._note(grid, header, "matrix_unread"))
            return sheet
        sheet.kind = header.kind.name
        if header.unknown:
            sheet.warnings.append(self._note(grid, header, "columns_unknown", columns="、".join(header.unknown)))
        given = self._given(grid, header, sheet)
        if given is not None:
            sheet.unread = partial(self._rows, packed, header, sheet, given)
        return sheet

    def _given(self, grid: Grid, header: Header, sheet: Sheet) -> Values | None:
        """What holds for every row unless the row says otherwise; None when without it no row can be taken."""
        title, fields = sheet.title, {p.column.field for p in header.placed}
        given: Values = {c.field: c.absent for c in header.kind.columns}
        if "school_code" in given and not (header.kind.name in OF_MANY_SCHOOLS and fields & WHOSE):
            given |= {"school_code": title.school_code, "school_name": title.school_name}
            named = title.school_code or title.school_name or fields & {"school_code", "school_name"}
            if header.kind.name == "child" and not named:
                sheet.warnings.append(self._note(grid, header, "school_unnamed"))
        if header.kind.name in ("child", "school"):
            given["columns"] = frozenset(fields)
        if header.kind.name == "score":
            given |= {"tested_on": title.tested_on, "term": title.term}
            if not title.tested_on and "tested_on" not in fields:
                sheet.rejected.append(self._note(grid, header, "test_date_missing"))
                return None
        if header.kind.name == "record":
            named = title.record_kind or titles.record_kind(grid.name) or titles.record_kind(self.file)
            told = named or next((kind for f, kind in TELLING.items() if f in fields), "")
            given["kind"] = told
            if not told and "kind" not in fields:
                sheet.rejected.append(self._note(grid, header, "record_kind_unknown"))
                return None
        return given

    def _rows(self, packed: Packed, header: Header, sheet: Sheet, given: Values) -> None:
        grid = packed.grid()
        fill_down(grid)
        # A blank cell leaves standing what the title said, unless blank means something itself.
        given |= {p.column.field: said for p in header.placed if (said := p.column.read("")) not in (None, "")}
        columns = [Meanings(p.column, given[p.column.field]) for p in header.placed]
        lines = self._lines(grid, header, sheet)
        while piece := list(islice(lines, AT_ONCE)):
            self._take(piece, header, sheet, given, columns)

    def _lines(self, grid: Grid, header: Header, sheet: Sheet) -> Iterator[tuple[int, Row]]:
        """Yield the lines of the table, each with its number and as wide as its columns reach."""
        first = header.row + header.levels
        heading = grid.rows[header.row : first]
        used = [p.index for p in header.placed]
        width = max(used) + 1
        number_at = next((p.index for p in header.placed if p.column.read is id_number), None)
        for number, row in enumerate(grid.rows[first:], first + 1):
            if not row:
                continue
            if len(row) < width:
                row = [*row, *[""] * (width - len(row))]  # noqa: PLW2901 - the same row, its blank end put back
            if is_footer(row, number_at) or row in heading or all(row[index] == "" for index in used):
                sheet.skipped_rows.append(number)
            else:
                yield number, row

    def _take(
        self, lines: list[tuple[int, Row]], header: Header, sheet: Sheet, given: Values, columns: list["Meanings"]
    ) -> None:
        """Read some lines column by column, and make a typed row of each that nothing speaks against."""
        stood = list(zip(*(row for _, row in lines), strict=False))  # rows may go on beyond the last column
        said: dict[str, Iterable[Any]] = {field: repeat(value) for field, value in given.items()}
        asked = set[str]()
        for p, meanings in zip(header.placed, columns, strict=True):
            field, read = p.column.field, meanings.of(stood[p.index])
            said[field] = list(map(either, said[field], read)) if field in asked else read
            asked.add(field)
        places = {p.column.field: p.place for p in header.placed}
        doubtful = any(meanings.unclear for meanings in columns)
        for (number, _), values in zip(lines, zip(*said.values(), strict=False), strict=True):
            source = Source(self.file, sheet.name, number, places)
            told = dict(zip(said, values, strict=True))
            try:
                warned = self._clear(told, header, given) if doubtful else ()
                self._refuse(header, told, source)
                taken = header.kind.row(source=source, **told)
            except Refused as refused:
                sheet.rejected.append(self._finding(source, header, refused.field, refused.code, refused.params))
                continue
            sheet.rows.append(taken)
            for name, why in warned:
                sheet.warnings.append(self._finding(source, header, name, why.code, why.params))
            if isinstance(taken, Child) and years(taken.born_on, self.today) >= ADULT:
                sheet.warnings.append(self._finding(source, header, "id_number", "age_unlikely", {}))

    def _clear(self, told: Values, header: Header, given: Values) -> list[tuple[str, UnclearError]]:
        """Leave out what is unclear and return it; raise Refused where that costs the row."""
        warned = []
        for placed in header.placed:
            name = placed.column.field
            if isinstance(unclear := told[name], UnclearError):
                if placed.column.firm or isinstance(unclear, UnfitError):
                    raise Refused(name, unclear.code, **unclear.params)
                warned.append((name, unclear))
                told[name] = given[name]
        return warned

    def _refuse(self, header: Header, values: Values, source: Source) -> None:
        """Raise Refused when the row lacks a key, contradicts itself, or repeats a child of this file."""
        for group in header.kind.keys:
            for name in group:
                if values[name] != "" and values[name] is not None:
                    break
            else:
                raise Refused(next(f for f in group if header.at(f)), "missing")
        if header.kind.check:
            header.kind.check(values, self.today)
        if header.kind.name == "child":
            first = self.seen.setdefault(values["id_number"], source)
            if first is not source:
                raise Refused("id_number", "twice", sheet=first.sheet, row=first.row)

    def _finding(self, source: Source, header: Header, name: str, code: str, params: dict[str, Any]) -> Finding:
        return Finding(self.file, source.sheet, source.row, header.at(name), Reason(code, params))

    def _note(self, grid: Grid, header: Header | None, code: str, **params: object) -> Finding:
        return Finding(self.file, grid.name, header.row + 1 if header else None, "", Reason(code, params))


AT_ONCE = 5_000
"""Lines that are read at a time."""


class Meanings(dict[Cell, Any]):
    """What the cells of one column say, each text read once: most columns say a few things many times over.

    A cell that says nothing says what is `given`; one that cannot be read says its `UnclearError`.
    """

    MOST = 10_000

    def __init__(self, column: Column, given: Any) -> None:
        super().__init__()
        self._column, self._given = column, given
        plain = cells.PLAIN.get(column.read)
        self._plain = re.compile(plain.format(longest=column.longest)).fullmatch if plain else None
        self.unclear = False
        """Whether a cell could not be read."""

    def of(self, column: Sequence[Cell]) -> list[Any]:
        """Read a column."""
        if set(map(type, column)) != {str}:
            return [self[cell] if type(cell) is str else self._read(cell) for cell in column]
        if plain := self._plain:
            return [cell if plain(cell) else self[cell] for cell in cast(Sequence[str], column)]
        return list(map(self.__getitem__, column))

    def __missing__(self, cell: Cell) -> Any:
        """Read a text that the column has not said yet."""
        if len(self) >= self.MOST:
            self.clear()
        said = self[cell] = self._read(cell)
        return said

    def _read(self, cell: Cell) -> Any:
        try:
            said = self._column.said(cell)
        except UnclearError as unclear:
            self.unclear = True
            return unclear.with_traceback(None)
        return self._given if said is None or said == "" else said


def either(one: Any, other: Any) -> Any:
    """Say yes if one of two columns does; else that one could not be read, if that is so."""
    return other if one is False or other is True else one


ADULT = 18


def years(born_on: dt.date, today: dt.date) -> int:
    """Full years of age."""
    return today.year - born_on.year - ((today.month, today.day) < (born_on.month, born_on.day))


def is_footer(row: Row, number_at: int | None = None) -> bool:
    """Whether a line is a sum, a signature or a remark and not a row of the table: such a line never tells an identity number.

    `number_at` is the column of identity numbers; none where the table has no such column.
    """
    for cell in row:
        if cell != "":
            break
    else:
        return False
    if type(cell) is not str or not _FOOTER.match(_said(cell)):
        return False
    return number_at is None or not _NUMBER.search(_said(row[number_at]))


_NUMBER = re.compile(r"\d{15}")


def _said(cell: Cell) -> str:
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", cells.text(cell)))


def fill_down(grid: Grid) -> None:
    """Give every row of a cell merged downward the cell's value (a school's name beside its twenty children)."""
    left = limits.FILLED_CELLS
    for top, column, bottom, right in _downward(grid):
        left -= bottom - top
        if left < 0:
            return
        value = grid.rows[top][column] if column < len(grid.rows[top]) else ""
        if value == "" or right != column:
            continue
        for number in range(top + 1, min(bottom + 1, len(grid.rows))):
            row = grid.rows[number]
            if len(row) <= column:
                row.extend([""] * (column + 1 - len(row)))
            row[column] = value


def _downward(grid: Grid) -> Iterator[tuple[int, int, int, int]]:
    return (m for m in grid.merges if m[2] > m[0] and m[0] < len(grid.rows))
