"""Facts: what programmes may ask about a subject; of a child the non-identifying part of its dossier, and all that travels of it.

A fact is one line here and one column in the scheduler's projection of the same name and type.
"""

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict

Stage = Literal["primary", "middle"]
Sex = Literal["male", "female"]
FacilityKind = Literal["swallow_home", "home", "call_room", "counselling_station", "other"]


class Facts(BaseModel):
    """The facts of one subject at one version; an older version never overwrites a newer one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    version: int
    school_id: str
    entered_on: date
    """The first day on which anything can be owed to the subject."""
    present: bool
    """Whether the subject is looked after at all: false once it has left."""


class ChildFacts(Facts):
    """What a programme may ask about a child."""

    stage: Stage | None = None
    grade: int | None = None
    sex: Sex | None = None
    boarding: bool | None = None
    in_poverty: bool | None = None
    disabled: bool | None = None
    cannot_attend: bool | None = None
    both_parents_away: bool | None = None
    has_proxy_parent: bool | None = None
    has_love_parent: bool | None = None
    has_mentor: bool | None = None
    has_peer: bool | None = None
    has_disability_partner: bool | None = None
    academic_concern: bool | None = None


class SchoolFacts(Facts):
    """What a programme may ask about a school; a school is its own `school_id`."""

    stage: Stage | None = None
    urban: bool | None = None
    boarding: bool | None = None
    after_school: bool | None = None
    has_home: bool | None = None
    has_call_room: bool | None = None
    has_counselling_station: bool | None = None
    has_law_counsellor: bool | None = None


class AgencyFacts(Facts):
    """What a programme may ask about the agency that runs it; an agency is its own `school_id`."""

    places_short: bool | None = None
    """Whether its vetted helpers have fewer places than there are children who wait for one."""


CITY = "city"
"""The id of the one city there is."""


class CityFacts(Facts):
    """What a programme may ask about the city, of which there is one; it is its own `school_id`."""

    sites_missing: bool | None = None
    """Whether fewer sites are built than were planned."""
    has_leading_group: bool | None = None


class FacilityFacts(Facts):
    """What a programme may ask about a facility (阵地); it stands in the city and in no school."""

    kind: FacilityKind | None = None
    built: bool | None = None


SUBJECTS: dict[str, type[Facts]] = {
    "child": ChildFacts,
    "school": SchoolFacts,
    "agency": AgencyFacts,
    "city": CityFacts,
    "facility": FacilityFacts,
}
"""The kinds of subject a programme can be for, and the facts each has."""
