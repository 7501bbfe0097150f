"""Run alone as a script: opens the workbook on standard input and writes its cells to standard output.

It imports nothing of hongzhu and holds no secrets, so that a hostile file can harm nothing but this process,
which the system ends when it asks for too much memory or time. Cells leave as text, numbers and truth values;
dates leave as ISO text, because marshal (fast, and runs no code when read) knows no dates.
"""

import io
import marshal
import sys
from typing import Any

CHUNK_CELLS, CHUNK_ROWS = 20_000, 5_000


class TooMuchError(Exception):
    """The workbook holds more than may be answered."""


class Answer:
    """What is written to standard output, counted against the limits."""

    def __init__(self, max_bytes: int, max_cells: int, max_rows: int) -> None:
        self.bytes_left, self.cells_left, self.rows_left = max_bytes, max_cells, max_rows

    def say(self, *what: Any) -> None:
        """Write one message, its length before it."""
        data = marshal.dumps(what)
        self.bytes_left -= len(data)
        if self.bytes_left < 0:
            raise TooMuchError
        sys.stdout.buffer.write(len(data).to_bytes(4, "big") + data)

    def sheet(self, sheet: Any, max_columns: int) -> None:
        """Write the rows of a sheet, some thousands of cells at a time."""
        if sheet.end and sheet.end[1] >= max_columns:
            raise TooMuchError
        # Rows are given out from the first of the sheet, but columns only from the first used one: count those in.
        left = sheet.start[1] if sheet.start else 0
        chunk: list[list[Any]] = []
        held = 0
        for row in sheet.iter_rows():
            chunk.append(trimmed([""] * left + row if left else row))
            held += len(chunk[-1])
            self._spend(len(chunk[-1]))
            if held > CHUNK_CELLS or len(chunk) >= CHUNK_ROWS:
                self.say("rows", marshal.dumps(chunk))
                chunk, held = [], 0
        self.say("rows", marshal.dumps(chunk))

    def _spend(self, cells: int) -> None:
        self.rows_left -= 1
        self.cells_left -= cells
        if self.rows_left < 0 or self.cells_left < 0:
            raise TooMuchError


def confine(memory_bytes: int, processor_seconds: int) -> None:
    """Let the system end this process when it takes more than its share."""
    try:
        import resource
    except ImportError:  # Windows has no such limits; the wall clock of the caller still holds
        return
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (processor_seconds, processor_seconds + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def plain(cell: Any) -> Any:
    """Turn a cell into what marshal can write."""
    if hasattr(cell, "isoformat"):
        return cell.isoformat().replace("T00:00:00", "").replace("T", " ")
    return str(cell)


def trimmed(row: list[Any]) -> list[Any]:
    """Drop the blank cells at the end of a row; a blank row becomes an empty list."""
    end = len(row)
    while end and row[end - 1] == "":
        end -= 1
    return [c if type(c) in (str, float, int, bool) else plain(c) for c in row[:end]]


def main() -> None:
    """Answer with ("sheet", name, hidden, merges), ("rows", packed by marshal) and at last ("end",), or ("error", code)."""
    sys.path.append(sys.argv[1])
    from python_calamine import CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

    memory, seconds, max_bytes, max_cells, max_rows, max_columns, max_sheets, max_merges = map(int, sys.argv[2:])
    confine(memory, seconds)
    answer = Answer(max_bytes, max_cells, max_rows)
    error = ""
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(sys.stdin.buffer.read()))
        sheets = [s for s in workbook.sheets_metadata if s.typ == SheetTypeEnum.WorkSheet]
        if len(sheets) > max_sheets:
            raise TooMuchError
        for about in sheets:
            sheet = workbook.get_sheet_by_name(about.name)
            merges = [(*first, *last) for first, last in sheet.merged_cell_ranges or ()]
            # More merges than a real sheet has are noise or malice; without them the sheet still reads.
            merges = merges if len(merges) <= max_merges else []
            answer.say("sheet", about.name, about.visible != SheetVisibleEnum.Visible, merges)
            answer.sheet(sheet, max_columns)
        answer.say("end")
    except (TooMuchError, MemoryError):
        error = "too_large"
    except PasswordError:
        error = "password"
    except Exception:  # whatever the reader makes of a damaged file, the answer is the same
        error = "damaged"
    if error:
        answer.bytes_left = 100
        answer.say("error", error)


if __name__ == "__main__":
    main()
