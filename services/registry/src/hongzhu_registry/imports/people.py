"""Taking in the adults: a school's staff and the agencies' supporters."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from hongzhu.database import among
from hongzhu.messages import batches
from hongzhu_registry.imports.categories import kind_of, meaning
from hongzhu_registry.imports.keeping import AT_ONCE, Distinct, identity, keep
from hongzhu_registry.imports.places import Schools
from hongzhu_registry.imports.result import Result
from hongzhu_registry.pairings.queries import helping_unvetted
from hongzhu_registry.pairings.service import end_of_supporter
from hongzhu_registry.supporters.models import Supporter
from hongzhu_registry.supporters.service import without_office
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
                    "duty": duty_of(row, result),
                    "grade": row.grade,
                    "class_name": row.class_name or None,
                },
            )
    keep(session, Supporter, found, result, "staff", also={"vetted": True})  # the school answers for its own staff
    without_office(session)


def store_supporters(session: Session, rows: Sequence[Row], result: Result) -> None:
    """Keep the agencies' supporters of a sheet; whoever was found not to suit stays so, whatever an older list says."""
    found = Distinct(result)
    kinds = [kind_of(row, KINDS, result) for row in rows]
    who = [identity(Supporter, row.agency, kind, row.name, row.phone) for row, kind in zip(rows, kinds, strict=True)]
    rejected = _rejected(session, who)
    for row, kind, each in zip(rows, kinds, who, strict=True):
        if each in rejected and row.status != "refused":
            result.warn(row.source, "status", "supporter_unvetted")
        found.add(
            row.source,
            {
                "identity": each,
                "organisation": row.agency,
                "kind": kind,
                "name": row.name,
                "phone": row.phone,
                "occupation": row.workplace or None,
                "town": row.town or None,
                "capacity": row.capacity,
                "vetted": row.status == "vetted" and each not in rejected,
                "rejected": row.status == "refused" or each in rejected,
            },
        )
    ids, _ = keep(session, Supporter, found, result, "supporters")
    for supporter in helping_unvetted(session, list(ids.values())):
        end_of_supporter(session, supporter)


def _rejected(session: Session, who: Sequence[str]) -> set[str]:
    rejected: set[str] = set()
    for some in batches(who, AT_ONCE):
        found = select(Supporter.identity).where(among(session, Supporter.identity, some), Supporter.rejected)
        rejected.update(str(each) for each in session.scalars(found))
    return rejected
