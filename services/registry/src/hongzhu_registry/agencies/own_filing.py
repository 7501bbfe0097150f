"""What an agency files by hand: a record for the children it is owed to, school by school, or an activity that it held."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hongzhu.clock import today
from hongzhu.errors import InvalidError
from hongzhu.i18n import _
from hongzhu.programme import Programme
from hongzhu_registry.access.policy import Principal
from hongzhu_registry.activities import service as activities
from hongzhu_registry.activities.models import Activity
from hongzhu_registry.agencies.own_work import owed_to, way_of
from hongzhu_registry.children.queries import names_in_sight as child_names
from hongzhu_registry.children.queries import schools_in_sight
from hongzhu_registry.database import everything
from hongzhu_registry.facilities.models import Facility
from hongzhu_registry.records import service as records
from hongzhu_registry.records.models import Record
from hongzhu_registry.schools.queries import names_in_sight
from hongzhu_registry.tasks.models import Task
from hongzhu_registry.tasks.queries import keep_apart, state_on
from hongzhu_registry.weeks import drafts
from hongzhu_registry.weeks.drafts import Draft, draft_of
from hongzhu_registry.weeks.forms import Choice, Field, fields_of
from hongzhu_registry.weeks.need import Need, Owed, SchoolTask

MOST = 1_000_000
"""Of people, brochures and gifts: more than the county has."""


@dataclass(frozen=True)
class Form:
    """A form as an agency fills it in: to whom it is owed, and what it asks."""

    need: Need
    fields: Sequence[Field]


def form_of(session: Session, reader: Principal, asked: Need) -> Form:
    """Make the form of one of an agency's programmes, for those to whom it is owed today."""
    programme = asked.programme
    schools = names_in_sight(session, reader)
    owed = owed_to(session, reader, programme)
    opens_on, due_on = _window(session, reader, programme)
    state = "due" if owed else "done"
    if way_of(programme) == "children":
        subjects = [each for ids in owed.values() for each in ids]
        names = child_names(session, reader, subjects)
        # By school, where a teacher's children are by class.
        children = [
            Owed(
                each,
                names.get(each) or _("No name is shown"),
                None,
                schools.get(school_id),
                False,
                state,
                opens_on,
                due_on,
                None,
            )
            for school_id, ids in owed.items()
            for each in ids
        ]
        return Form(replace(asked, children=children), fields_of(programme.form or {}))
    task = SchoolTask(state, opens_on, due_on, None)
    return Form(replace(asked, of_school=task), _asked(session, programme, owed, schools))


def _asked(
    session: Session, programme: Programme, owed: Mapping[str, list[str]], schools: Mapping[str, str]
) -> list[Field]:
    place = Field("place", _("Place (optional)"), longest=100)
    asked = []
    if programme.subject == "school":
        to_do = tuple(Choice(each, schools.get(each, each)) for each in owed)
        asked.append(Field("school_id", _("School"), "choice", required=True, choices=to_do))
    elif programme.subject == "facility":
        subjects = [each for ids in owed.values() for each in ids]
        rows = session.scalars(select(Facility.name).where(Facility.id.in_(subjects)).order_by(Facility.name))
        place = Field("place", _("Place"), "choice", required=True, choices=tuple(Choice(each, each) for each in rows))
    numbers = {"attendance": _("How many came"), "brochures": _("Brochures given out"), "gifts": _("Gifts given")}
    counted = [Field(name, title, "number", least=0, most=MOST) for name, title in numbers.items()]
    return [*asked, place, *counted, Field("note", _("Remarks (optional)"), longest=200)]


def file(
    session: Session, reader: Principal, asked: Need, sent: Mapping[str, Sequence[str]]
) -> tuple[Form, Draft, int]:
    """File a form once; returns what it was filed for, and for how many."""
    keep_apart(session, sent.get(drafts.CHILDREN, ()), evidence=True)
    form = form_of(session, reader, asked)
    draft = draft_of(sent, form.fields)
    if _filed(session, draft, reader):
        return form, draft, len(draft.ticked) or 1
    children = drafts.read_children(draft, form.need) if form.need.of_school is None else []
    day = drafts.read_day(draft, children)
    data = drafts.read_data(draft, form.fields)
    if day and draft.right:
        try:
            with session.begin_nested():
                _keep(session, reader, form, draft, children, day, data)
        except InvalidError as error:
            draft.refuse(error)
    return form, draft, len(children) or 1


def _filed(session: Session, draft: Draft, reader: Principal) -> bool:
    with everything(session):
        row_id = draft.record_id(reader.account_id)
        return session.get(Activity, row_id) is not None or session.get(Record, row_id) is not None


def _keep(
    session: Session,
    reader: Principal,
    form: Form,
    draft: Draft,
    children: Sequence[Owed],
    day: date,
    data: Mapping[str, Any],
) -> None:
    programme, row_id = form.need.programme, draft.record_id(reader.account_id)
    if form.need.of_school is not None:
        said = {"kind": programme.resolved_by, "name": programme.name.zh, "held_on": day, "organisation": reader.agency}
        activities.hold(session, reader, Activity(id=row_id, planned=False, **said, **data))
        return
    # Of the school that a child is at now, whichever it was when the task fell due.
    schools = schools_in_sight(session, reader, [each.child_id for each in children])
    by_school: dict[str | None, list[str]] = {}
    for each in children:
        by_school.setdefault(schools.get(each.child_id), []).append(each.child_id)
    for ids in by_school.values():
        records.file(
            session, reader, kind=programme.resolved_by, occurred_on=day, data=data, child_ids=ids, record_id=row_id
        )
        row_id = draft.record_id(
            row_id
        )  # a record is of one school; each further one has an id that follows from the first


def _window(session: Session, reader: Principal, programme: Programme) -> tuple[date, date]:
    """Return since when a programme's open tasks count, and until when the most pressing of them should be done."""
    state = state_on(today())
    of_kind = Task.programme == programme.code, Task.evidence_kind == programme.resolved_by
    mine = (*of_kind, Task.agency == reader.agency, Task.opens_on <= today())
    rows = session.execute(select(Task.opens_on, Task.due_on).where(*mine, state.in_(("due", "overdue")))).all()
    days = [row.due_on for row in rows if row.due_on >= today()] or [row.due_on for row in rows]
    return min((row.opens_on for row in rows), default=today()), min(days, default=today())
