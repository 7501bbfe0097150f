"""One sheet: its rows, typed, with what was rejected and why."""

import datetime as dt
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby, repeat
from operator import itemgetter
from typing import Any, cast

from . import cells, headers, limits, titles
from .assembly import Refused, Values
from .cells import UnclearError, UnfitError
from .column import Column
from .headers import Header
from .kinds import KINDS, TELLING
from .lines import SCHOOL, Line, Lines, are_minors, first_number, names_somebody, own_schools, takes_school
from .reasons import Finding, Reason
from .rows import AnyRow, Child, Source
from .sandbox import Cell, Grid, Packed
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


class Reading:
    """The reading of one file, sheet by sheet."""

    def __init__(self, file: str, today: dt.date) -> None:
        self.file, self.today = file, today
        self._seen: dict[str, tuple[Source, int]] = {}
        """The children that the file has given so far, by number: where each stands, and a hash of what is said there."""

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
        header = self._header(grid)
        sheet.title = titles.read(grid.rows[: header.row] if header else grid.rows)
        if header is None:
            title = titles.named(grid.name).over(sheet.title)
            if title.signs_in and names_somebody(grid.rows):
                sheet.rejected.append(self._note(grid, None, _unclear_sign_in(title)))
            elif row := first_number(packed.grid().rows):
                sheet.rejected.append(Finding(self.file, grid.name, row, "", Reason("header_missing")))
            elif grid.name.strip() not in COVERS:
                sheet.warnings.append(self._note(grid, None, "layout_unknown"))
            return sheet
        sheet.title = sheet.title.over(titles.named(grid.name)).over(cover.of_school).over(titles.named(self.file))
        if header.is_matrix:
            sheet.rejected.append(self._note(grid, header, "matrix_unread"))
            return sheet
        sheet.kind = header.kind.name
        if header.unknown:
            sheet.warnings.append(self._note(grid, header, "columns_unknown", columns="、".join(header.unknown)))
        given = self._given(header, sheet.title)
        if lacking := _lacking(header, given, sheet.title):
            sheet.rejected.append(self._note(grid, header, lacking))
        else:
            sheet.unread = partial(self._rows, packed, header, sheet)
        return sheet

    def _header(self, grid: Grid) -> Header | None:
        """Find the header; where a list of adults could be one of children as well, whose the identity numbers are says which.

        Pupils hold offices too (职务: 班长), and a list of them must not make them the school's staff.
        """
        header = headers.find(grid)
        if header and header.kind.of_adults and are_minors(grid.rows, self.today.year - ADULT):
            return headers.find(grid, OF_CHILDREN) or header
        return header

    def _given(self, header: Header, title: Title) -> Values:
        """What holds for every row under a title unless the row says otherwise."""
        fields = header.fields
        given: Values = {c.field: c.absent for c in header.kind.columns}
        if takes_school(header):
            given |= {"school_code": title.school_code, "school_name": title.school_name}
        if header.kind.name in ("child", "school"):
            given["columns"] = fields
        if header.kind.name in ("child", "score"):
            given |= {"grade": (title.grade, ""), "class_name": (None, title.class_name)}
        if header.kind.name == "score":
            given |= {"tested_on": title.tested_on, "term": title.term}
        if header.kind.name == "attendance":
            given["activity_name"] = title.activity
        if header.kind.name == "record":
            given["kind"] = title.record_kind or next((kind for f, kind in TELLING.items() if f in fields), "")
        # A blank cell leaves standing what the title said, unless blank means something itself.
        return given | {p.column.field: said for p in header.placed if (said := p.column.read("")) not in (None, "")}

    def _rows(self, packed: Packed, header: Header, sheet: Sheet) -> None:
        grid = packed.grid()
        fill_down(grid)
        table = Lines(grid, header)
        for number, column in table.beside(self.today.year - ADULT):
            sheet.rejected.append(Finding(self.file, sheet.name, number, column, Reason("table_beside")))
        for title, group in groupby(table.under(sheet.title, sheet.skipped_rows), itemgetter(0)):
            lines = [line for _, line in group]
            given = self._given(header, own_schools(lines, header, title))
            if header.kind.name == "child" and not (header.fields.intersection(SCHOOL) or title.names_school):
                sheet.warnings.append(self._note(grid, header, "school_unnamed"))
            columns = [Meanings(p.column, given[p.column.field]) for p in header.placed]
            for begin in range(0, len(lines), AT_ONCE):
                self._take(lines[begin : begin + AT_ONCE], header, sheet, given, columns)

    def _take(
        self, lines: Sequence[Line], header: Header, sheet: Sheet, given: Values, columns: list["Meanings"]
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
                self._refuse(header, told)
                if header.kind.name == "child" and (first := self._same(told, source)):
                    where = {"sheet": first.sheet, "row": first.row}
                    sheet.warnings.append(self._finding(source, header, "id_number", "told_twice", where))
                    sheet.skipped_rows.append(number)
                    continue
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

    def _refuse(self, header: Header, values: Values) -> None:
        """Raise Refused when the row lacks a key or contradicts itself."""
        for group in header.kind.keys:
            for name in group:
                if values[name] != "" and values[name] is not None:
                    break
            else:
                raise Refused(next((f for f in group if header.at(f)), group[0]), "missing")
        if header.kind.check:
            header.kind.check(values, self.today)

    def _same(self, values: Values, source: Source) -> Source | None:
        """Return where this file tells a child already in the same words; raise Refused where it does so in others."""
        says = hash(tuple(values.values()))
        first, said = self._seen.setdefault(values["id_number"], (source, says))
        if said != says:
            raise Refused("id_number", "twice", sheet=first.sheet, row=first.row)
        return None if first is source else first

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
    """Say yes if one of two columns does; else that one could not be read, if that is so. What cannot be kept costs the row."""
    if isinstance(one, UnfitError):
        return one
    return other if one is False or other is True or isinstance(other, UnfitError) else one


ADULT = 18
COVERS = ("封面", "封皮", "扉页", "首页")
"""What people call a sheet that is no table, and says whose the others are at most."""
LISTS = ("child", "staff", "supporter", "leadership", "enrolment")
OF_CHILDREN = [kind for kind in KINDS if not kind.of_adults]


def years(born_on: dt.date, today: dt.date) -> int:
    """Full years of age."""
    return today.year - born_on.year - ((today.month, today.day) < (born_on.month, born_on.day))


def _unclear_sign_in(title: Title) -> str:
    """Why nothing is known of who came, from a list that has no column for it: a signature (签名) is not typed in."""
    return "attendance_unmarked" if title.activity else "activity_unnamed"


def _lacking(header: Header, given: Values, title: Title) -> str:
    """Why no row of a sheet can be taken: neither its title nor a column says what each needs; or ''."""
    if not all(header.fields.intersection(group) or any(map(given.get, group)) for group in header.kind.told_above):
        return "activity_unnamed"
    # Whoever signed in is no roster: it would make pupils and staff of all who came.
    if title.signs_in and header.kind.name in LISTS:
        return _unclear_sign_in(title)
    if header.kind.name == "score" and not given["tested_on"] and "tested_on" not in header.fields:
        return "test_date_missing"
    if header.kind.name == "record" and not given["kind"] and "kind" not in header.fields:
        return "record_kind_unknown"
    return ""


def fill_down(grid: Grid) -> None:
    """Give every row of a cell merged downward the cell's value (a school's name beside its twenty children)."""
    left = limits.FILLED_CELLS
    for top, column, bottom, right in _downward(grid):
        left -= bottom - top
        if left < 0:
            return
        value = grid.rows[top][column] if column < len(grid.rows[top]) else ""
        if value == "":
            continue
        for number in range(top + 1, min(bottom + 1, len(grid.rows))):
            row = grid.rows[number]
            if right != column and not row:  # a tall title or remark over the breadth of the table
                continue
            if len(row) <= column:
                row.extend([""] * (column + 1 - len(row)))
            row[column] = value


def _downward(grid: Grid) -> Iterator[tuple[int, int, int, int]]:
    return (m for m in grid.merges if m[2] > m[0] and m[0] < len(grid.rows))
