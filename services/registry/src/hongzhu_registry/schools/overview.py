"""What a school sees of its own work: what is owed, by programme, and its classes with their teachers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import case, func, or_, select
from sqlalchemy.orm import Session

from hongzhu.period import monday
from hongzhu_registry.access.policy import Principal
from hongzhu_registry.access.sight import in_sight
from hongzhu_registry.audit.models import AuditEntry
from hongzhu_registry.children.models import Child
from hongzhu_registry.database import everything
from hongzhu_registry.notices.models import Notice
from hongzhu_registry.supporters.models import Supporter
from hongzhu_registry.tasks.models import Task
from hongzhu_registry.tasks.queries import state_on


@dataclass
class Counts:
    """How much of something is due this week, due later, overdue, and done of what is due since Monday."""

    this_week: int = 0
    later: int = 0
    overdue: int = 0
    done: int = 0


@dataclass(frozen=True)
class Teacher:
    """A class teacher, when she was last told, and when she last opened her link."""

    name: str
    told_on: date | None
    opened_at: datetime | None


@dataclass
class ClassOf:
    """A class: its children, its teachers, and what its children are owed."""

    grade: int | None
    class_name: str | None
    children: int
    teachers: list[Teacher] = field(default_factory=list)
    counts: Counts = field(default_factory=Counts)


def by_programme(session: Session, reader: Principal, day: date) -> dict[str, Counts]:
    """Count a reader's tasks by programme, as the pages that they lead to do."""
    return {key[0]: counts for key, counts in _counted(session, reader, day, [Task.programme]).items()}


def classes(session: Session, reader: Principal, day: date) -> list[ClassOf]:
    """Read a school's classes in their order, those of children without a class last."""
    of_class = [Child.grade, Child.class_name]
    here = (in_sight("child", reader), Child.left_on.is_(None))
    counted = select(*of_class, func.count()).where(*here).group_by(*of_class)
    rows: Any = session.execute(counted)
    found = {(grade, name): ClassOf(grade, name, count) for grade, name, count in rows}
    for key, counts in _counted(session, reader, day, of_class, children=True).items():
        if key in found:
            found[key].counts = counts
    for grade, name, teacher in _teachers(session, reader):
        if (grade, name) in found:
            found[grade, name].teachers.append(teacher)
    return sorted(
        found.values(), key=lambda each: (each.grade or 99, len(each.class_name or "9" * 20), each.class_name or "")
    )


def _counted(
    session: Session, reader: Principal, day: date, keys: Sequence[Any], *, children: bool = False
) -> Mapping[tuple[Any, ...], Counts]:
    begins = monday(day)
    state = state_on(day)
    stands = case(
        ((state == "due") & (Task.due_on <= begins + timedelta(days=6)), "this_week"),
        (state == "due", "later"),
        (state == "overdue", "overdue"),
        ((state == "done") & (Task.due_on >= begins), "done"),
    ).label("stands")
    statement = select(*keys, stands, func.count()).where(
        in_sight("task", reader),
        Task.opens_on <= day,
        or_(Task.grace_until.is_(None), Task.grace_until >= begins, Task.due_on >= begins),
    )
    if children:
        statement = statement.join(Child, Child.id == Task.subject_id).where(Child.left_on.is_(None))
    found: dict[tuple[Any, ...], Counts] = {}
    for *key, said, count in session.execute(statement.group_by(*keys, stands)):
        if said is not None:
            setattr(found.setdefault(tuple(key), Counts()), said, count)
    return found


def _teachers(session: Session, reader: Principal) -> list[tuple[int | None, str | None, Teacher]]:
    statement = select(Supporter).where(in_sight("supporter", reader), Supporter.duty == "class_teacher")
    teachers = session.scalars(statement.order_by(Supporter.name)).all()
    ids = [each.id for each in teachers]
    told = select(Notice.recipient_id, func.max(Notice.day)).where(
        Notice.recipient_id.in_(ids), Notice.outcome == "sent"
    )
    opened = select(AuditEntry.account_id, func.max(AuditEntry.at)).where(
        AuditEntry.account_id.in_(ids), AuditEntry.role == "link", AuditEntry.outcome == "done"
    )
    with everything(session):  # a school may know that its teachers were reached, and nothing else of the audit
        told_on = {row[0]: row[1] for row in session.execute(told.group_by(Notice.recipient_id))}
        opened_at = {row[0]: row[1] for row in session.execute(opened.group_by(AuditEntry.account_id))}
    return [
        (each.grade, each.class_name, Teacher(each.name, told_on.get(each.id), opened_at.get(each.id)))
        for each in teachers
    ]
