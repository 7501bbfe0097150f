"""What holds of agencies, of the city and of facilities today, and what was done for them."""

from collections import defaultdict
from typing import Any

from sqlalchemy import CompoundSelect, Row, exists, func, select, union_all
from sqlalchemy.orm import Session

from hongzhu.programme import Programme, leaves
from hongzhu_registry.activities.queries import shown_to_offices
from hongzhu_registry.agencies.models import AgencyTitle
from hongzhu_registry.facilities.models import Facility
from hongzhu_registry.leadership.models import Leader
from hongzhu_registry.leadership.queries import shown as leaders
from hongzhu_registry.pairings.models import Pairing
from hongzhu_registry.programmes.queries import definitions
from hongzhu_registry.supporters.models import Supporter
from hongzhu_registry.tasks.models import Task

_PLANNED = ("selected", "planned")


def places_short(session: Session) -> dict[str, bool]:
    """Say of each agency that has a programme about it whether more wait for its helpers than they have places for."""
    return {
        agency: _waiting(session, agency, kinds) > _free(session, agency, kinds)
        for agency, kinds in _asked_about(definitions(session)).items()
    }


def _asked_about(programmes: list[Programme]) -> dict[str, set[str]]:
    """Name the agencies whose programmes ask about places, and what kinds of pairing they themselves give."""
    asking = {each.agency for each in programmes if "places_short" in {leaf.fact for leaf in leaves(each.eligible)}}
    kinds: defaultdict[str, set[str]] = defaultdict(set)
    for each in programmes:
        if each.agency in asking and each.assignee == "agency" and each.form is None and each.subject != "agency":
            kinds[each.agency].add(each.resolved_by)
    return dict(kinds)


def _waiting(session: Session, agency: str, kinds: set[str]) -> int:
    is_open = (Task.done_on.is_(None), Task.closed_state.is_(None))
    theirs = (Task.agency == agency, Task.evidence_kind.in_(kinds), *is_open)
    return session.scalar(select(func.count()).select_from(Task).where(*theirs)) or 0


def _free(session: Session, agency: str, kinds: set[str]) -> int:
    of_agency = select(AgencyTitle.title).where(AgencyTitle.agency == agency)
    helping = (Supporter.organisation.in_(of_agency), Supporter.kind.in_(kinds), Supporter.vetted)
    places = session.scalar(select(func.sum(func.coalesce(Supporter.capacity, 1))).where(*helping)) or 0
    taken = select(func.count()).select_from(Pairing).join(Supporter, Supporter.id == Pairing.supporter_id)
    return int(places) - (session.scalar(taken.where(*helping, Pairing.ended_on.is_(None))) or 0)


def sites_missing(session: Session) -> bool:
    """Say whether any facility that was planned is not built."""
    return bool(session.scalar(select(exists().where(Facility.status.in_(_PLANNED)))))


def has_leading_group(session: Session) -> bool:
    """Say whether the city's leading group is set up."""
    return bool(session.scalar(select(exists().where(Leader.school_id.is_(None)))))


def facilities(session: Session) -> list[Row[Any]]:
    """Read what the facilities are, and whether each is built."""
    return list(session.execute(select(Facility.id, Facility.kind, Facility.status).order_by(Facility.id)))


def shown() -> CompoundSelect[Any]:
    """Select what was done for offices; a row may have come before the agency said who it is."""
    return union_all(*shown_to_offices(), leaders(Leader.school_id.is_(None)))
