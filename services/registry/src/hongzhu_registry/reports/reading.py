"""A report as a page reads it: each sentence in pieces, its figures opening the rows behind them."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from hongzhu.i18n import Text, _
from hongzhu_registry.reports.document import Chart, Figure, Sentence
from hongzhu_registry.reports.figures import ADDRESS

ROWS = "/reports/figures"
"""Where the pages list what the API lists under `figures.ADDRESS`."""


class Piece(NamedTuple):
    """A stretch of a sentence; with a figure it opens that figure's rows."""

    text: str
    figure: Figure | None = None


def pieces(sentence: Sentence, figures: Mapping[str, Figure]) -> Iterator[Piece]:
    """Take a sentence apart at the figures that stand in it, in their order; a figure that is not said follows at its end."""
    left = [figures[key] for key in sentence.figures if key in figures and figures[key].text]
    # Longest first, and never in the middle of a number: 3 does not stand in 43.
    texts = "|".join(map(re.escape, sorted({text for each in left for text in _said(each)}, key=len, reverse=True)))
    at = 0
    for found in re.finditer(rf"(?<![\d.,])(?:{texts})", sentence.text) if left else ():
        figure = next((each for each in left if found[0] in _said(each)), None)
        if figure is None:
            continue
        left.remove(figure)
        yield Piece(sentence.text[at : found.start()])
        yield Piece(found[0], figure)
        at = found.end()
    yield Piece(sentence.text[at:])
    for figure in left:
        yield Piece(figure.title, figure)


def _said(figure: Figure) -> set[str]:
    """Return how a figure may be said: as it is written, and where it is a name, by the name alone."""
    return {figure.text} | ({figure.value} if isinstance(figure.value, str) else set())


def rows_page(figure: Figure) -> str | None:
    """Return the page that lists the rows behind a figure."""
    return figure.rows and figure.rows.replace(ADDRESS, ROWS, 1)


def drawn(chart: Chart) -> dict[str, Any]:
    """Return a chart as `parts.chart` draws it."""
    series = [{"name": chart.title, "values": chart.values}]
    return {"kind": chart.kind, "labels": chart.labels, "series": series, "unit": chart.unit}


def change(before: Figure | None, after: Figure | None) -> str:
    """Say by how much a figure differs, a share by its points; nothing where one of them is neither."""
    match before and before.value, after and after.value:
        case int(first), int(second):
            more = second - first
            return str(Text(zh=f"{more:+d}", en=f"{more:+,d}")) if more else "0"
        case str(first), str(second) if first.endswith("%") and second.endswith("%"):
            return _("{points} points", points=f"{float(second[:-1]) - float(first[:-1]):+.1f}")
    return ""
