"""Children who stand on the roster of a school where they are not, each with a proposed answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, zip_longest
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from hongzhu.database import among
from hongzhu.i18n import _
from hongzhu_registry.children.models import Child, RosterEntry
from hongzhu_registry.schools.models import School
from hongzhu_registry.sealing import key_ring

child_column = RosterEntry.__table__.c.child_id
"""The key of the list."""


def in_conflict() -> Select[Any]:
    """Select the ids of the children whom another school than their own has on its roster, and nobody has settled it.

    Those who left are among them: they may have come back there.
    """
    elsewhere = RosterEntry.settled_on.is_(None), RosterEntry.school_id != Child.school_id
    return select(child_column).join(Child, Child.id == child_column).where(*elsewhere).group_by(child_column)


def proposals(session: Session, child_ids: Sequence[str]) -> list[dict[str, Any]]:
    """Tell of each child the rosters it stands on and where it most likely belongs, whichever roster came first."""
    columns = RosterEntry.child_id, RosterEntry.school_id, RosterEntry.file, Child.address, Child.left_on
    rows = session.execute(
        select(*columns, Child.school_id.label("own"))
        .join(Child, Child.id == RosterEntry.child_id)
        .where(among(session, RosterEntry.child_id, child_ids), RosterEntry.settled_on.is_(None))
        .order_by(RosterEntry.child_id, RosterEntry.file, RosterEntry.school_id)
    ).all()
    ids = {school_id for row in rows for school_id in (row.school_id, row.own)}
    schools = {each.id: each for each in session.scalars(select(School).where(among(session, School.id, ids)))}
    found: list[dict[str, Any]] = []
    for child_id, group in groupby(rows, key=lambda row: row.child_id):
        entries = list(group)
        child, on_rosters = entries[0], [each.school_id for each in entries]
        left = child.left_on is not None
        # Whoever left is not at its school any more; a child that was entered by hand is, though no roster has it there.
        candidates = [each for each in on_rosters if not (left and each == child.own)]
        stays = [] if left or child.own in on_rosters else [child.own]
        address = key_ring().open(child.address, "child", "address", child_id) or ""
        likely, reason = _likely([schools[each] for each in candidates + stays], len(candidates), address)
        sentence = (
            _("Let the child, who has left, come back at {school}: {reason}.", school=likely.name, reason=reason)
            if left
            else _("Keep the child at {school}: {reason}.", school=likely.name, reason=reason)
        )
        found.append(
            {
                "child": child_id,
                "files": [each.file for each in entries],
                "schools": on_rosters + stays,
                "proposal": sentence,
                "school_id": likely.id,
            }
        )
    return found


def _likely(schools: Sequence[School], rosters: int, address: str) -> tuple[School, str]:
    """Say at which of some schools a child most likely is, and why; the first ones have it on their rosters."""
    near = [each for each in schools if each.town and each.town in address]
    if len(near) == 1:
        return near[0], _("its home address lies in that school's town")
    if rosters == 1:
        return schools[0], _("it stands on that school's roster")
    return schools[0], _("nothing tells them apart, and its file is the first by name")


@dataclass(frozen=True)
class Side:
    """One school that may be a child's, and what speaks for it."""

    school_id: str
    town: str | None
    file: str | None
    """The roster on which the child stands; none where it was entered by hand."""
    here: bool
    """Whether its dossier is at this school."""
    left: bool
    near_home: bool | None
    """Whether its home address lies in the school's town; none where there is no address, or the town is not known."""
    grade: int | None
    class_name: str | None
    """Known of the school where the dossier is; the other's count once it is settled so."""


def sides(session: Session, conflicts: Sequence[Mapping[str, Any]]) -> dict[str, list[Side]]:
    """Tell by child what is known of it at each of the schools."""
    ids = [each["child"] for each in conflicts]
    columns = Child.id, Child.school_id, Child.left_on, Child.grade, Child.class_name, Child.address
    children = {row.id: row for row in session.execute(select(*columns).where(among(session, Child.id, ids)))}
    named = {school_id for each in conflicts for school_id in each["schools"]}
    towns = {row.id: row.town for row in session.execute(select(School.id, School.town).where(School.id.in_(named)))}
    found: dict[str, list[Side]] = {}
    for each in conflicts:
        child = children[each["child"]]
        address = key_ring().open(child.address, "child", "address", child.id)
        found[child.id] = []
        for school_id, file in zip_longest(each["schools"], each["files"]):
            here, town = school_id == child.school_id, towns[school_id]
            near = town in address if town and address else None
            at_class = (child.grade, child.class_name) if here else (None, None)
            found[child.id].append(Side(school_id, town, file, here, child.left_on is not None, near, *at_class))
    return found


def settled_lately(session: Session, most: int) -> Sequence[Any]:
    """Select the roster entries that were settled not to count, the latest first, each with the school where the child is."""
    columns = RosterEntry.child_id, RosterEntry.file, RosterEntry.settled_on, RosterEntry.school_id
    return session.execute(
        select(*columns, Child.school_id.label("at"))
        .join(Child, Child.id == RosterEntry.child_id)
        .where(RosterEntry.settled_on.is_not(None))
        .order_by(RosterEntry.settled_on.desc(), RosterEntry.id)
        .limit(most)
    ).all()
