"""A workbook: a file in, its sheets with typed rows out; nothing stored, nothing looked up."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from . import archive, limits
from .reasons import Finding, UnreadableWorkbook
from .sandbox import Opened
from .sheet import Reading, Sheet
from .titles import Title


@dataclass(frozen=True, slots=True)
class Workbook:
    """What a file gave, sheet by sheet, unrecognised sheets included."""

    filename: str
    sheets: list[Sheet]

    @property
    def rejected(self) -> list[Finding]:
        """All rejected rows."""
        return [finding for sheet in self.sheets for finding in sheet.rejected]

    @property
    def warnings(self) -> list[Finding]:
        """All warnings and notes."""
        return [finding for sheet in self.sheets for finding in sheet.warnings]


def read(source: Path | str | bytes, filename: str, today: dt.date) -> Workbook:
    """Read a workbook (.xlsx, .xlsm, .xls) under any name; raise UnreadableWorkbook when nothing could be read."""
    with opened(source) as cells:
        workbook = understood(cells, filename, today)
    for sheet in workbook.sheets:
        sheet.read_rows()
    return workbook


def opened(source: Path | str | bytes) -> Opened:
    """Start to read a workbook's cells in a process of its own; raise UnreadableWorkbook when it is none to be read."""
    if isinstance(source, bytes):
        data = source
    else:
        path = Path(source)
        if path.stat().st_size > limits.FILE_BYTES:
            raise UnreadableWorkbook("too_large")
        data = path.read_bytes()
    archive.inspect(data)
    return Opened(data)


def understood(cells: Opened, filename: str, today: dt.date) -> Workbook:
    """Find the headers in a workbook's cells, its rows being yet to be read; raise UnreadableWorkbook when there are none."""
    reading = Reading(filename, today)
    cover = Title()
    sheets = []
    for packed in cells.sheets():
        sheet = reading.read(packed, cover)
        if sheet.kind is None and not sheet.rejected:
            cover = sheet.title.over(cover)
        sheets.append(sheet)
    if not any(sheet.kind or sheet.rejected for sheet in sheets):
        raise UnreadableWorkbook("unknown_layout")
    return Workbook(filename, sheets)
