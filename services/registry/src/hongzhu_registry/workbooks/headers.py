"""The header of a sheet: which rows it is, which kind of sheet it tells of, and which column holds what."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from . import limits
from .cells import label, yes_no
from .column import Column
from .kinds import KINDS, PUPIL, Kind
from .reasons import say
from .sandbox import Cell, Grid, Row
from .synonyms import OUTSIDE_FAMILY, word_under

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
    explained: int
    """How many columns it explains: those that are read, and those that only describe the people on the list."""
    unknown: tuple[str, ...]
    """The places of the columns that are not known."""
    understood: int
    """How many of its words mean something, be it in another kind of sheet."""

    @property
    def rank(self) -> tuple[int, int, int, int]:
        """How well it explains the sheet: higher is better."""
        return self.explained, self.understood, -self.levels, -self.row

    @property
    def is_matrix(self) -> bool:
        """Whether it only lists pupils and goes on with a column for each week or day: what was done then is not read."""
        marks = self.kind.marks & self.fields
        return marks <= PUPIL and sum(bool(_PERIOD.search(each)) for each in self.unknown) > 1

    @property
    def fields(self) -> frozenset[str]:
        """The fields that the sheet has a column for."""
        return frozenset(p.column.field for p in self.placed)

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


def find(grid: Grid, kinds: Sequence[Kind] = KINDS) -> Header | None:
    """The header that explains the most columns; of equals the flattest (a title is no level), then the uppermost."""
    best: Header | None = None
    spans = {(top, left): right for top, left, _bottom, right in grid.merges}
    meaning = cache(word_under)  # the same cells are looked at in several heights; forgotten with this sheet
    for row in range(min(limits.HEADER_ROWS, len(grid.rows))):
        # Where several cells reach down from above it is the lower part of a header, and none of its own.
        if sum(top < row <= bottom for top, _left, bottom, _right in grid.merges) > 1:
            continue
        for levels in range(1, limits.HEADER_LEVELS + 1):
            if row + levels > len(grid.rows):
                break
            found = _header(grid.rows, row, levels, spans, meaning, kinds)
            if found and (best is None or found.rank > best.rank):
                best = found
        # The rows of the table follow its header; a better one does not lie among them.
        if best and row > best.row + limits.HEADER_LEVELS:
            break
    return best


def _header(
    rows: list[Row],
    row: int,
    levels: int,
    spans: dict[tuple[int, int], int],
    meaning: Meaning,
    kinds: Sequence[Kind],
) -> Header | None:
    words, titles = _words(rows, row, levels, spans, meaning)
    best: Header | None = None
    for kind in kinds:
        placed = _placed(kind, words, titles)
        fields = {p.column.field for p in placed}
        if not fields & kind.marks or not all(
            fields.intersection(group) or group in kind.told_above for group in kind.keys
        ):
            continue
        if not kind.never.isdisjoint(words):
            continue
        known = {p.index for p in placed} | {words[each][0] for each in kind.describing if each in words}
        if best is None or len(known) > best.explained:
            others = ((i, title) for i, title in enumerate(titles) if title and i not in known)
            unknown = tuple(place(i, title) for i, title in others if title not in _COUNTERS)
            best = Header(kind, row, levels, placed, len(known), unknown, len(words))
    return best


_NUMERAL = r"[一二三四五六七八九十\d]+"
_PERIOD = re.compile(rf"第?{_NUMERAL}周次?$|第{_NUMERAL}次$|{_NUMERAL}月({_NUMERAL}[日号])?$|\d{{4}}-\d\d?-\d\d?$")

PARENTS = ("父亲", "母亲")
_OF_A_PARENT = ("_place", "_since")
# What may stand between somebody's name and his telephone.
_OF_ONE = frozenset(("duty", "workplace", "party_member"))
# Numbering columns carry nothing, so nobody needs to be told that they were ignored.
_COUNTERS = frozenset(("序号", "编号", "序", "行号", "No", "No.", "NO", "NO."))


def _placed(kind: Kind, words: dict[str, list[int]], titles: list[str]) -> tuple[Placed, ...]:
    placed = []
    taken = set[int]()
    for column in kind.columns:
        first, *others = next((words[w] for w in column.words if w in words), [None])
        # A column may be read for two fields only when the kind says so by naming the word first in both.
        if first is not None and (first not in taken or column.words[0] in words):
            # 建档立卡, 低保户, 特困: several may ask for one yes. Else the first counts: rosters put the child before others.
            for index in (first, *(others if column.read is yes_no else ())):
                taken.add(index)
                placed.append(Placed(column, index, titles[index]))
    return tuple(placed)


def _words(
    rows: list[Row], row: int, levels: int, spans: dict[tuple[int, int], int], meaning: Meaning
) -> tuple[dict[str, list[int]], list[str]]:
    """The words of a header of one to three rows, each with its columns, and every column's title as written.

    A merged cell arrives as its value and blanks, so each upper value reaches over the blanks to its right: as far as
    its merge goes, or, in a sheet without merges, up to the next value.
    """
    width = max(len(rows[r]) for r in range(row, row + levels))
    levels_filled = [_reached(rows[r], r, width, spans, last=r == row + levels - 1) for r in range(row, row + levels)]
    words: dict[str, list[int]] = {}
    titles: list[str] = []
    person = parent = ""
    for index in range(width):
        parts = [part for level in levels_filled if (part := level[index]) != ""]
        parts = [part for n, part in enumerate(parts) if n == 0 or part != parts[n - 1]]
        group = "".join(str(p) for p in parts[:-1])
        found = meaning(group, parts[-1]) if parts else None
        if parts and not found and len(parts) > 2:
            found = meaning(parts[-2], parts[-1])
        if person and found == "phone":
            found = f"{person}_phone"
        elif person and not _of_guardian(group, meaning) and (found == "agency" or _of_relation(parts)):
            found = None  # of whoever stands left of it, and not read
        elif found and found not in _OF_ONE:
            person = next((p for p in OUTSIDE_FAMILY if found.startswith(p)), "")
        # 父亲姓名 务工地点 母亲姓名 务工地点: only a parent goes out to work, the one who was named last.
        if len(parts) == 1 and not found and parent:
            told = meaning(parent, parts[0])
            found = told if told and told.endswith(_OF_A_PARENT) else None
        elif found not in _OF_ONE | {"phone"}:
            parent = next((p for p in PARENTS if label(parts[0]).startswith(p)), "") if parts else ""
        titles.append("".join("".join(str(p).split()) for p in parts)[:60])
        if found:
            words.setdefault(found, []).append(index)
    return words, titles


def _of_guardian(group: str, meaning: Meaning) -> bool:
    return "护" in group or meaning(group, "姓名") == "guardian_name"


def _of_relation(parts: list[Cell]) -> bool:
    return bool(parts) and label(parts[-1]).startswith(("关系", "与"))


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
