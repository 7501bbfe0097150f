"""``/imports`` as pages: workbooks are dropped, their progress is seen, and what they came to is told row by row."""

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Annotated, Any

from fastapi import BackgroundTasks, File, Request, UploadFile
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from hongzhu.errors import InvalidError
from hongzhu.i18n import _
from hongzhu_registry.access.policy import Principal
from hongzhu_registry.children.queries import names_in_sight
from hongzhu_registry.copies import words
from hongzhu_registry.exports import XLSX
from hongzhu_registry.imports import jobs
from hongzhu_registry.imports.result import kind_of_rows
from hongzhu_registry.imports.service import SUFFIXES
from hongzhu_registry.rest import InTransaction
from hongzhu_registry.schools.queries import names_in_sight as school_names
from hongzhu_registry.signed_in import Pages, Reading, see_other, show
from hongzhu_registry.workbooks import limits

router = Pages()

RECENT = 20
MOST_NAMES, MOST_ROWS = 20, 200
"""So many children are named, and rows shown, on a page; the workbook of refused rows has all."""


@router.get("/imports")
def list_imports(request: Request, session: InTransaction, reader: Reading) -> HTMLResponse:
    """Ask for workbooks, and list what was handed in lately."""
    reader.must_be("bureau")
    return _list(request, session, reader)


@router.post("/imports")
def hand_in(
    request: Request,
    session: InTransaction,
    reader: Reading,
    later: BackgroundTasks,
    files: Annotated[list[UploadFile] | None, File()] = None,
) -> Response:
    """Take the workbooks among the files; they are read and stored after the answer, which leads to their progress."""
    reader.must_be("bureau")
    try:
        read, skipped = _read(files or [])
    except InvalidError as error:
        return _list(request, session, reader, error)
    first, others = read[0][0], len(read) - 1
    name = _("{file} and {count} more", file=first, count=others) if others else first
    job = jobs.hand_in(session, reader, name[-limits.FILE_NAME :])
    later.add_task(jobs.work_off, job.id, reader, read)
    answer = see_other(f"/imports/{job.id}", **({"skipped": skipped} if skipped else {}))
    answer.background = later
    return answer


@router.get("/imports/{job_id}")
def show_import(
    request: Request, session: InTransaction, reader: Reading, job_id: str, skipped: int = 0
) -> HTMLResponse:
    """Show how far a hand-in is, and what it came to; the page asks again by itself as long as it runs."""
    reader.must_be("bureau")
    job = jobs.show(session, reader, job_id)
    result = job["result"] or {}
    rosters = result.get("rosters", {})
    ids = {child_id for each in rosters.values() for child_id in _named(each)}
    return show(
        request,
        "import.html",
        job=job,
        result=result,
        counts=_counts(result),
        refused=_refused(result),
        schools=school_names(session, reader) if rosters else {},
        children=names_in_sight(session, reader, sorted(ids)),
        field_names=_field_names(),
        skipped=skipped,
        most_names=MOST_NAMES,
        most_rows=MOST_ROWS,
    )


@router.get("/imports/{job_id}/errors.xlsx")
def give_errors(session: InTransaction, reader: Reading, job_id: str) -> Response:
    """Give what was refused as a workbook, to send back to the school."""
    reader.must_be("bureau")
    shown = jobs.show(session, reader, job_id)
    headers = {"Content-Disposition": 'attachment; filename="errors.xlsx"', "Cache-Control": "no-store"}
    return Response(jobs.errors_workbook(shown["result"]), media_type=XLSX, headers=headers)


def _list(request: Request, session: Session, reader: Principal, error: InvalidError | None = None) -> HTMLResponse:
    recent = jobs.recent(session, reader, RECENT)
    return show(
        request,
        "imports.html",
        status=error.status if error else 200,
        recent=recent,
        error=error,
        suffixes=",".join(SUFFIXES),
    )


def _read(files: Sequence[UploadFile]) -> tuple[list[tuple[str, bytes]], int]:
    """Read the workbooks, and count the files that are none; hidden files and Excel's lock files are nobody's."""
    # A browser that hands in a folder names each file with its way there; an empty choice is a file without a name.
    ways = [(PurePosixPath((each.filename or "").replace("\\", "/")), each) for each in files]
    named = [(str(way), each) for way, each in ways if way.name and not way.name.startswith((".", "~$"))]
    workbooks = [(name, each) for name, each in named if name.lower().endswith(SUFFIXES)]
    if not workbooks:
        raise InvalidError("There is no workbook here: nothing was taken in.", field="files")
    read: list[tuple[str, bytes]] = []
    left = limits.HAND_IN_BYTES
    for name, each in workbooks:
        content = each.file.read(min(left, limits.FILE_BYTES) + 1)
        if len(content) > limits.FILE_BYTES:
            raise InvalidError("The file is larger than {most} MB.", most=limits.FILE_BYTES // 2**20, field="files")
        left -= len(content)
        if left < 0:
            most = limits.HAND_IN_BYTES // 2**20
            raise InvalidError("These are more than {most} MB; hand them in in parts.", most=most, field="files")
        read.append((name[-limits.FILE_NAME :], content))
    return read, len(named) - len(workbooks)


def _refused(result: Mapping[str, Any]) -> list[dict[str, Any]]:
    """List what is not stored: whole workbooks first, which have no row, then rows."""
    nowhere = {"sheet": "", "row": None, "column": ""}
    return [nowhere | each for each in (*result.get("unreadable", []), *result.get("rejected", []))]


def _counts(result: Mapping[str, Any]) -> list[tuple[str, list[int]]]:
    """Tell for each kind of row how many were accepted, changed and unchanged, and how many are of another school's child."""
    columns = [result.get(name, {}) for name in ("accepted", "changed", "unchanged", "elsewhere")]
    kinds = sorted({kind for counts in columns for kind, count in counts.items() if count}, key=kind_of_rows)
    return [(kind_of_rows(kind), [counts.get(kind, 0) for counts in columns]) for kind in kinds]


def _named(roster: Mapping[str, Any]) -> set[str]:
    return {*roster["came"][:MOST_NAMES], *roster["left"][:MOST_NAMES], *list(roster["changed"])[:MOST_NAMES]}


def _field_names() -> dict[str, str]:
    """Name what a roster may change of a child and its family."""
    of_relatives = words.of_relatives()
    pairings = {
        "proxy_parent": _("Proxy parent"),
        "love_parent": _("Love parent"),
        "mentor": _("Mentor teacher"),
        "peer": _("Peer"),
    }
    return (
        words.fields()
        | pairings
        | {
            f"{role}.{column}": _("{relative}: {field}", relative=relative, field=field)
            for role, relative in words.relatives().items()
            for column, field in of_relatives.items()
        }
    )
