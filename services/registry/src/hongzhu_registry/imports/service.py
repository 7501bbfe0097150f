"""Importing workbooks: read all, then store them in the order they need each other, each sheet in a transaction of its own."""

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from operator import itemgetter
from os.path import commonpath
from pathlib import Path
from typing import Any, cast

from sqlalchemy.orm import Session

from hongzhu.clock import today
from hongzhu_registry.access.policy import OPERATOR, Principal
from hongzhu_registry.audit import service as audit
from hongzhu_registry.audit.service import Asked
from hongzhu_registry.conflicts import queries as conflicts
from hongzhu_registry.database import database
from hongzhu_registry.imports import (
    activities,
    assessments,
    calendar,
    children,
    documents,
    enrolments,
    facilities,
    leadership,
    people,
    records,
    referrals,
    rosters,
    schools,
    subsidies,
)
from hongzhu_registry.imports.result import Result
from hongzhu_registry.sealing import key_ring
from hongzhu_registry.tasks.queries import will_ask_many_times
from hongzhu_registry.workbooks import Child, Sheet, UnreadableWorkbook, Workbook, limits, opened, understood

Store = Callable[[Session, Sequence[Any], Result], None]

STORES: Mapping[str, Store] = {
    "calendar": calendar.store,
    "school": schools.store,
    "staff": people.store_staff,
    "supporter": people.store_supporters,
    "child": children.store,
    "score": assessments.store,
    "record": records.store,
    "referral": referrals.store,
    "subsidy": subsidies.store,
    "enrolment": enrolments.store,
    "activity": activities.store,
    "attendance": activities.store_attendance,
    "facility": facilities.store,
    "leadership": leadership.store,
    "document": documents.store,
}
"""What is kept of each kind of sheet, in the order in which they need each other."""

UNREAD = (".et", ".csv", ".xlsb", ".ods")
"""Tables in formats that are not read: each is told as one that has to be saved in another."""
SUFFIXES = (".xlsx", ".xlsm", ".xls", *UNREAD)
"""What ends the name of a table."""

AT_ONCE = 3
"""Rosters that are stored at a time: this process makes the rows of one ready while the database takes those of others."""

Names = frozenset[str] | None
"""The children and schools that a roster names; none for what has to be stored by itself."""
Progress = Callable[[str, int, int], None]
"""Told the file in hand, how many are done, and how many there are."""


def workbooks_in(paths: Sequence[Path]) -> list[tuple[str, Path]]:
    """Find the tables among files and in folders, each with its name; a file that is handed in by itself is taken for one."""
    return [(name, file) for file, name in _files(paths).items() if file in paths or _is_table(name)]


def skipped_in(paths: Sequence[Path]) -> list[str]:
    """Name the files in folders that are no tables."""
    return [name for file, name in _files(paths).items() if file not in paths and not _is_table(name)]


def _is_table(name: str) -> bool:
    return name.lower().endswith(SUFFIXES)


def _files(paths: Sequence[Path]) -> dict[Path, str]:
    """Name files by their way from the folder that holds them all; in folders, hidden files and Excel's lock files are nobody's."""
    folders = [path if path.is_dir() else path.parent for path in paths]
    top = Path(commonpath([folder.resolve() for folder in folders]))
    found: dict[Path, str] = {}
    for path, folder in zip(paths, folders, strict=True):
        way = folder.resolve().relative_to(top)
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file == path or (file.is_file() and not file.name.startswith((".", "~$"))):
                found.setdefault(file, (way / file.relative_to(folder)).as_posix())
    return found


def take_in(
    files: Sequence[tuple[str, Path | bytes]], progress: Progress, principal: Principal | None = None
) -> Result:
    """Read and store workbooks, each with its name; what is rejected stores nothing, and the same again changes nothing.

    Their order does not matter.  `principal` is whoever hands them in; none for a command.  Raises `ConfigurationError`.
    """
    key_ring()  # an installation without keys says so before anything is read
    files = [(name[-limits.FILE_NAME :], source) for name, source in files]
    result = Result(files=[name for name, _source in files], principal=principal)
    try:
        gc.disable()  # rows are many and stand in no cycles: to look for some again and again takes a sixth of the time
        sheets = _with_one_calendar(_read(sorted(files, key=itemgetter(0)), progress, result))
        with database.alone("import") as still_alone:  # two who hand in the same must not both find it new
            with database.transaction() as session:
                had_one = rosters.schools_with_one(session)
            for number, sheet in enumerate(_stored(sheets, result)):
                still_alone()
                progress(sheet.name, len(files) + number, len(files) + len(sheets))
            progress("", 1, 1)
            with database.transaction() as session:
                rosters.compare(session, had_one, result)
                open_conflicts = conflicts.proposals(session, session.scalars(conflicts.in_conflict()).all())
        # Those that these files have part in; of all others other rosters told.
        result.conflicts = [each for each in open_conflicts if not set(each["files"]).isdisjoint(result.files)]
    finally:
        gc.enable()
    return result


