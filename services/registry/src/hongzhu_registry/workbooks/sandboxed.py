"""Run alone as a script: opens the workbook on standard input and writes its cells to standard output.

It imports nothing of hongzhu and holds no secrets, so that a hostile file can harm nothing but this process,
which the system ends when it asks for too much memory or time. Cells leave as text, numbers and truth values;
dates leave as ISO text, because marshal (fast, and runs no code when read) knows no dates.
"""

import html
import io
import marshal
import re
import sys
import zipfile
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

    def sheet(self, sheet: Any, max_columns: int, errors: dict[int, dict[int, str]]) -> None:
        """Write the rows of a sheet, some thousands of cells at a time; `errors` are its cells that failed, by row and column."""
        if sheet.end and sheet.end[1] >= max_columns:
            raise TooMuchError
        # Rows are given out from the first of the sheet, but columns only from the first used one: count those in.
        left = sheet.start[1] if sheet.start else 0
        chunk: list[list[Any]] = []
        held = 0
        for number, row in enumerate(sheet.iter_rows()):
            cells = [""] * left + row if left else row
            for index, error in errors.get(number, {}).items():
                cells[index] = error
            chunk.append(trimmed(cells))
            held += len(chunk[-1])
            if chunk[-1]:
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
    while end and type(row[end - 1]) is str and not row[end - 1].strip():
        end -= 1
    return [c if type(c) in (str, float, int, bool) else plain(c) for c in row[:end]]


_EXTENT = re.compile(rb'<(?:\w+:)?dimension [^>]*ref="[A-Z]+\d+:[A-Z]+(\d+)"')
_ROW = re.compile(rb'<(?:\w+:)?row (?:[^>]* )?r="(\d+)"')
_ROWS_END = re.compile(rb"</(?:\w+:)?sheetData>")
_CELL = re.compile(rb"<(?:\w+:)?c( [^>]*[^/>])>(.*?)</(?:\w+:)?c>", re.DOTALL)
_STRING = re.compile(rb"<(?:\w+:)?si/>|<(?:\w+:)?si>(.*?)</(?:\w+:)?si>", re.DOTALL)
_TAG = re.compile(rb"<[^>]*>")
_SHARED = b't="s"'


def without_far_rows(data: bytes, max_rows: int) -> bytes:
    """Leave out blank rows beyond the last that may be read: one blank there would take the room of all rows above it."""
    if not zipfile.is_zipfile(io.BytesIO(data)):
        return data  # the old format has no rows so far down
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        shortened = {name: near(book, name, max_rows) for name in book.namelist() if reaches(book, name) > max_rows}
        if not shortened:
            return data
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as target:
            for name in book.namelist():
                target.writestr(name, shortened.get(name) or book.read(name))
        return out.getvalue()


def reaches(book: zipfile.ZipFile, name: str) -> int:
    """The last row of a sheet, by what it says at its beginning."""
    if not name.startswith("xl/worksheets/"):
        return 0
    with book.open(name) as part:
        extent = _EXTENT.search(part.read(2_000))
    return int(extent[1]) if extent else 0


def near(book: zipfile.ZipFile, name: str, max_rows: int) -> bytes:
    """A sheet without the rows that lie too far down; raise TooMuchError when they are not blank."""
    part = book.read(name)
    first = next((row.start() for row in _ROW.finditer(part) if int(row[1]) > max_rows), None)
    end = _ROWS_END.search(part)
    if first is None or end is None:
        return part
    cells = _CELL.findall(part[first : end.start()])
    strings = _STRING.findall(book.read("xl/sharedStrings.xml")) if any(_SHARED in about for about, _ in cells) else []
    for about, said in cells:
        text = _TAG.sub(b"", said)
        if _SHARED in about:
            text = _TAG.sub(b"", strings[int(text)])
        if html.unescape(text.decode()).strip():
            raise TooMuchError
    return part[:first] + part[end.start() :]


