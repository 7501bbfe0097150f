"""Files made to do harm, or harmed themselves: each is answered with a reason, soon, and in little memory."""

import io
import json
import subprocess
import sys
import time
import zipfile

import pytest

from hongzhu_registry.workbooks import Opened, UnreadableWorkbook, limits, read, sandbox

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def packed(desk, **parts: bytes) -> bytes:
    """A sound workbook in which some parts are replaced."""
    sound = zipfile.ZipFile(io.BytesIO(desk.write([["姓名"]])))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in sound.namelist():
            target.writestr(name, parts.pop(name.rsplit("/")[-1].rsplit(".", 1)[0], None) or sound.read(name))
        for name, part in parts.items():
            target.writestr(name, part)
    return out.getvalue()


def sheet(cells: str) -> bytes:
    return f'<worksheet xmlns="{MAIN}"><sheetData>{cells}</sheetData></worksheet>'.encode()


def far_corners(desk):
    return packed(
        desk,
        sheet1=sheet('<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'),
    )


def unnumbered_corners(desk):
    rows = "<row><c><v>1</v></c></row>" + "<row/>" * 1_000_000 + "<row>" + "<c/>" * 16_000 + "<c><v>1</v></c></row>"
    return packed(desk, sheet1=sheet(rows))


def shared(desk, strings: str, worksheet: bytes) -> bytes:
    """A workbook whose cells name their texts by number, as Excel writes them."""
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"
    link = f'<Relationship Id="s" Type="{kind}" Target="sharedStrings.xml"/></Relationships>'.encode()
    links = zipfile.ZipFile(io.BytesIO(desk.write([["姓名"]]))).read("xl/_rels/workbook.xml.rels")
    linked = links if b"sharedStrings" in links else links.replace(b"</Relationships>", link)
    told = f'<sst xmlns="{MAIN}">{strings}</sst>'.encode()
    return packed(desk, **{"workbook.xml": linked, "xl/sharedStrings.xml": told}, sheet1=worksheet)


def long_string_many_times(desk):
    cells = "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(1, 20_000))
    return shared(desk, f"<si><t>{'长' * 300_000}</t></si>", sheet(cells))


