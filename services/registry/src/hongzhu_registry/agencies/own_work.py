"""What an agency sees of its own work: its programmes, the kinds of its helpers, and what was passed on to it."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from hongzhu.clock import today
from hongzhu.programme import Programme
from hongzhu_registry.access.policy import Principal
from hongzhu_registry.access.sight import in_sight
from hongzhu_registry.activities.service import is_held
from hongzhu_registry.children.queries import names_in_sight as child_names
from hongzhu_registry.programmes import queries as catalogue
from hongzhu_registry.programmes.models import ProgrammeVersion
from hongzhu_registry.referrals.models import Referral
from hongzhu_registry.referrals.steps import STEPS, possible, state_of
from hongzhu_registry.supporters import queries as supporters
from hongzhu_registry.supporters.models import Supporter
from hongzhu_registry.tasks.models import Task
from hongzhu_registry.tasks.queries import state_on

MOST = 200
"""Rows of a list on the page: what is newest."""


def programmes(session: Session, agency: str) -> list[tuple[Programme, str]]:
    """Read an agency's programmes with how each stands; of one that runs, its new version stands beside it."""
    of_agency = (ProgrammeVersion.agency == agency, catalogue.counts(today()))
    statement = select(ProgrammeVersion.definition, ProgrammeVersion.status).where(*of_agency)
    found = session.execute(statement.order_by(ProgrammeVersion.code, ProgrammeVersion.version))
    return [(Programme.model_validate(definition), status) for definition, status in found]


def former(session: Session, agency: str) -> list[Programme]:
    """Read what former versions of an agency's running programmes asked for otherwise, and the agency records by hand."""
    return [each for each in catalogue.former(session, catalogue.definitions(session, agency)) if way_of(each)]


def way_of(programme: Programme) -> str | None:
    """Say how an agency records by hand that it did something: by a record for children, or an activity; else not by hand."""
    if programme.assignee != "agency":
        return None
    if programme.form is not None:
        return "children" if programme.subject == "child" else None
    return "held" if is_held(programme) else None


def to_vet(session: Session, reader: Principal) -> int:
    """Count the helpers that nobody has looked at yet."""
    applied = supporters.visible(reader).where(supporters.STATUS == "applied")
    return session.scalar(select(func.count()).select_from(applied.subquery())) or 0


def kinds_of_helpers(session: Session, reader: Principal) -> dict[str, str]:
    """Name the kinds of helpers that an agency has, or that its programmes tie to somebody, as its programmes are called."""
    promised = [each for each, _status in programmes(session, str(reader.agency))]
    names = {each.resolved_by: str(each.name) for each in promised}
    tied = {each.resolved_by for each in promised if _ties(each)}
    there = session.scalars(supporters.visible(reader).with_only_columns(Supporter.kind).distinct())
    return {kind: names.get(kind, kind) for kind in sorted(tied.union(there))}


def referrals(session: Session, reader: Principal) -> list[Mapping[str, Any]]:
    """Read what was passed on to an agency: what waits first, with the steps that can be taken and until when."""
    columns = [each for each in Referral.__table__.columns if each.name not in ("reason", "identity", "content_hash")]
    statement = select(Referral).where(in_sight("referral", reader)).order_by(Referral.referred_on.desc(), Referral.id)
    rows = session.scalars(statement.limit(MOST)).all()
    waits = {row.child_id for row in rows if state_of(row) in ("offered", "accepted")}
    due = _due_by_child(session, reader, waits)
    names = child_names(session, reader, [row.child_id for row in rows])
    found = []
    for row in rows:
        state = state_of(row)
        steps = [name for name in possible(state) if "agency" in STEPS[name].by]
        said: dict[str, Any] = {each.name: getattr(row, each.name) for each in columns}
        said |= {"state": state, "steps": steps, "child": names.get(row.child_id), "due_on": None, "overdue": False}
        if steps:
            said["due_on"], said["overdue"] = due.get(row.child_id, (None, False))
        found.append(said)
    return sorted(found, key=lambda each: not each["steps"])


def _ties(programme: Programme) -> bool:
    return programme.form is None and programme.subject in ("child", "school") and way_of(programme) is None


def owed_to(session: Session, reader: Principal, programme: Programme) -> dict[str, list[str]]:
    """Name the subjects that a programme is still owed to, by school."""
    state = state_on(today())
    statement = (
        select(Task.school_id, Task.subject_id)
        .where(
            in_sight("task", reader),
            Task.programme == programme.code,
            Task.evidence_kind == programme.resolved_by,
            Task.opens_on <= today(),
            or_(state == "due", state == "overdue"),
        )
        .order_by(Task.school_id, Task.subject_id)
        .distinct()
    )
    found: dict[str, list[str]] = {}
    for school_id, subject_id in session.execute(statement):
        found.setdefault(school_id, []).append(subject_id)
    return found


def _due_by_child(session: Session, reader: Principal, child_ids: set[str]) -> dict[str, tuple[Any, bool]]:
    state = state_on(today())
    statement = select(Task.subject_id, Task.due_on, state).where(
        in_sight("task", reader),
        Task.subject_id.in_(child_ids),
        Task.period.startswith("event:"),
        Task.opens_on <= today(),
        or_(state == "due", state == "overdue"),
    )
    rows = session.execute(statement.order_by(Task.due_on.desc()))
    return {child_id: (due_on, said == "overdue") for child_id, due_on, said in rows}
