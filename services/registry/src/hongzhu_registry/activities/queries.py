"""Statements about activities."""

from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Select, literal, select, true, union_all

from hongzhu.facts import CITY
from hongzhu_registry.activities.models import Activity, Attendance
from hongzhu_registry.agencies.models import AgencyTitle
from hongzhu_registry.facilities.models import Facility


def shown(which: ColumnElement[bool]) -> CompoundSelect[Any]:
    """Select all that activities are evidence of once they were held."""
    return union_all(*shown_at_school(which), *shown_to_offices(which))


def shown_at_school(which: ColumnElement[bool]) -> list[Select[Any]]:
    """Select what they are evidence of for the school of each, and for every child that came."""
    at_school = _held(Activity.school_id, which).where(Activity.school_id.is_not(None))
    came = _held(Attendance.child_id, which).join(Attendance, Attendance.activity_id == Activity.id)
    return [at_school, came.where(Attendance.attended)]


def shown_to_offices(which: ColumnElement[bool] | None = None) -> list[Select[Any]]:
    """Select what they are evidence of for the agency that held each, for the city, and for the facility where it took place."""
    titled = AgencyTitle.title == Activity.organisation
    return [
        _held(AgencyTitle.agency, which).join(AgencyTitle, titled),
        _held(literal(CITY), which).join(AgencyTitle, titled),
        _held(Facility.id, which).join(Facility, Facility.name == Activity.place),
    ]


def _held(subject: Any, which: ColumnElement[bool] | None) -> Select[Any]:
    columns = Activity.id, Activity.kind, subject.label("subject_id"), Activity.held_on.label("done_on")
    held = ~Activity.planned, Activity.withdrawn_on.is_(None)
    return select(*columns).select_from(Activity).where(*held, true() if which is None else which)