def _read(files: Sequence[tuple[str, Path | bytes]], progress: Progress, result: Result) -> list[Sheet]:
    """Read the workbooks, two at a time, down to the headers of their sheets; return these in the order they need each other."""
    sheets: list[Sheet] = []
    with ThreadPoolExecutor(2) as readers:
        for number, read in enumerate(readers.map(_heads, files)):
            name = files[number][0]
            progress(name, number, 2 * len(files))
            if isinstance(read, UnreadableWorkbook):
                result.unreadable.append((name, read))
            else:
                sheets += read.sheets
    for sheet in sheets:
        if sheet.unread is None:
            _tell(sheet, result)
    return sorted((each for each in sheets if each.unread), key=lambda sheet: list(STORES).index(str(sheet.kind)))


def _with_one_calendar(sheets: list[Sheet]) -> list[Sheet]:
    """Put what sheets say of the calendar together; with it the schools that they list, which it may name."""
    parts = [sheet for sheet in sheets if sheet.kind == "calendar"]
    if not parts:
        return sheets
    lists = [sheet for sheet in sheets if sheet.kind == "school"]
    for sheet in (*parts, *lists):
        sheet.read_rows()
    whole = Sheet(parts[0].name, "calendar")
    whole.rows = [row for sheet in (*parts, *lists) for row in sheet.rows]
    whole.rejected = [finding for sheet in parts for finding in sheet.rejected]
    whole.warnings = [finding for sheet in parts for finding in sheet.warnings]
    return [whole, *(sheet for sheet in sheets if sheet.kind != "calendar")]


def _heads(file: tuple[str, Path | bytes]) -> Workbook | UnreadableWorkbook:
    name, source = file
    try:
        if name.lower().endswith(UNREAD):
            raise UnreadableWorkbook("other_format")
        with opened(source) as cells:
            return understood(cells, name, today())
    except UnreadableWorkbook as error:
        return error


def _stored(sheets: list[Sheet], result: Result) -> Iterator[Sheet]:
    """Store sheets, and yield each before its rows are read; the rows of one are read while those before it are stored."""
    under_way: list[tuple[Names, Future[Result]]] = []

    def wait() -> None:
        result.add(under_way.pop(0)[1].result())

    with ThreadPoolExecutor(AT_ONCE) as workers:
        for number, sheet in enumerate(sheets):
            yield sheet
            sheet.read_rows()
            goes_along = sheet.kind == "child" and database.many_write
            while under_way and (not goes_along or under_way[0][0] is None):
                wait()
            # Not before: what a roster calls a school may be known by the sheet that was just waited for.
            names = _names_in(sheet) if goes_along else None
            while len(under_way) == AT_ONCE or not all(_are_apart(names, each) for each, _ in under_way):
                wait()
            under_way.append((names, workers.submit(_store, sheet, result.of_one_sheet())))
            sheets[number] = Sheet(sheet.name)  # no more rows than need be are kept at a time
        while under_way:
            wait()


def _names_in(sheet: Sheet) -> Names:
    with database.reading() as session:
        return rosters.names_in(session, cast("list[Child]", sheet.rows))


def _are_apart(one: Names, other: Names) -> bool:
    return one is not None and other is not None and one.isdisjoint(other)


def _store(sheet: Sheet, result: Result) -> Result:
    kind = str(sheet.kind)
    _tell(sheet, result)
    with database.transaction() as session:
        will_ask_many_times(session)
        STORES[kind](session, sheet.rows, result)
        if result.stored:
            audit.write(session, Asked(result.principal or OPERATOR, f"import {kind}", None), "done")
    return result


def _tell(sheet: Sheet, result: Result) -> None:
    result.rejected += sheet.rejected
    result.warnings += sheet.warnings
