"""What the rows behind a figure are called, and where each is opened."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from hongzhu.i18n import _
from hongzhu_registry.access.policy import Principal
from hongzhu_registry.activities.models import Activity
from hongzhu_registry.agencies.queries import names_of_all as agency_names
from hongzhu_registry.children.queries import names_in_sight
from hongzhu_registry.enrolments.models import Enrolment
from hongzhu_registry.facilities.models import Facility
from hongzhu_registry.leadership.models import Leader
from hongzhu_registry.pairings.models import Pairing
from hongzhu_registry.programmes.queries import names_of_kinds
from hongzhu_registry.records.models import Record
from hongzhu_registry.referrals.models import Referral
from hongzhu_registry.schools.queries import names as school_names
from hongzhu_registry.subsidies.models import Subsidy
from hongzhu_registry.supporters.models import Supporter
from hongzhu_registry.tasks.models import Task

NAMED: Mapping[str, tuple[Any, Any]] = {
    "activities": (Activity, Activity.name),
    "facilities": (Facility, Facility.name),
    "supporters": (Supporter, Supporter.name),
    "leaders": (Leader, Leader.name + " · " + Leader.duty),
}
OF_A_CHILD: Mapping[str, Any] = {
    "pairings": Pairing,
    "referrals": Referral,
    "enrolments": Enrolment,
    "subsidies": Subsidy,
}


class Called(NamedTuple):
    """What a row is called, and the page that opens it, where there is one."""

    text: str
    page: str | None = None


def called(session: Session, reader: Principal, kind: str, ids: Sequence[str]) -> Mapping[str, Called]:
    """Name rows of a kind (`hongzhu.figures.Rows`) by their ids; those that have no name are not there."""
    if kind in NAMED:
        return {row: Called(name) for row, name in _read(session, *NAMED[kind], ids)}
    if kind in OF_A_CHILD:
        found = _read(session, OF_A_CHILD[kind], OF_A_CHILD[kind].child_id, ids)
        of = {row: child for row, child in found if child is not None}
        children = called(session, reader, "children", sorted(set(of.values())))
        return {row: children[child] for row, child in of.items()}
    if kind == "records":
        names = names_of_kinds(session)
        return {row: Called(names.get(kind, kind)) for row, kind in _read(session, Record, Record.kind, ids)}
    if kind == "children":
        seen = names_in_sight(session, reader, ids)
        return {each: Called(seen.get(each) or _("No name is shown"), f"/children/{each}") for each in ids}
    if kind == "schools":
        schools = school_names(session)
        return {each: Called(schools[each], f"/children?school_id={each}") for each in ids if each in schools}
    if kind == "tasks":
        return _of_whom(session, reader, _read(session, Task, Task.subject_id, ids))
    return {}


def _of_whom(session: Session, reader: Principal, tasks: Sequence[Any]) -> Mapping[str, Called]:
    """Name tasks by the child, the school or the agency that each is for."""
    whom = school_names(session) | agency_names(session)
    whom |= names_in_sight(session, reader, [subject for _task, subject in tasks])
    return {task: Called(whom.get(subject) or _("No name is shown"), f"/tasks/{task}") for task, subject in tasks}


def _read(session: Session, of: Any, column: Any, ids: Sequence[str]) -> Sequence[Any]:
    return session.execute(select(of.id, column).where(of.id.in_(ids))).all()
