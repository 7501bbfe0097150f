"""Whose tasks are whose: what `notices.service.recipients` says of some subjects, as a condition of a list."""

from sqlalchemy import ColumnElement, and_, false, or_, select
from sqlalchemy.orm import Session, aliased

from hongzhu_registry.access.sight import teaches
from hongzhu_registry.children.models import Child
from hongzhu_registry.database import everything
from hongzhu_registry.programmes.queries import definitions
from hongzhu_registry.supporters.models import Supporter
from hongzhu_registry.tasks.models import Task


def assigned_to(session: Session, supporter_id: str) -> ColumnElement[bool]:
    """Say which tasks a supporter is told of: a class teacher of her class, a coordinator of what has nobody nearer."""
    with everything(session):  # whose tasks come out is a matter of who asks for the list
        person = session.get(Supporter, supporter_id)
    if person is None or person.duty not in ("class_teacher", "coordinator"):
        return false()
    programmes = definitions(session)
    of_class, of_school = (
        Task.programme.in_([each.code for each in programmes if each.assignee == assignee])
        for assignee in ("class_teacher", "school_coordinator")
    )
    at_school = Task.school_id == person.school_id
    if person.duty == "class_teacher":
        mine = select(Child.id).where(
            Child.school_id == person.school_id, Child.grade == person.grade, Child.class_name == person.class_name
        )
        return and_(at_school, of_class, Task.subject_id.in_(mine))
    teacher = aliased(Supporter)
    taught = select(Child.id).join(teacher, teaches(teacher, Child)).where(Child.school_id == person.school_id)
    return and_(at_school, or_(of_school, and_(of_class, Task.subject_id.not_in(taught))))
