"""Taking in the adults: a school's staff and the agencies' supporters."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from hongzhu_registry.imports.categories import kind_of, meaning
from hongzhu_registry.imports.keeping import Distinct, identity, keep
from hongzhu_registry.imports.places import Schools
from hongzhu_registry.imports.result import Result
from hongzhu_registry.imports.teachers import KIND, Teachers
from hongzhu_registry.supporters import service as supporters
from hongzhu_registry.supporters.models import Supporter
from hongzhu_registry.workbooks import Staff
from hongzhu_registry.workbooks import Supporter as Row

KINDS = {
    "法制": "law_counsellor",
    "法治": "law_counsellor",
    "爱心家长": "love_parent",
    "爱心妈妈": "love_parent",
    "爱心爸爸": "love_parent",
    "爱心父母": "love_parent",
    "五老": "five_elders",
    "助残": "disability_partner",
    "心理": "counselling_volunteer",
    "青年志愿": "youth_volunteer",
}
"""A word in what a workbook calls a kind of supporter, and what the code calls it; the first one found counts."""
DUTIES = {"班主任": "class_teacher", "德育": "coordinator", "政教": "coordinator"}
"""A word in the offices of a teacher that decide who is told; the first one found counts."""
PLAIN = ("副班主任", "校长", "书记", "教师", "老师", "教导", "教务", "总务", "后勤", "工会", "团委", "少先队", "辅导员")
"""Words in offices that decide nothing."""


def duty_of(row: Staff, result: Result) -> str | None:
    """Return the office that a teacher has; one that is not understood, or not the only one, is told."""
    held = row.duty.replace("副班主任", "")
    others = {duty for word, duty in DUTIES.items() if word in held} - {duty := meaning(held, DUTIES)}
    if others:
        result.warn(row.source, "duty", "duty_not_alone")
    elif row.duty and not duty and not any(word in row.duty for word in PLAIN):
        result.warn(row.source, "duty", "duty_unclear")
    return duty or None


def store_staff(session: Session, rows: Sequence[Staff], result: Result) -> None:
    """Keep the teachers of a sheet."""
    schools = Schools(session)
    lines = [(row, school.id) for row in rows if (school := schools.of(row, result))]
    teachers = Teachers(session, lines, result)
    found = Distinct(result, by_fact=True, open_when_blank=("phone",))
    for row, school_id in lines:
        if who := teachers.of(row, school_id):
            key, phone = who
            found.add(
                row.source,
                {
                    "identity": key,
                    "organisation": school_id,
                    "school_id": school_id,
                    "kind": KIND,
                    "name": row.name,
                    "phone": phone,
                    "email": row.email,
                    "duty": duty_of(row, result),
                    "grade": row.grade,
                    "class_name": row.class_name or None,
                },
            )
    keep(session, Supporter, found, result, "staff", also={"vetted": True})  # the school answers for its own staff
    supporters.without_office(session)


def store_supporters(session: Session, rows: Sequence[Row], result: Result) -> None:
    """Keep the agencies' supporters of a sheet; one that does not say how somebody was vetted leaves what is known of it."""
    found = Distinct(result)
    told: dict[str, Row] = {}
    for row in rows:
        kind = kind_of(row, KINDS, result)
        who = identity(Supporter, row.agency, kind, row.name, row.phone)
        added = found.add(
            row.source,
            {
                "identity": who,
                "organisation": row.agency,
                "kind": kind,
                "name": row.name,
                "phone": row.phone,
                "occupation": row.workplace or None,
                "town": row.town or None,
                "capacity": row.capacity,
                "vetted": row.status == "vetted",
                "rejected": row.status == "refused",
            },
        )
        if added:
            told.setdefault(who, row)
    ids, _, written = keep(session, Supporter, found, result, "supporters", first=("vetted", "rejected"))
    judged = {ids[who]: row for who, row in told.items() if ids[who] in written}
    for each, row in judged.items():
        if row.status == "refused":
            supporters.reject(session, each)
    for each in supporters.accept(session, [each for each, row in judged.items() if row.status == "vetted"]):
        result.warn(judged[each].source, "status", "supporter_unvetted")
