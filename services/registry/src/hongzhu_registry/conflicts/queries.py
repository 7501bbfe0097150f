"""Children who stand on the roster of a school where they are not, each with a proposed answer."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from hongzhu.i18n import _
from hongzhu_registry.children.models import Child, RosterEntry
from hongzhu_registry.schools.models import School
from hongzhu_registry.sealing import key_ring
from hongzhu_registry.staging import among

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
    for school in schools:
        if school.town and school.town in address:
            return school, _("its home address lies in that school's town")
    if rosters == 1:
        return schools[0], _("it stands on that school's roster")
    return schools[0], _("nothing tells them apart, and its file is the first by name")
