"""The header of a sheet: which rows it is, which kind of sheet it tells of, and which column holds what."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from . import limits
from .column import Column
from .kinds import KINDS, Kind
from .reasons import say
from .sandbox import Cell, Grid, Row
from .synonyms import word_under

Meaning = Callable[[Cell, Cell], str | None]
"""The word that a header means below another one."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A known column and where it stands: its index, and its header as written."""

    column: Column
    index: int
    title: str

    @property
    def place(self) -> str:
        """The column as people find it in Excel: its letter and header."""
        return place(self.index, self.title)


@dataclass(frozen=True, slots=True)
class Header:
    """A recognised header: its first row and how many rows it takes, counted from 0."""

    kind: Kind
    row: int
    levels: int
    placed: tuple[Placed, ...]
    unknown: tuple[str, ...]
    """The places of the columns that are not known."""

    @property
    def rank(self) -> tuple[int, int, int]:
        """How well it explains the sheet: higher is better."""
        return len(self.placed), -self.levels, -self.row

    def at(self, field: str) -> str:
        """Where a field's column stands, or '' when the sheet has none."""
        return next((p.place for p in self.placed if p.column.field == field), "")


def place(index: int, title: str) -> str:
    """A column as people find it in Excel: its letter and header."""
    return f"{letter(index)} {say(title)}"


def letter(index: int) -> str:
    """The letter of a column, counted from 0."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def find(grid: Grid) -> Header | None:
    """The header that explains the most columns; of equals the flattest (a title is no level), then the uppermost."""
    best: Header | None = None
    spans = {(top, left): right for top, left, _bottom, right in grid.merges}
    meaning = cache(word_under)  # the same cells are looked at in several heights; forgotten with this sheet
    for row in range(min(limits.HEADER_ROWS, len(grid.rows))):
        for levels in range(1, limits.HEADER_LEVELS + 1):
            if row + levels > len(grid.rows):
                break
            found = _header(grid.rows, row, levels, spans, meaning)
            if found and (best is None or found.rank > best.rank):
                best = found
        # The rows of the table follow its header; a better one does not lie among them.
        if best and row > best.row + limits.HEADER_LEVELS:
            break
    return best


def _header(
    rows: list[Row], row: int, levels: int, spans: dict[tuple[int, int], int], meaning: Meaning
) -> Header | None:
    words, titles = _words(rows, row, levels, spans, meaning)
    best: tuple[Kind, tuple[Placed, ...]] | None = None
    for kind in KINDS:
        placed = _placed(kind, words, titles)
        fields = {p.column.field for p in placed}
        told = fields & kind.marks and all(fields.intersection(group) for group in kind.keys)
        if told and (best is None or len(placed) > len(best[1])):
            best = kind, placed
    if not best:
        return None
    used = {p.index for p in best[1]}
    unknown = tuple(
        place(i, title) for i, title in enumerate(titles) if title and i not in used and title not in _COUNTERS
    )
    return Header(best[0], row, levels, best[1], unknown)


# Numbering columns carry nothing, so nobody needs to be told that they were ignored.
_COUNTERS = frozenset(("序号", "编号", "序", "行号", "No", "No.", "NO", "NO."))


def _placed(kind: Kind, words: dict[str, int], titles: list[str]) -> tuple[Placed, ...]:
    placed = []
    taken = set[int]()
    for column in kind.columns:
        index = next((words[w] for w in column.words if w in words), None)
        # A column may be read for two fields only when the kind says so by naming the word first in both.
        if index is not None and (index not in taken or column.words[0] in words):
            taken.add(index)
            placed.append(Placed(column, index, titles[index]))
    return tuple(placed)


def _words(
    rows: list[Row], row: int, levels: int, spans: dict[tuple[int, int], int], meaning: Meaning
) -> tuple[dict[str, int], list[str]]:
    """The words of a header of one to three rows, each with its column, and every column's title as written.

    A merged cell arrives as its value and blanks, so each upper value reaches over the blanks to its right: as far as
    its merge goes, or, in a sheet without merges, up to the next value.
    """
    width = max(len(rows[r]) for r in range(row, row + levels))
    levels_filled = [_reached(rows[r], r, width, spans, last=r == row + levels - 1) for r in range(row, row + levels)]
    words: dict[str, int] = {}
    titles: list[str] = []
    for index in range(width):
        parts = [part for level in levels_filled if (part := level[index]) != ""]
        parts = [part for n, part in enumerate(parts) if n == 0 or part != parts[n - 1]]
        group = "".join(str(p) for p in parts[:-1])
        found = meaning(group, parts[-1]) if parts else None
        if parts and not found and len(parts) > 2:
            found = meaning(parts[-2], parts[-1])
        titles.append("".join("".join(str(p).split()) for p in parts)[:60])
        # The first of two columns of one meaning counts: rosters put the child first, others after.
        if found:
            words.setdefault(found, index)
    return words, titles


def _reached(row: Row, number: int, width: int, spans: dict[tuple[int, int], int], *, last: bool) -> Row:
    padded: Row = [*row, *[""] * (width - len(row))]
    if last:
        return padded
    reached: list[Cell] = []
    value: Cell = ""
    until = -1
    for index, cell in enumerate(padded):
        if cell != "":
            value = cell
            until = spans.get((number, index), index) if spans else width
        reached.append(value if index <= until else "")
    return reached
