"""A column of a kind of sheet: its field, what its header may say, and how its cells are read."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from . import cells, limits
from .cells import UnfitError
from .sandbox import Cell


@dataclass(frozen=True, slots=True)
class Column:
    """A field, the words (see synonyms) its header may mean, best first, and how to read its cells.

    A cell of a firm column that cannot be read costs the row; elsewhere it is left blank with a warning.
    `absent` is what holds for every row of a sheet without this column, `longest` how many characters can be kept.
    """

    field: str
    words: tuple[str, ...]
    read: Callable[[Cell], Any]
    firm: bool
    absent: Any
    longest: int

    def said(self, cell: Cell) -> Any:
        """Read a cell; raises `UnclearError`, and `UnfitError` when what it says cannot be kept, which costs the row."""
        if type(cell) is str and not cell.isprintable() and cells.UNPRINTABLE.search(cell):
            raise UnfitError("characters_unfit")
        if type(cell) is str and cell[:1] == "#" and cells.FAILED.fullmatch(cell):
            raise UnfitError("cell_failed", error=cell)
        said = self.read(cell)
        words = said[1] if type(said) is tuple else said  # a class, with the grade when it is written with it
        if type(words) is str and len(words) > self.longest:
            raise UnfitError("too_long", longest=self.longest)
        return said


def column(
    field: str,
    read: Callable[[Cell], Any] = cells.fact,
    words: str = "",
    *,
    firm: bool = False,
    absent: Any = None,
    longest: int = limits.TEXT,
) -> Column:
    """A column whose words are those given, or the field's own name."""
    known_as = tuple((words or field).split())
    return Column(field, known_as, read, firm, read("") if absent is None else absent, longest)
