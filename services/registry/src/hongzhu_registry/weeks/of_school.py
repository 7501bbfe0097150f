"""What a school as a whole is owed, as its coordinator's page shows it: the roster gone through, and activities with who came."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hongzhu.programme import Programme
from hongzhu_registry.activities.models import Activity, Attendance
from hongzhu_registry.activities.service import is_held
from hongzhu_registry.children.models import Child
from hongzhu_registry.database import everything
from hongzhu_registry.evidence.models import Evidence
from hongzhu_registry.tasks.models import Task
from hongzhu_registry.tasks.queries import DONE, state_on
from hongzhu_registry.weeks.need import WAITING, Need, Owed, SchoolTask


def asked_of_school(running: Iterable[Programme]) -> list[Programme]:
    """Choose the programmes that a coordinator does for the whole school."""
    return [
        each
        for each in running
        if each.subject == "school"
        and each.assignee == "school_coordinator"
        and (each.form is not None or is_held(each))
    ]


def needs_of_school(session: Session, school_id: str, asked: Iterable[Programme], day: date) -> list[Need]:
    """Read what a school as a whole is owed on `day` of what is asked of it, each programme once."""
    programmes = {(each.code, each.resolved_by): each for each in asked}
    if not programmes:
        return []
    with everything(session):  # a school's own tasks are no child's, and a teacher's session sees only her children's
        tasks = _tasks(session, school_id, [code for code, _ in programmes], day)
        pupils = session.execute(_pupils(school_id)).mappings().all()
        lists = _lists(session, school_id, [each.resolved_by for each in programmes.values() if is_held(each)])
    needs = []
    for key, task in tasks.items():
        if key in programmes:
            need = Need(programmes[key], of_school=task)
            needs.append(replace(need, children=_children(need.way, task, pupils, lists[need.programme.resolved_by])))
    return needs


@dataclass
class _List:
    """Who came to a school's activities of one kind, each on which days, and who was on a list and stayed away."""

    came: defaultdict[str, list[date]] = field(default_factory=lambda: defaultdict(list))
    absent: defaultdict[str, list[date]] = field(default_factory=lambda: defaultdict(list))


def _children(way: str, task: SchoolTask, pupils: Sequence[Any], known: _List) -> list[Owed]:
    if way == "school":
        return []
    children = []
    for pupil in pupils:
        state, done_on = task.state, task.done_on
        if way == "held":
            came = min((each for each in known.came[pupil["child_id"]] if each >= task.opens_on), default=None)
            missed = any(each >= task.opens_on for each in known.absent[pupil["child_id"]])
            if came is not None:
                state, done_on = "done", came
            elif task.state in DONE:
                # It was held without this child, who is still owed it; of whom no list tells, nothing is known.
                if not missed:
                    continue
                state, done_on = "due", None
        children.append(Owed(**pupil, state=state, opens_on=task.opens_on, due_on=task.due_on, done_on=done_on))
    return children


def _tasks(session: Session, school_id: str, programmes: Sequence[str], day: date) -> dict[tuple[str, str], SchoolTask]:
    """Choose for each programme and kind of evidence the oldest task that waits, else the one that was done last."""
    state = state_on(day)
    statement = (
        select(Task.programme, Task.evidence_kind, state, Task.opens_on, Task.due_on, Task.done_on)
        .where(
            Task.subject_id == school_id,
            Task.programme.in_(programmes),
            Task.opens_on <= day,
            (Task.due_on >= day) | (state == "overdue"),
        )
        .order_by(Task.programme, Task.opens_on)
    )
    found: dict[tuple[str, str], SchoolTask] = {}
    for programme, kind, *row in session.execute(statement):
        task = SchoolTask(*row)
        before = found.get((programme, kind))
        if task.state in WAITING + DONE and (before is None or before.state not in WAITING):
            found[programme, kind] = task
    return found


def _pupils(school_id: str) -> Any:
    child_id, first = Child.id.label("child_id"), Child.in_poverty.is_(True).label("first")
    columns = child_id, Child.name, Child.grade, Child.class_name, first
    return select(*columns).where(Child.school_id == school_id, Child.left_on.is_(None)).order_by(Child.id)


def _lists(session: Session, school_id: str, kinds: Sequence[str]) -> defaultdict[str, _List]:
    lists: defaultdict[str, _List] = defaultdict(_List)
    if not kinds:
        return lists
    of_school = (Child.school_id == school_id, Child.left_on.is_(None))
    came = select(Evidence.kind, Evidence.subject_id, Evidence.done_on).join(Child, Child.id == Evidence.subject_id)
    for kind, child_id, day in session.execute(came.where(*of_school, Evidence.kind.in_(kinds))):
        if day is not None:
            lists[kind].came[child_id].append(day)
    stayed = (
        select(Activity.kind, Attendance.child_id, func.max(Activity.held_on))
        .join(Activity, Activity.id == Attendance.activity_id)
        .join(Child, Child.id == Attendance.child_id)
        .where(*of_school, Activity.kind.in_(kinds), Attendance.attended.is_(False), Activity.withdrawn_on.is_(None))
        .group_by(Activity.kind, Attendance.child_id)
    )
    for kind, child_id, day in session.execute(stayed):
        lists[kind].absent[child_id].append(day)
    return lists
