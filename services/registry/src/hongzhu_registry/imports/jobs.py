"""Hand-ins through the API and the page: kept with their progress, and worked off after the answer has gone out."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from hongzhu.clock import now
from hongzhu.errors import MissingError
from hongzhu.i18n import _
from hongzhu_registry.access.policy import Principal
from hongzhu_registry.access.sight import in_sight
from hongzhu_registry.database import database
from hongzhu_registry.exports import xlsx
from hongzhu_registry.imports.models import Import
from hongzhu_registry.imports.service import take_in


def hand_in(session: Session, principal: Principal, file: str) -> Import:
    """Note that a file was handed in."""
    job = Import(account_id=principal.account_id, file=file, status="running", started_at=now())
    session.add(job)
    session.flush()
    return job


def work_off(job_id: str, principal: Principal, files: Sequence[tuple[str, bytes]]) -> None:
    """Import the files that were handed in, telling how far it is; a failure leaves a job that says so."""
    try:
        result = take_in(files, lambda _name, done, of: _tell(job_id, done=done, of=of), principal)
    except Exception:
        _tell(job_id, status="failed")
        raise
    _tell(job_id, status="done", result=result.as_json() | {"exit_status": result.exit_status})


def show(session: Session, principal: Principal, job_id: str) -> dict[str, Any]:
    """Return a hand-in in sight."""
    job = session.scalar(select(Import).where(Import.id == job_id, in_sight("import", principal)))
    if job is None:
        raise MissingError
    return {name: getattr(job, name) for name in ("id", "file", "status", "done", "of", "result", "started_at")}


def recent(session: Session, principal: Principal, most: int) -> Sequence[Import]:
    """Return the latest hand-ins in sight."""
    statement = select(Import).where(in_sight("import", principal)).order_by(Import.started_at.desc(), Import.id)
    return session.scalars(statement.limit(most)).all()


def errors_workbook(result: dict[str, Any] | None) -> bytes:
    """Write what was refused, where and how to mend it, as a workbook to send back to the school."""
    columns = {
        "file": _("Workbook"),
        "sheet": _("Sheet"),
        "row": _("Row"),
        "column": _("Column"),
        "reason": _("Reason"),
        "mend": _("What to do"),
    }
    found = [*(result or {}).get("rejected", []), *(result or {}).get("unreadable", [])]
    rows = [[each.get(name) for name in columns] for each in found]
    return xlsx({_("rejected"): [list(columns.values()), *rows]})


def _tell(job_id: str, **values: Any) -> None:
    with database.transaction() as session:
        session.execute(update(Import).where(Import.id == job_id).values(**values))
