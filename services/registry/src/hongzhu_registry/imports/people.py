"""Taking in the adults: a school's staff and the agencies' supporters."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from hongzhu_registry.imports.keeping import Distinct, identity, keep
from hongzhu_registry.imports.places import Schools
from hongzhu_registry.imports.result import Result
from hongzhu_registry.supporters.models import Supporter
from hongzhu_registry.workbooks import Staff
from hongzhu_registry.workbooks import Supporter as Row

KINDS = {
    "法制辅导员": "law_counsellor",
    "爱心家长": "love_parent",
    "青年志愿者": "youth_volunteer",
    "五老报告团": "five_elders",
    "助残结对": "disability_partner",
    "心理辅导志愿者": "counselling_volunteer",
}
"""What a workbook calls a kind of supporter, and what the code calls it."""
DUTIES = {"班主任": "class_teacher", "德育主任": "coordinator"}
"""The offices of a teacher that decide who is told."""


def store_staff(session: Session, rows: Sequence[Staff], result: Result) -> None:
    """Keep the teachers of a sheet."""
    schools = Schools(session)
    found = Distinct(result)
    for row in rows:
        school = schools.of(row, result)
        if school is not None:
            found.add(
                row.source,
                {
                    "identity": identity(Supporter, school.id, "teacher", row.name, row.phone),
                    "organisation": school.id,
                    "school_id": school.id,
                    "kind": "teacher",
                    "name": row.name,
                    "phone": row.phone,
                    "email": row.email,
                    "vetted": True,  # the school answers for its own staff
                    "duty": DUTIES.get(row.duty),
                    "grade": row.grade,
                    "class_name": row.class_name or None,
                },
            )
    keep(session, Supporter, found, result, "staff")


def store_supporters(session: Session, rows: Sequence[Row], result: Result) -> None:
    """Keep the agencies' supporters of a sheet."""
    found = Distinct(result)
    for row in rows:
        kind = KINDS.get(row.category, "other")
        found.add(
            row.source,
            {
                "identity": identity(Supporter, row.agency, kind, row.name, row.phone),
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
    keep(session, Supporter, found, result, "supporters")
