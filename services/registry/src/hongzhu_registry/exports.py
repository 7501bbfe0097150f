"""Workbooks that go out: every cell is text unless it is a number, so that nothing in it can act as a formula."""

from collections.abc import Iterable, Mapping, Sequence
from io import BytesIO
from typing import Any

from xlsxwriter import Workbook

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
"""What such a workbook is, as the web names it."""

AS_XLSX: dict[int | str, dict[str, Any]] = {200: {"description": "A workbook.", "content": {XLSX: {}}}}
"""How a route that gives one describes its answer, beside JSON if it gives that too."""

Cell = str | int | float | None


def xlsx(sheets: Mapping[str, Iterable[Sequence[Cell]]]) -> bytes:
    """Write sheets of rows, the first row of each a heading, as an xlsx file."""
    out = BytesIO()
    with Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as workbook:
        heading = workbook.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        for name, rows in sheets.items():
            sheet = workbook.add_worksheet(name)
            sheet.freeze_panes(1, 0)
            for number, row in enumerate(rows):
                for column, cell in enumerate(row):
                    if isinstance(cell, int | float):
                        sheet.write_number(number, column, cell)
                    elif cell is not None:
                        # As a string, whatever it begins with: = + - @ tab or CR would else be a formula to some reader.
                        sheet.write_string(number, column, cell, heading if number == 0 else None)
            sheet.autofit()
    return out.getvalue()
