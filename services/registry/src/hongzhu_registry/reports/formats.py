"""The report written down: as JSON, Markdown, a workbook, or a document; the same report is always the same bytes."""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime, time
from io import BytesIO
from itertools import chain, islice
from typing import Any, Literal

from pydantic import TypeAdapter
from xlsxwriter import Workbook

from hongzhu.i18n import Text, _, speaking
from hongzhu_registry.reports import docx
from hongzhu_registry.reports.document import Chart, Ledger, Report
from hongzhu_registry.reports.heading import day
from hongzhu_registry.reports.wording import joined, numeral, width

Format = Literal["json", "md", "xlsx", "docx"]
MEDIA = {
    "json": "application/json",
    "md": "text/markdown; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}
MOST_ROWS = 1_048_575
"""Of a sheet, under its heading."""
LEAST, MOST = 6, 20
"""How many characters a column is wide; a row that is like the others says how many it needs."""
_REPORT = TypeAdapter(Report)


def headers(as_: Format) -> dict[str, str]:
    """Return the headers under which a report is handed out: as a file, but for JSON, which is the answer itself."""
    named = {"Content-Disposition": f'attachment; filename="report.{as_}"'} if as_ != "json" else {}
    return {**named, "Cache-Control": "no-store"}


def content(report: Report) -> dict[str, Any]:
    """Return a report as JSON has it."""
    return _REPORT.dump_python(report, mode="json")  # type: ignore[no-any-return]  # a dataclass dumps to a dict


def read(kept: Any) -> Report:
    """Return the report that `content` was made of."""
    return _REPORT.validate_python(kept)


def write(report: Report, ledgers: Iterable[Ledger], as_: Format) -> bytes:
    """Write a report in one of its formats, and in its own language; only a workbook reads the ledgers."""
    with speaking(report.language):
        match as_:
            case "json":
                return json.dumps(content(report), ensure_ascii=False, indent=1).encode()
            case "md":
                return markdown(report).encode()
            case "docx":
                return docx.write(report)
            case "xlsx":
                return workbook(report, ledgers)


def markdown(report: Report) -> str:
    """Write a report that reads well as plain text."""
    return "\n".join([*_markdown(report), ""])


def _markdown(report: Report) -> Iterator[str]:
    yield f"# {report.title}"
    yield from ("", joined(report.opening), "")
    for number, section in enumerate(report.sections, 1):
        yield f"## {Text(zh=f'{numeral(number)}、', en=f'{number}. ')}{section.heading}"
        yield ""
        for place, item in enumerate(section.items, 1):
            yield f"{place}. **{item.heading}**　{joined(item.sentences)}"
            if item.chart:
                yield from _table(item.chart)
        if section.sentences:
            yield joined(section.sentences)
        yield ""
    yield from (report.organ, "", day(report.dated), "")
    yield from (f"## {_('Figures')}", "", f"| {_('Figure')} | {_('Value')} | {_('Key')} |", "|---|---:|---|")
    for figure in report.figures.values():
        yield f"| {_cell(figure.title)} | {_cell(figure.text)} | `{figure.key}` |"


def _table(chart: Chart) -> Iterator[str]:
    yield from ("", f"   | {_cell(chart.title)} | {chart.unit} |", "   |---|---:|")
    for label, value in zip(chart.labels, chart.values, strict=True):
        yield f"   | {_cell(label)} | {'' if value is None else f'{value:g}'} |"
    yield ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def workbook(report: Report, ledgers: Iterable[Ledger]) -> bytes:
    """Write the figures and one sheet a ledger; a ledger longer than a sheet goes on in the next."""
    out = BytesIO()
    # Rows go to a file as they come, so that a ledger need not fit into memory; nothing in a cell can act as a formula.
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with Workbook(out, options) as book:
        # The day it was made, not that on which somebody asked for it again.
        book.set_properties({"title": report.title, "created": datetime.combine(report.dated, time())})
        figures = ((each.title, each.value, each.text, each.key) for each in report.figures.values())
        first = Ledger(_("Figures"), (_("Figure"), _("Value"), _("As written"), _("Key")), figures)
        for each in chain([first], ledgers):
            _sheets(book, each)
    return out.getvalue()


def _sheets(book: Workbook, ledger: Ledger) -> None:
    heading = book.add_format({"bold": True})
    rows = iter(ledger.rows)
    number = 1
    some: Iterator[tuple[object, ...]] = islice(rows, MOST_ROWS)
    while True:
        sheet = book.add_worksheet(ledger.name if number == 1 else f"{ledger.name} {number}")
        sheet.freeze_panes(1, 0)
        first = next(some, ())
        some = chain([first] if first else [], some)
        for column, title in enumerate(ledger.columns):
            longest = max(width(title), *(width(str(cell)) for cell in first[column : column + 1]), LEAST)
            sheet.set_column(column, column, min(longest, MOST) * 2)
            sheet.write_string(0, column, title, heading)
        place = 0
        for place, row in enumerate(some, 1):  # how many there were is asked below
            for column, cell in enumerate(row):
                if isinstance(cell, int | float):
                    sheet.write_number(place, column, cell)
                elif cell is not None:
                    sheet.write_string(place, column, str(cell))
        sheet.autofilter(0, 0, place, len(ledger.columns) - 1)
        following = next(rows, None) if place == MOST_ROWS else None
        if following is None:
            return
        number, some = number + 1, chain([following], islice(rows, MOST_ROWS - 1))