def bomb(desk):
    return packed(desk, bomb=b"0" * (limits.UNPACKED_BYTES // 4))


def many_entries(desk):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as target:
        for n in range(limits.ENTRIES + 1):
            target.writestr(f"xl/{n}", b"")
    return out.getvalue()


def billion_laughs(desk):
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    head = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "ha">{levels}]>'.encode()
    return packed(desk, sheet1=head + sheet('<row r="1"><c r="A1" t="str"><v>&l9;</v></c></row>'))


def encrypted(desk):
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le") + b"\0" * 600


HOSTILE = {
    "empty": (lambda desk: b"", {"empty"}),
    "text": (lambda desk: b"not a workbook", {"not_workbook"}),
    "a zip of pictures": (lambda desk: zipped({"a.png": b"x"}), {"not_workbook"}),
    "cut short": (lambda desk: desk.write([["姓名"]])[:2000], {"damaged"}),
    "an old file cut short": (lambda desk: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 2000, {"damaged"}),
    "protected": (encrypted, {"password"}),
    "bomb": (bomb, {"too_large"}),
    "many entries": (many_entries, {"too_large"}),
    "far corners": (far_corners, {"too_large"}),
    "corners without numbers": (unnumbered_corners, {"too_large", "damaged"}),
    "a long string many times": (long_string_many_times, {"too_large"}),
    "entities in entities": (billion_laughs, {"damaged", "unknown_layout"}),
    "no sheet": (lambda desk: packed(desk, sheet1=b"<x/>"), {"damaged", "unknown_layout"}),
}


def zipped(parts):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as target:
        for name, part in parts.items():
            target.writestr(name, part)
    return out.getvalue()


# Memory is measured from a fresh process: what a process starts counts as having used at least what its parent did.
MEASURE = """
import datetime, json, pathlib, resource, sys, time
from hongzhu_registry.workbooks import UnreadableWorkbook, read
data, started = pathlib.Path(sys.argv[1]).read_bytes(), time.monotonic()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    read(data, "x.xlsx", datetime.date.fromisoformat(sys.argv[2]))
except UnreadableWorkbook as error:
    own, reader = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    told = dict(code=error.code, zh=error.text("zh"), mend=error.mend("en"))
    print(json.dumps(told | dict(seconds=time.monotonic() - started, own=own - before, reader=reader)))
"""
KIB_PER_MIB = 1024


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_soon_and_in_little_memory(desk, tmp_path, name):
    make, codes = HOSTILE[name]
    file = tmp_path / "x.xlsx"
    file.write_bytes(make(desk))
    command = [sys.executable, "-c", MEASURE, str(file), str(desk.today)]
    answer = json.loads(subprocess.run(command, check=True, capture_output=True, timeout=60).stdout)
    assert answer["code"] in codes
    assert answer["zh"]
    assert answer["mend"]
    assert answer["seconds"] < 10
    assert answer["own"] < 256 * KIB_PER_MIB
    assert answer["reader"] < 512 * KIB_PER_MIB


def test_more_cells_than_the_limit_are_refused(desk, monkeypatch):
    monkeypatch.setattr(limits, "CELLS", 10)
    with pytest.raises(UnreadableWorkbook) as unreadable:
        read(desk.write([["姓名"] * 11]), "x.xlsx", desk.today)
    assert unreadable.value.code == "too_large"


def stray(desk, cell):
    """A sheet as wide as a roster, in which cells of the last row there is were touched."""
    rows = '<row r="1"><c r="A1" t="s"><v>1</v></c><c r="AD1"><v>1</v></c></row>'
    rows += f'<row r="1048576" spans="1:30"><c r="A1048576" s="0"/>{cell}</row>'
    worksheet = sheet(rows).replace(b"<sheetData>", b'<dimension ref="A1:AD1048576"/><sheetData>')
    return shared(desk, '<si/><si><t>姓名</t></si><si><t xml:space="preserve">　 </t></si>', worksheet)


BLANK = {
    "shared": '<c r="B1048576" t="s"><v>2</v></c>',
    "inline": '<c r="B1048576" t="inlineStr"><is><t xml:space="preserve">&#32;</t></is></c>',
    "only its looks": "",
}


@pytest.mark.parametrize("cell", BLANK)
def test_a_blank_in_the_last_row_there_is_takes_no_room(desk, cell):
    with Opened(stray(desk, BLANK[cell])) as cells:
        (packed,) = cells.sheets()
    assert [len(row) for row in packed.grid().rows] == [30]


@pytest.mark.parametrize("cell", ['<c r="B1048576" t="s"><v>1</v></c>', '<c r="B1048576"><v>0</v></c>'])
def test_what_stands_further_down_than_can_be_read_is_never_left_out(desk, cell):
    with pytest.raises(UnreadableWorkbook) as unreadable:
        read(stray(desk, cell), "x.xlsx", desk.today)
    assert unreadable.value.code == "too_large"


def test_blank_rows_do_not_count(desk, monkeypatch):
    data = desk.write(*[[["登记表"], [], ["姓名"]]] * 2)
    monkeypatch.setattr(limits, "ROWS", 4)
    with Opened(data) as cells:
        assert [len(packed.grid().rows) for packed in cells.sheets()] == [3, 3]
    monkeypatch.setattr(limits, "ROWS", 3)
    with Opened(data) as cells, pytest.raises(UnreadableWorkbook):
        list(cells.sheets())


STOPPED = {
    "too_busy": ["sleep", "60"],  # by the clock on the wall
    "too_slow": ["/bin/sh", "-c", "ulimit -S -t 1; while :; do :; done"],  # by the system, out of processor time
    "too_large": ["/bin/sh", "-c", "kill -9 $$"],  # by the system, short of memory
}


@pytest.mark.parametrize("code", STOPPED)
def test_a_reader_that_is_stopped_says_why(desk, monkeypatch, code):
    if code == "too_busy":
        monkeypatch.setattr(limits, "WALL_SECONDS", 0.2)
    monkeypatch.setattr(sandbox, "_command", lambda: STOPPED[code])
    started = time.monotonic()
    with pytest.raises(UnreadableWorkbook) as unreadable:
        read(desk.write([["姓名"]]), "x.xlsx", desk.today)
    assert unreadable.value.code == code
    assert time.monotonic() - started < 30


def test_what_is_cut_off_anywhere_is_never_taken_for_the_whole(desk):
    """However much of its answer the reader has given when it is stopped, the workbook is refused as a whole."""
    lines = [[f"张{number}", number] for number in range(60)]
    source = desk.write([["姓名", "年级"], *lines], [["姓名", "年级"], *lines])
    answer = subprocess.run(sandbox._command(), input=source, stdout=subprocess.PIPE, check=True).stdout
    whole = 0
    for length in range(len(answer) + 1):
        given = sandbox._collect(io.BytesIO(answer[:length]))
        sheets = []
        while True:
            try:
                sheets.append(next(given))
            except StopIteration as end:
                complete = end.value
                break
        assert complete == (length == len(answer))
        whole += complete
        assert all(len(sheet.grid().rows) == 61 for sheet in sheets)
    assert whole == 1


@pytest.mark.parametrize("attributes", ['r="B{n}" t="e"', 'r="B{n}" s="1" t="e"', "t='e' r='B{n}'"])
def test_a_cell_whose_formula_failed_says_so_wherever_it_stands(desk, attributes):
    last = 40_000  # the part is some pieces long

    def row(n, about):
        return f'<row r="{n}"><c r="A{n}"><v>{n}</v></c><c {about}><f>A{n}&lt;1</f><v>#N/A</v></c></row>'

    lines = [row(n, attributes.format(n=n) if n % 2 else f'r="B{n}" t="str"') for n in range(1, last + 1)]
    with Opened(packed(desk, sheet1=sheet("".join(lines)))) as cells:
        (read_sheet,) = cells.sheets()
    assert [said for _, said in read_sheet.grid().rows] == ["#N/A"] * last


def test_the_reader_is_given_no_environment(desk, monkeypatch, tmp_path):
    monkeypatch.setenv("HONGZHU_SECRET_KEYS", "canary")
    monkeypatch.setattr(sandbox, "_command", lambda: ["/bin/sh", "-c", f"/usr/bin/env > {tmp_path}/seen"])
    with pytest.raises(UnreadableWorkbook):
        read(desk.write([["姓名"]]), "x.xlsx", desk.today)
    assert "canary" not in (tmp_path / "seen").read_text()


def test_rows_keep_excels_numbers_when_the_sheet_starts_low_and_right(desk):
    with sandbox.Opened(desk.write([["", "", ""], ["", "", ""], ["", "", "姓名"], ["", "", True, 1.5]])) as opened:
        (sheet,) = opened.sheets()
    assert sheet.grid().rows == [[], [], ["", "", "姓名"], ["", "", True, 1.5]]
