"""The implementation report as a document: what is said in which order, before it takes any format."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from hongzhu.i18n import CHINESE, ENGLISH, is_chinese


@dataclass(frozen=True, slots=True)
class Figure:
    """One counted figure: its key, its value, how it is written in a sentence, and where the rows behind it are listed."""

    key: str
    title: str
    value: int | str | None
    """A number, or a name such as that of the largest school; None when nothing is known to count."""
    text: str
    """The value as people write it: 1058人, 36所."""
    rows: str | None
    """The address of a list with as many items as the figure says."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of the report, and the keys of the figures that stand in it."""

    text: str
    figures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart: one series of values, each under its label."""

    title: str
    kind: Literal["columns", "bars", "line"]
    unit: str
    labels: tuple[str, ...]
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """A numbered point under a heading: what it is called, its sentences, and the chart under them."""

    heading: str
    sentences: tuple[Sentence, ...]
    chart: Chart | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """One of the report's parts, such as 建档立卡: its numbered points, or just sentences."""

    heading: str
    items: tuple[Item, ...]
    sentences: tuple[Sentence, ...] = ()


@dataclass(frozen=True, slots=True)
class Ledger:
    """A sheet of the workbook: a ledger's name, its columns, and its rows."""

    name: str
    columns: tuple[str, ...]
    rows: Iterable[tuple[object, ...]]


@dataclass(frozen=True, slots=True)
class Report:
    """The whole report over a period, as it stood at its cut-off."""

    title: str
    organ: str
    """Who reports, as it is signed."""
    begins_on: date
    ends_on: date
    cut_off: date
    """The last day whose entries are counted."""
    dated: date
    """The day under its signature: that on which it was made."""
    opening: tuple[Sentence, ...]
    sections: tuple[Section, ...]
    figures: Mapping[str, Figure]

    @property
    def language(self) -> str:
        """The language it is written in, and stays in: told by its figures' titles, as a title may hold names in the other."""
        return CHINESE if all(is_chinese(each.title) for each in self.figures.values()) else ENGLISH
