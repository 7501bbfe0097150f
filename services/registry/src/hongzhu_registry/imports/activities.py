"""Taking in activities and the lists of who came: an activity is evidence for its school and for every child that came."""

from collections.abc import Sequence

from sqlalchemy import or_, select, union_all
from sqlalchemy.orm import Session

from hongzhu.database import among
from hongzhu.messages import batches
from hongzhu_registry.activities.models import Activity, Attendance
from hongzhu_registry.activities.queries import shown, shown_at_school
from hongzhu_registry.evidence import service as evidence
from hongzhu_registry.imports.categories import meaning
from hongzhu_registry.imports.keeping import AT_ONCE, Distinct, identity, keep
from hongzhu_registry.imports.places import Children, Schools
from hongzhu_registry.imports.result import Result
from hongzhu_registry.schools.models import School
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


SCHOOL = frozenset(("school_code", "school_name"))
"""The columns that name a school; what stands above a table may as well name an agency."""


def kind_of(name: str) -> str:
    """Return the kind of an activity by its name."""
    return meaning(name, KINDS) or "other"


def store(session: Session, rows: Sequence[Row], result: Result) -> None:
    """Keep the activities of a sheet; what is only planned is no evidence."""
    schools = Schools(session)
    found = Distinct(result)
    for row in rows:
        school = schools.find(row.school_code, row.school_name or row.place)
        if school is None and (row.school_code or row.school_name) and row.source.places.keys() & SCHOOL:
            schools.reject(row, result)
            continue
        by = row.agency or (school.id if school else "")
        found.add(
            row.source,
            {
                "identity": identity(Activity, row.code or (by, row.name, row.held_on, row.place, row.planned)),
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
    ids = keep(session, Activity, found, result, "activities").ids
    _file(session, sorted(ids.values()))


class Activities:
    """The activities that lists of who came name: by number, else by name."""

    def __init__(self, session: Session, rows: Sequence[Came]) -> None:
        codes = {row.activity_code for row in rows if row.activity_code}
        names = {row.activity_name for row in rows if not row.activity_code}
        named = or_(Activity.code.in_(codes), Activity.name.in_(names))
        self._called: dict[str, list[Activity]] = {}
        for each in session.scalars(select(Activity).where(named)):
            for said in {each.code, each.name} - {None}:
                self._called.setdefault(str(said), []).append(each)

    def of(self, row: Came, school: School | None, result: Result) -> Activity | None:
        """Return the activity a row is about, of several the school's; a row about an unknown one, or one of several, is rejected."""
        named = self._called.get(row.activity_code or row.activity_name, [])
        if len(named) > 1 and school:
            named = [each for each in named if each.school_id == school.id] or named
        if len(named) == 1:
            return named[0]
        field = "activity_code" if row.activity_code else "activity_name"
        result.reject(row.source, field, "activity_ambiguous" if named else "activity_unknown")
        return None


def store_attendance(session: Session, rows: Sequence[Came], result: Result) -> None:
    """Keep who came; who stayed away is still owed."""
    activities, schools, children = Activities(session, rows), Schools(session), Children(session, rows)
    found = Distinct(result)
    for row in rows:
        school = schools.find(row.school_code, row.school_name)
        activity = activities.of(row, school, result)
        if activity is None:
            continue
        school = school or schools.find(activity.school_id or "", "")
        if school is None and not row.id_number:
            schools.reject(row, result)
            continue
        child = children.of(row, result, school)
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
    _file(session, sorted({str(each["activity_id"]) for each in found}))


def _file(session: Session, ids: Sequence[str]) -> None:
    """File and correct what activities are evidence of; what is new for offices the next tick files (`offices`)."""
    for some in batches(ids, AT_ONCE):
        these = among(session, Activity.id, some)
        evidence.file_shown(session, union_all(*shown_at_school(these)))
        evidence.correct(session, shown(these), some)
