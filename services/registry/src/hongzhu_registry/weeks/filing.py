"""Filing what a week's form was filled in with: the same for a teacher's link and for a school's own account."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from hongzhu.clock import today
from hongzhu.errors import InvalidError, MissingError
from hongzhu.i18n import _
from hongzhu_registry.access.policy import Principal
from hongzhu_registry.activities import service as activities
from hongzhu_registry.activities.models import Activity
from hongzhu_registry.pages import spoken_date
from hongzhu_registry.photos import service as photos
from hongzhu_registry.records import service as records
from hongzhu_registry.records.models import Record
from hongzhu_registry.tasks.queries import DONE
from hongzhu_registry.weeks import drafts
from hongzhu_registry.weeks.drafts import Draft, draft_of, new_draft
from hongzhu_registry.weeks.forms import Field, fields_of
from hongzhu_registry.weeks.need import Need, Owed
from hongzhu_registry.weeks.queries import Week


@dataclass(frozen=True)
class Filing:
    """What became of a form: a record when its draft is right, and for how many it needed none any more."""

    draft: Draft
    record_id: str
    already: int = 0


def fields(need: Need) -> list[Field]:
    """Name what a form asks beside children and day."""
    if need.way == "held":
        return [Field("place", _("Place (optional)"), longest=100), Field("note", _("Remarks (optional)"), longest=200)]
    return fields_of(need.programme.form or {})


def begin(need: Need, tick: str | None = None) -> Draft:
    """Begin a form, with one class ticked if that was asked for; who came to an activity begins with everybody."""
    everybody = need.way == "held" and need.of_school is not None and need.of_school.state not in DONE
    chosen = (child.child_id for each in need.classes if everybody or each.code == tick for child in each.children)
    return new_draft(today(), frozenset(chosen))


def file(session: Session, by: Principal, week: Week, need: Need, sent: Mapping[str, Sequence[str]]) -> Filing:
    """File a form once: for the children that were ticked and still wait, or for the school; raises `MissingError`."""
    asked = fields(need)
    draft = draft_of(sent, asked)
    record_id = draft.record_id(week.supporter_id)
    if session.get(Record, record_id) is not None or activities.held_at(session, record_id, week.school_id) is not None:
        return Filing(draft, record_id)
    if need in week.finished:
        raise MissingError
    children = _children(draft, need)
    waiting = [each for each in children if each.state not in DONE]
    if need.of_school and not need.is_open and draft.right:
        return Filing(draft, record_id, len(children) or 1)
    if waiting or need.of_school or not draft.right:
        day = _day(draft, need, waiting)
        data = drafts.read_data(draft, asked)
        if day and draft.right:
            try:
                with session.begin_nested():
                    _keep(session, by, week, need, [each.child_id for each in waiting], day, data, record_id)
                    if draft.photo:
                        photos.keep(session, by, record_id, week.school_id, draft.photo)
            except InvalidError as error:
                draft.refuse(error)
    return Filing(draft, record_id, len(children) - len(waiting))


def _children(draft: Draft, need: Need) -> list[Owed]:
    if need.way == "school":
        return []
    children = drafts.read_children(draft, need)
    missing = {each.child_id for each in need.waiting} - set(draft.ticked)
    if need.way == "roster" and missing and draft.right:
        draft.refuse(
            InvalidError(
                "Not ticked: {count}. Let whoever is not at the school any more be taken off the roster first; then "
                "confirm it.",
                count=len(missing),
            )
        )
    return children


def _day(draft: Draft, need: Need, waiting: Sequence[Owed]) -> date | None:
    day = drafts.read_day(draft, waiting)
    if day and need.of_school and not waiting and day < need.of_school.opens_on:
        first = spoken_date(need.of_school.opens_on)
        draft.errors[drafts.DAY] = InvalidError("Only days since {first} count here.", first=first)
    return day


def _keep(
    session: Session,
    by: Principal,
    week: Week,
    need: Need,
    child_ids: list[str],
    day: date,
    data: Mapping[str, Any],
    record_id: str,
) -> None:
    """Keep it at the desk where the API keeps it."""
    kind = need.programme.resolved_by
    if need.way == "held":
        activity = Activity(
            id=record_id,
            kind=kind,
            name=need.programme.name.zh,
            held_on=day,
            school_id=week.school_id,
            planned=False,
            attendance=len(child_ids),
            **data,
        )
        absent = {each.child_id for each in need.waiting} - set(child_ids)
        activities.hold(session, by, activity, came=child_ids, absent=absent)
    else:
        whom: dict[str, Any] = {"child_ids": child_ids} if need.of_school is None else {"school_id": week.school_id}
        records.file(session, by, kind=kind, occurred_on=day, data=data, record_id=record_id, **whom)
