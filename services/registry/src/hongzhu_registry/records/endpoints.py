"""``/records``."""

from datetime import date
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select

from hongzhu_registry.access.sight import in_sight
from hongzhu_registry.database import UNSHOWN
from hongzhu_registry.evidence.models import Evidence
from hongzhu_registry.records import service
from hongzhu_registry.records.models import Record
from hongzhu_registry.rest import Asking, InTransaction, OnlyOnce, Paging, Router

router = Router(prefix="/records", tags=["records"])


_COLUMNS = [column for column in Record.__table__.columns if column.name not in UNSHOWN]


class NewRecord(BaseModel):
    """What was done for some children of one school, or for a school."""

    model_config = ConfigDict(extra="forbid")

    kind: str = Field(max_length=30)
    occurred_on: date
    data: dict[str, Any] = {}
    child_ids: list[str] = Field(default=[], max_length=1000)
    school_id: str | None = None


@router.get("")
def list_records(
    session: InTransaction,
    principal: Asking,
    page: Paging,
    kind: str | None = None,
    school_id: str | None = None,
    child_id: str | None = None,
) -> dict[str, Any]:
    """List the records in sight."""
    statement = select(*_COLUMNS).where(in_sight("record", principal))
    if kind is not None:
        statement = statement.where(Record.kind == kind)
    if school_id is not None:
        statement = statement.where(Record.school_id == school_id)
    if child_id is not None:
        statement = statement.where(Record.id.in_(select(Evidence.id).where(Evidence.subject_id == child_id)))
    return page.of(session, statement, Record.__table__.c.id)


@router.post("", status_code=201)
def file_record(session: InTransaction, principal: Asking, once: OnlyOnce, record: NewRecord) -> Any:
    """File a record; it resolves the tasks its children have open for it."""
    principal.must_be("bureau", "school", "teacher")

    def act() -> dict[str, Any]:
        filed = service.file(session, principal, **record.model_dump())
        return {"id": filed.id, "kind": filed.kind, "school_id": filed.school_id, "occurred_on": filed.occurred_on}

    return once(act, record)
