"""``/recipients`` for the notifier, ``/notices`` for people."""

from typing import Any, Literal

from pydantic import BaseModel, Field
from sqlalchemy import select

from hongzhu_registry.access.sight import in_sight
from hongzhu_registry.database import everything
from hongzhu_registry.notices import service
from hongzhu_registry.notices.models import Notice
from hongzhu_registry.rest import Asking, InTransaction, Paging, Router

router = Router(tags=["notices"])


class Question(BaseModel):
    """Subjects of one school, or for the bureau of any, of whose tasks somebody is to be told."""

    school_id: str
    assignee: Literal["class_teacher", "school_coordinator", "bureau"]
    subjects: list[str] = Field(max_length=10_000)


@router.post("/recipients")
def find_recipients(session: InTransaction, principal: Asking, question: Question) -> dict[str, Any]:
    """Say who is told of which subjects and where they are reached at this moment (notifier)."""
    principal.must_be("notifier")
    with everything(session):
        return {"items": service.recipients(session, question.school_id, question.assignee, question.subjects)}


@router.get("/notices")
def list_notices(
    session: InTransaction, principal: Asking, page: Paging, recipient_id: str | None = None
) -> dict[str, Any]:
    """List the notices in sight: the bureau's all, a school's those of its own people."""
    statement = select(*Notice.__table__.columns).where(in_sight("notice", principal))
    if recipient_id is not None:
        statement = statement.where(Notice.recipient_id == recipient_id)
    return page.of(session, statement, Notice.__table__.c.id)
