"""Agencies, the city and facilities as a client from outside sees them: what holds of each, and what was done for them."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from hongzhu.facts import AgencyFacts, CityFacts, FacilityFacts, Facts

Row = Mapping[str, Any]

CITY = "city"
"""The id of the one city, in a client's own words: whoever checks the services does not take it from them."""
_TO_BE_BUILT = ("selected", "planned")
_KINDS = ("swallow_home", "home", "call_room", "counselling_station")


def offices(agencies: Iterable[Row], facilities: Iterable[Row], leaders: Iterable[Row], day: date) -> Iterator[Facts]:
    """Say what holds of every office; who is new is owed something from `day` on."""
    common: dict[str, Any] = {"version": 0, "entered_on": day, "present": True}
    for row in agencies:
        yield AgencyFacts(id=row["name"], school_id=row["name"], **common)
    known = list(facilities)
    yield CityFacts(
        id=CITY,
        school_id=CITY,
        sites_missing=any(row["status"] in _TO_BE_BUILT for row in known),
        has_leading_group=any(row["school_id"] is None for row in leaders),
        **common,
    )
    for row in known:
        kind = row["kind"] if row["kind"] in _KINDS else "other"
        built = row["status"] and row["status"] == "built"
        about: dict[str, Any] = {"kind": kind, "built": built, "present": row["status"] != "closed"}
        yield FacilityFacts(id=row["id"], school_id=CITY, **common | about)


def done(activities: Iterable[Row], agencies: Iterable[Row], facilities: Iterable[Row]) -> Iterator[tuple[Row, str]]:
    """Say of each activity that was held for whom it counts: its school, whoever held it and the city, the facility it was in."""
    titles = {row[written]: row["name"] for row in agencies for written in ("name", "title_zh")}
    places = {row["name"]: row["id"] for row in facilities}
    for row in activities:
        if row["planned"]:
            continue
        agency = titles.get(row["organisation"])
        whom = (row["school_id"], agency, agency and CITY, places.get(row["place"]))
        yield from ((row, each) for each in whom if each)
