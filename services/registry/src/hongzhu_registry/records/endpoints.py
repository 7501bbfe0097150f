"""``/records``."""

from datetime import date
from functools import partial
from typing import Annotated, Any

from fastapi import Header, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from hongzhu.errors import MissingError
from hongzhu_registry.access.policy import Principal
from hongzhu_registry.access.sight import in_sight
from hongzhu_registry.answers.once import OnlyOnce
from hongzhu_registry.database import UNSHOWN
from hongzhu_registry.evidence.models import Evidence
from hongzhu_registry.evidence.service import Because
from hongzhu_registry.records import service
from hongzhu_registry.records.models import Record
from hongzhu_registry.rest import Asking, InTransaction, Paging, Router, etag, must_match

router = Router(prefix="/records", tags=["records"])


_COLUMNS = [column for column in Record.__table__.columns if column.name not in UNSHOWN]


class Correction(BaseModel):
    """What is corrected of a record: its day, what its form says, or both; and why."""

    model_config = ConfigDict(extra="forbid")

    occurred_on: date | None = None
    data: dict[str, Any] | None = None
    reason: str | None = Field(None, min_length=1, max_length=500)


class NewRecord(BaseModel):
    """What was done for some children of one school, or for a school; by name, or as those whose tasks it answers."""

    model_config = ConfigDict(extra="forbid")

    kind: str = Field(max_length=30)
    occurred_on: date
    data: dict[str, Any] = {}
    child_ids: list[str] = Field(default=[], max_length=1000)
    school_id: str | None = None
    task_ids: list[str] = Field(default=[], max_length=1000)


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
    principal.must_be("bureau", "school", "teacher", "agency")

    def act() -> dict[str, Any]:
        filed = service.file(session, principal, **record.model_dump())
        return {"id": filed.id, "kind": filed.kind, "school_id": filed.school_id, "occurred_on": filed.occurred_on}

    return once(act, record)


@router.get("/{record_id}")
def show_record(session: InTransaction, principal: Asking, response: Response, record_id: str) -> dict[str, Any]:
    """Show one record."""
    return _shown(session, principal, response, record_id)


@router.patch("/{record_id}")
def correct_record(
    record_id: str,
    correction: Correction,
    response: Response,
    *,
    session: InTransaction,
    principal: Asking,
    if_match: Annotated[str | None, Header()] = None,
) -> dict[str, Any]:
    """Correct the day of a record, or what its form says: whoever filed it, the school's coordinator, or the bureau."""
    principal.must_be("bureau", "school", "teacher", "agency")
    expect = partial(must_match, if_match)
    service.correct(session, principal, record_id, expect, **correction.model_dump())
    return _shown(session, principal, response, record_id)


@router.post("/{record_id}/withdraw", status_code=201)
def withdraw_record(
    session: InTransaction, principal: Asking, once: OnlyOnce, response: Response, record_id: str, because: Because
) -> Any:
    """Take a record back: the tasks that it resolved stand as other evidence has them."""
    principal.must_be("bureau", "school", "teacher", "agency")

    def act() -> dict[str, Any]:
        service.withdraw(session, principal, record_id, because.reason)
        return _shown(session, principal, response, record_id)

    return once(act, because)


def _shown(session: Session, principal: Principal, response: Response, record_id: str) -> dict[str, Any]:
    found = session.execute(service.seen(principal, *_COLUMNS).where(Record.id == record_id)).mappings().first()
    if found is None:
        raise MissingError
    response.headers["ETag"] = etag(found["version"])
    return dict(found)
