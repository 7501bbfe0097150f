"""What holds of agencies, of the city and of facilities today, and what was done for them that is no evidence yet."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, exists, func, literal, select
from sqlalchemy.orm import Session

from hongzhu.facts import CITY
from hongzhu.programme import Programme, leaves
from hongzhu_registry.activities.models import Activity
from hongzhu_registry.agencies.models import AgencyTitle
from hongzhu_registry.evidence.models import Evidence
from hongzhu_registry.facilities.models import Facility
from hongzhu_registry.leadership.models import Leader
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


def not_filed(session: Session) -> Iterator[tuple[str, tuple[str, str, date]]]:
    """Yield what was done for an office and is no evidence yet: its kind, and the row that shows it, the office and the day.

    An activity is for the agency that held it, for the city, and for the facility where it took place; a row may have come before
    the agency said who it is.
    """
    for statement in (*_activities(), _leaders()):
        for row in session.execute(statement):
            yield row.kind, (row.id, row.subject_id, row.done_on)


def _activities() -> Iterator[Select[*tuple[Any, ...]]]:
    held = ~Activity.planned
    titled = AgencyTitle.title == Activity.organisation
    for subject, table, of_office in (
        (AgencyTitle.agency, AgencyTitle, titled),
        (literal(CITY), AgencyTitle, titled),
        (Facility.id, Facility, Facility.name == Activity.place),
    ):
        columns = Activity.id, Activity.kind, Activity.held_on.label("done_on"), subject.label("subject_id")
        yield select(*columns).join(table, of_office).where(held, _no_evidence(Activity.id, subject))


def _leaders() -> Select[*tuple[Any, ...]]:
    columns = Leader.id, literal("leading_group").label("kind"), literal(CITY).label("subject_id")
    of_city = (Leader.school_id.is_(None), Leader.formed_on.is_not(None))
    return select(*columns, Leader.formed_on.label("done_on")).where(*of_city, _no_evidence(Leader.id, literal(CITY)))


def _no_evidence(row_id: Any, subject: ColumnElement[str] | Any) -> ColumnElement[bool]:
    return ~exists().where(Evidence.id == row_id, Evidence.subject_id == subject)
