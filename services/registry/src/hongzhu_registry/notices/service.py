"""Who is to be told of a school's tasks, and where they are reached now."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hongzhu.settings import settings
from hongzhu_registry.access.sight import teaches
from hongzhu_registry.children.models import Child
from hongzhu_registry.sealing import key_ring
from hongzhu_registry.supporters.models import Supporter
from hongzhu_registry.weeks.links import link_to_week

BUREAU = "bureau"
"""The bureau as a recipient."""


def recipients(session: Session, school_id: str, assignee: str, subjects: Sequence[str]) -> list[dict[str, Any]]:
    """Say who is told of which subjects: a child's class teacher, else the school's coordinator; empty when there is neither.

    The bureau is one recipient, whatever the school: its officers find what it is told here, and its office in its mail.
    """
    if assignee == BUREAU:
        told = list(dict.fromkeys(subjects))
        link = settings().public_url or settings().registry_url
        return [{"recipient_id": BUREAU, "subjects": told, "email": settings().bureau_email, "link": link}]
    coordinator = session.scalar(
        select(Supporter.id)
        .where(Supporter.school_id == school_id, Supporter.duty == "coordinator")
        .order_by(Supporter.id)
        .limit(1)
    )
    by_recipient: defaultdict[str, list[str]] = defaultdict(list)
    teachers = _class_teachers(session, school_id, subjects) if assignee == "class_teacher" else {}
    for subject in dict.fromkeys(subjects):
        recipient = teachers.get(subject) or coordinator
        if recipient:
            by_recipient[recipient].append(subject)
    emails = _emails(session, list(by_recipient))
    return [
        {"recipient_id": each, "subjects": told, "email": emails.get(each), "link": link_to_week(each)}
        for each, told in by_recipient.items()
    ]


def _class_teachers(session: Session, school_id: str, children: Sequence[str]) -> dict[str, str]:
    statement = select(Child.id, Supporter.id.label("teacher")).join(Supporter, teaches(Supporter, Child))
    rows = session.execute(
        statement.where(Child.school_id == school_id, Child.id.in_(children)).order_by(Supporter.id.desc())
    )
    return {row.id: row.teacher for row in rows}


def _emails(session: Session, supporters: Sequence[str]) -> dict[str, str | None]:
    rows = session.execute(select(Supporter.id, Supporter.email).where(Supporter.id.in_(supporters)))
    return {each: key_ring().open(sealed, "supporter", "email", each) for each, sealed in rows}
