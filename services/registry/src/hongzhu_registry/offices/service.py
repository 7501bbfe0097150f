"""Offices are owed something too: their facts are said when they change, and what was done for them is filed as evidence."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, get_args

from sqlalchemy import select
from sqlalchemy.orm import Session

from hongzhu.clock import today
from hongzhu.database import take_turns
from hongzhu.facts import CITY, SUBJECTS, AgencyFacts, CityFacts, FacilityFacts, FacilityKind, Facts
from hongzhu.messages import Evidence, OfficeChanged, batches
from hongzhu_registry.database import new_id, publish
from hongzhu_registry.evidence import service as evidence
from hongzhu_registry.offices import queries
from hongzhu_registry.offices.models import Office
from hongzhu_registry.tasks.queries import will_ask_many_times

_ALWAYS = date(2000, 1, 1)
"""Since when agencies and the city are there: long before any programme begins."""
ENOUGH = {"places_short": "places", "sites_missing": "sites"}
"""What is proven by a fact that does not hold any more: that there are places enough, that all sites are built."""


def bring_up_to_date(session: Session) -> None:
    """Say what changed of offices since it was last said, and file what was done for them."""
    will_ask_many_times(session)
    take_turns(session, "offices")
    evidence.file_shown(session, queries.shown())
    said = _said_before(session)
    publish(session, *_messages([_say(session, each, said.get(each.id)) for each in _news(session, said)]))


def is_left(session: Session) -> bool:
    """Say whether anything is to be said of offices, or to be filed for them."""
    return evidence.is_left(session, queries.shown()) or bool(_news(session, _said_before(session)))


def announce(session: Session) -> None:
    """Say the facts of all offices once more."""
    publish(session, *_messages(session.scalars(select(Office).order_by(Office.id)).all()))


def _said_before(session: Session) -> dict[str, Office]:
    return {each.id: each for each in session.scalars(select(Office))}


def _news(session: Session, said: dict[str, Office]) -> list[Facts]:
    """Return the facts of the offices of which others were said before, or none."""
    return [each for each in _facts(session, said) if each.id not in said or said[each.id].said != _as_said(each)]


def _as_said(facts: Facts) -> dict[str, Any]:
    return facts.model_dump(mode="json", exclude={"version"})


def _facts(session: Session, said: dict[str, Office]) -> list[Facts]:
    common: dict[str, Any] = {"version": 0, "entered_on": _ALWAYS, "present": True}
    found: list[Facts] = [
        AgencyFacts(id=agency, school_id=agency, places_short=short, **common)
        for agency, short in sorted(queries.places_short(session).items())
    ]
    found.append(
        CityFacts(
            id=CITY,
            school_id=CITY,
            sites_missing=queries.sites_missing(session),
            has_leading_group=queries.has_leading_group(session),
            **common,
        )
    )
    for row in queries.facilities(session):
        known = said.get(row.id)
        found.append(
            FacilityFacts(
                id=row.id,
                version=0,
                school_id=CITY,
                # Nothing is owed to it before the day on which we first heard of it.
                entered_on=known.said["entered_on"] if known else today(),
                present=row.status != "closed",
                kind=row.kind if row.kind in get_args(FacilityKind) else "other",
                built=row.status and row.status == "built",
            )
        )
    return found


def _say(session: Session, facts: Facts, before: Office | None) -> Office:
    """Keep what is said of an office, and file what that shows to be done."""
    said = _as_said(facts)
    if before is None:
        before = Office(id=facts.id, kind=_kind(facts), version=0, said={})
        session.add(before)
    over = [kind for fact, kind in ENOUGH.items() if before.said.get(fact) is True and said.get(fact) is False]
    shown = [Evidence(id=new_id(), kind=kind, subject_id=facts.id, done_on=today()) for kind in over]
    evidence.file(session, shown)
    before.version, before.said = before.version + 1, said
    return before


def _kind(facts: Facts) -> str:
    return next(kind for kind, known in SUBJECTS.items() if isinstance(facts, known))


def _messages(offices: Sequence[Office]) -> Iterator[OfficeChanged]:
    for some in batches(offices):
        facts = [SUBJECTS[each.kind].model_validate({**each.said, "version": each.version}) for each in some]
        yield OfficeChanged(
            agencies=tuple(each for each in facts if isinstance(each, AgencyFacts)),
            cities=tuple(each for each in facts if isinstance(each, CityFacts)),
            facilities=tuple(each for each in facts if isinstance(each, FacilityFacts)),
        )
