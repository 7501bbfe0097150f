"""``/imports``: workbooks handed in through the API."""

import hashlib
from typing import Any

from fastapi import BackgroundTasks, UploadFile
from fastapi.responses import Response

from hongzhu.errors import InvalidError
from hongzhu_registry.answers.once import OnlyOnce
from hongzhu_registry.exports import AS_XLSX, XLSX
from hongzhu_registry.imports import jobs
from hongzhu_registry.rest import Asking, InTransaction, Router
from hongzhu_registry.workbooks import limits

router = Router(prefix="/imports", tags=["imports"])


@router.post("", status_code=202)
def hand_in(session: InTransaction, principal: Asking, once: OnlyOnce, later: BackgroundTasks, file: UploadFile) -> Any:
    """Hand in a workbook (bureau); it is read and stored after the answer, which tells where to ask how far it is."""
    principal.must_be("bureau")
    content = file.file.read(limits.FILE_BYTES + 1)
    if len(content) > limits.FILE_BYTES:
        raise InvalidError("The file is larger than {most} MB.", most=limits.FILE_BYTES // 2**20, field="file")
    name = (file.filename or "workbook.xlsx")[-limits.FILE_NAME :]

    def act() -> dict[str, Any]:
        job = jobs.hand_in(session, principal, name)
        later.add_task(jobs.work_off, job.id, principal, [(name, content)])
        return {"id": job.id, "status": job.status}

    answer = once(act, [name, hashlib.sha256(content).hexdigest()], status=202)
    answer.background = later
    return answer


@router.get("/{job_id}")
def show_import(session: InTransaction, principal: Asking, job_id: str) -> dict[str, Any]:
    """Tell how far a hand-in is, and what it came to."""
    principal.must_be("bureau")
    return jobs.show(session, principal, job_id)


@router.get("/{job_id}/errors", responses=AS_XLSX)
def show_errors(session: InTransaction, principal: Asking, job_id: str) -> Response:
    """Give what was refused as a workbook, to send back to the school."""
    principal.must_be("bureau")
    shown = jobs.show(session, principal, job_id)
    headers = {"Content-Disposition": 'attachment; filename="errors.xlsx"'}
    return Response(jobs.errors_workbook(shown["result"]), media_type=XLSX, headers=headers)