PIECE = 1 << 20
LONGEST_CELL = 20_000
_SHEET = re.compile(rb"<(?:\w+:)?sheet ([^>]*)>")
_LINK = re.compile(rb"<(?:\w+:)?Relationship ([^>]*)>")
_ATTRIBUTE = re.compile(rb"""([\w:]+)\s*=\s*["']([^"']*)""")
_AT = re.compile(rb"""<(?:\w+:)?c [^>]*?\br=["']([A-Z]{1,3})(\d{1,7})["']""")
_VALUE = re.compile(rb"<(?:\w+:)?v>([^<]{1,20})<")
_FAILED = re.compile(rb"""\bt=["']e["']""")


def parts_of(book: zipfile.ZipFile) -> dict[str, str]:
    """The parts of an archive that hold its sheets, by the sheet's name."""

    def attributes(tag: bytes) -> dict[str, str]:
        return {
            name.decode().rpartition(":")[2]: html.unescape(said.decode()) for name, said in _ATTRIBUTE.findall(tag)
        }

    names = {name.lower(): name for name in book.namelist()}
    if not names.keys() >= {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"}:
        return {}
    links = map(attributes, _LINK.findall(book.read(names["xl/_rels/workbook.xml.rels"])))
    targets = {link["Id"]: link["Target"].lower() for link in links}
    sheets = map(attributes, _SHEET.findall(book.read(names["xl/workbook.xml"])))
    ways = {sheet["name"]: targets.get(sheet["id"], "") for sheet in sheets}
    found = {name: way[1:] if way.startswith("/") else f"xl/{way}" for name, way in ways.items()}
    return {name: names[way] for name, way in found.items() if way in names}


def failed_cells(book: zipfile.ZipFile, part: str) -> dict[int, dict[int, str]]:
    """The cells of a sheet whose formula failed (#N/A), by row and column from 0: the reader gives them as blanks."""
    found: dict[int, dict[int, str]] = {}
    rest = b""
    with book.open(part) as stream:
        while piece := stream.read(PIECE):
            piece = rest + piece
            # To look for four bytes takes a fraction of what reading takes; hardly any sheet holds them.
            for failed in _FAILED.finditer(piece) if b't="e"' in piece or b"t='e'" in piece else ():
                at = _AT.match(piece, piece.rfind(b"<", 0, failed.start()))
                value = _VALUE.search(piece, failed.end(), failed.end() + LONGEST_CELL)
                if at and value:
                    found.setdefault(int(at[2]) - 1, {})[column(at[1])] = value[1].decode()
            rest = piece[-LONGEST_CELL:]
    return found


def column(letters: bytes) -> int:
    """The number of a column, counted from 0."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1


def main() -> None:
    """Answer with ("sheet", name, hidden, merges), ("rows", packed by marshal) and at last ("end",), or ("error", code)."""
    sys.path.append(sys.argv[1])
    from python_calamine import CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

    memory, seconds, max_bytes, max_cells, max_rows, max_columns, max_sheets, max_merges = map(int, sys.argv[2:])
    confine(memory, seconds)
    answer = Answer(max_bytes, max_cells, max_rows)
    error = ""
    try:
        data = without_far_rows(sys.stdin.buffer.read(), max_rows)
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(data))
        # The old format is no archive; what failed there stays a blank.
        book = zipfile.ZipFile(io.BytesIO(data)) if zipfile.is_zipfile(io.BytesIO(data)) else None
        parts = parts_of(book) if book else {}
        sheets = [s for s in workbook.sheets_metadata if s.typ == SheetTypeEnum.WorkSheet]
        if len(sheets) > max_sheets:
            raise TooMuchError
        for about in sheets:
            sheet = workbook.get_sheet_by_name(about.name)
            merges = [(*first, *last) for first, last in sheet.merged_cell_ranges or ()]
            # More merges than a real sheet has are noise or malice; without them the sheet still reads.
            merges = merges if len(merges) <= max_merges else []
            answer.say("sheet", about.name, about.visible != SheetVisibleEnum.Visible, merges)
            failed = failed_cells(book, parts[about.name]) if book and about.name in parts else {}
            answer.sheet(sheet, max_columns, failed)
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
