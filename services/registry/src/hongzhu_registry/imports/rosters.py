"""What new rosters change of a school: who came, who is missing, and of whom they say something else."""

from collections.abc import Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from hongzhu.messages import batches
from hongzhu_registry.children.models import Child, RosterEntry
from hongzhu_registry.imports.keeping import AT_ONCE
from hongzhu_registry.imports.places import Schools
from hongzhu_registry.imports.result import Result, RosterChanges
from hongzhu_registry.workbooks import Child as Row


def schools_with_one(session: Session) -> frozenset[str]:
    """Return the schools that have handed in a roster already."""
    return frozenset(session.scalars(select(RosterEntry.school_id).distinct()))


def names_in(session: Session, rows: Sequence[Row]) -> frozenset[str]:
    """Name the children and the schools of a roster: what two that share none write of is not the same, either."""
    schools = Schools(session)
    told = {(row.school_code, row.school_name) for row in rows}
    found = {school.id for code, name in told if (school := schools.find(code, name))}
    return frozenset(found.union(row.id_number for row in rows))


def compare(session: Session, before: Iterable[str], result: Result) -> None:
    """Fill in how the rosters of this hand-in differ from those before, for schools that had one.

    Who is missing is only told: that a child left is for the school or the bureau to say.
    """
    schools = sorted(set(before) & result.met.keys())
    found = {each: RosterChanges(changed=result.differing.get(each, {})) for each in schools}
    for each in schools:
        found[each].came = sorted(child_id for child_id, came in result.met[each].items() if came)
    for some in batches(schools, AT_ONCE):
        present = select(Child.id, Child.school_id).where(Child.school_id.in_(some), Child.left_on.is_(None))
        for child_id, school_id in session.execute(present.order_by(Child.id)):
            if child_id not in result.met[school_id]:
                found[school_id].left.append(child_id)
    result.rosters = {each: changes for each, changes in found.items() if changes}
