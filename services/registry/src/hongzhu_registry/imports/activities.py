"""Taking in activities and the lists of who came: an activity is evidence for its school and for every child that came."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from hongzhu_registry.activities.models import Activity, Attendance
from hongzhu_registry.evidence.service import amend, file_for, shown_by
from hongzhu_registry.imports.keeping import Distinct, identity, keep
from hongzhu_registry.imports.places import Children, Schools
from hongzhu_registry.imports.result import Result
from hongzhu_registry.workbooks import Activity as Row
from hongzhu_registry.workbooks import Attendance as Came

KINDS = {
    "集体生日": "birthday",
    "生日": "birthday",
    "交通": "traffic_lecture",
    "禁毒": "anti_drug",
    "法制": "law_lecture",
    "法治": "first_lesson",
    "开学第一课": "first_lesson",
    "心理": "mental_health",
    "护雏": "care_activity",
    "暑托": "summer_class",
    "礼包": "gift",
}
"""A word in an activity's name, and the kind it makes it; the first one found counts."""


def kind_of(name: str) -> str:
    """Return the kind of an activity by its name."""
    return next((kind for word, kind in KINDS.items() if word in name), "other")


def store(session: Session, rows: Sequence[Row], result: Result) -> None:
    """Keep the activities of a sheet; what is only planned is no evidence."""
    schools = Schools(session)
    found = Distinct(result)
    for row in rows:
        school = schools.find(row.school_code, row.school_name or row.place)
        found.add(
            row.source,
            {
                "identity": identity(Activity, row.code or (row.agency, row.name, row.held_on, row.place, row.planned)),
                "code": row.code or None,
                "organisation": row.agency or None,
                "school_id": school.id if school else None,
                "kind": kind_of(row.name),
                "name": row.name,
                "held_on": row.held_on,
                "ends_on": row.ends_on,
                "place": row.place or None,
                "attendance": row.attendance,
                "brochures": row.brochures,
                "gifts": row.gifts,
                "planned": row.planned,
                "note": row.note or None,
            },
        )
    ids, _ = keep(session, Activity, found, result, "activities")
    for kind in {each["kind"] for each in found}:
        held = [each for each in found if each["kind"] == kind and each["school_id"] and not each["planned"]]
        file_for(session, kind, [(ids[each["identity"]], each["school_id"], each["held_on"]) for each in held])


def store_attendance(session: Session, rows: Sequence[Came], result: Result) -> None:
    """Keep who came; who stayed away is still owed."""
    children = Children(session, rows)
    codes = {row.activity_code for row in rows}
    activities = {each.code: each for each in session.scalars(select(Activity).where(Activity.code.in_(codes)))}
    found = Distinct(result)
    for row in rows:
        activity = activities.get(row.activity_code)
        if activity is None:
            result.reject(row.source, "activity_code", "activity_unknown")
            continue
        child = children.of(row, result)
        if child is not None:
            found.add(
                row.source,
                {
                    "identity": identity(Attendance, activity.id, child.id),
                    "activity_id": activity.id,
                    "child_id": child.id,
                    "attended": row.attended,
                },
            )
    keep(session, Attendance, found, result, "attendances")
    for activity in activities.values():
        listed = [each for each in found if each["activity_id"] == activity.id]
        came = [each for each in listed if each["attended"]]
        # Whom an earlier list had as having come, and this one has not, is still owed.
        stayed = {str(each["child_id"]) for each in listed if not each["attended"]}
        amend(session, activity.id, dict.fromkeys(stayed & shown_by(session, activity.id).keys()), by=None)
        file_for(session, activity.kind, [(activity.id, str(each["child_id"]), activity.held_on) for each in came])
