"""The typed rows that workbooks give: one class per kind of row, nothing stored, nothing looked up."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, NamedTuple

Sex = Literal["male", "female", ""]
RecordKind = Literal["talk", "tutoring", "call", "visit", "home_teaching"]


class Source(NamedTuple):
    """Where a row was written: file, sheet, and the row as Excel numbers it."""

    file: str
    sheet: str
    row: int
    places: Mapping[str, str] = MappingProxyType({})
    """Where the columns of the sheet stand, as people find them, by field."""


_NOT_AWAY = ("在家", "家中", "家里", "本村", "未外出", "务农", "已故", "去世", "已去世", "病故", "亡故", "已亡", "死亡")


class Parent(NamedTuple):
    """A father or mother; `since` is the month (YYYY-MM) or year (YYYY) since when away."""

    name: str = ""
    place: str = ""
    phone: str = ""
    since: str = ""

    @property
    def at_home(self) -> bool:
        """Whether the place says that this parent lives at home, or does not live any more."""
        return self.place == "家" or self.place.startswith(_NOT_AWAY)


class Guardian(NamedTuple):
    """The person who actually looks after a child."""

    name: str = ""
    relation: str = ""
    phone: str = ""


class Child(NamedTuple):
    """A line of a school's roster; sex and birth date are the identity number's."""

    source: Source
    school_code: str
    school_name: str
    grade: int | None
    class_name: str
    name: str
    sex: Sex
    ethnicity: str
    born_on: dt.date
    id_number: str
    address: str
    boarding: bool
    in_poverty: bool
    health: str
    disability: str
    left_behind_type: str
    father: Parent
    mother: Parent
    guardian: Guardian
    proxy_parent_name: str
    proxy_parent_phone: str
    mentor_name: str
    peer_name: str
    note: str
    columns: frozenset[str]
    """The fields that its sheet has a column for; of the others it says nothing, and what is known of them stands."""


@dataclass(frozen=True, slots=True)
class School:
    """A school; area is 'town' or 'country', stage 'primary', 'junior', 'nine_year', 'senior', 'secondary' …"""

    source: Source
    code: str
    name: str
    town: str
    area: str
    stage: str
    boarding: bool
    after_school: bool
    has_home: bool
    has_call_room: bool
    has_counselling_station: bool
    columns: frozenset[str]
    """The fields that its sheet has a column for; of the others it says nothing, and what is known of them stands."""


@dataclass(frozen=True, slots=True)
class Staff:
    """A teacher, with the class taught if it is a class teacher's line."""

    source: Source
    school_code: str
    school_name: str
    name: str
    number: str
    """The school's own (职工号), or nothing."""
    duty: str
    grade: int | None
    class_name: str
    party_member: bool
    phone: str
    email: str


@dataclass(frozen=True, slots=True)
class CalendarEntry:
    """A stretch of days: 'term', 'holiday', 'makeup' (school on a rest day) or 'exception' (one school closed)."""

    source: Source
    kind: str
    name: str
    starts_on: dt.date
    ends_on: dt.date
    school_code: str
    school_name: str
    note: str


@dataclass(frozen=True, slots=True)
class Supporter:
    """A named adult who helps; status is 'vetted', 'applied', 'refused' or '' when not said."""

    source: Source
    agency: str
    category: str
    name: str
    phone: str
    workplace: str
    town: str
    capacity: int | None
    status: str


@dataclass(frozen=True, slots=True)
class Score:
    """One child's marks in one test, by subject (语文 …); an absent subject is left out."""

    source: Source
    school_code: str
    school_name: str
    child_name: str
    id_number: str
    grade: int | None
    class_name: str
    tested_on: dt.date
    term: str
    marks: dict[str, float] = field(hash=False)


@dataclass(frozen=True, slots=True)
class Record:
    """Evidence that something was done for one child; only the fields of its kind are filled."""

    source: Source
    kind: RecordKind
    school_code: str
    school_name: str
    occurred_on: dt.date
    child_name: str
    id_number: str
    recorded_by: str
    topic: str
    subject: str
    channel: str
    form: str
    hours: float | None
    note: str


@dataclass(frozen=True, slots=True)
class Referral:
    """A child passed on to an agency for counselling."""

    source: Source
    school_code: str
    school_name: str
    child_name: str
    id_number: str
    referred_on: dt.date
    cause: str
    referred_to: str
    accepted_on: dt.date | None
    counselled_on: dt.date | None


@dataclass(frozen=True, slots=True)
class Subsidy:
    """Money for one home-teaching visit, in yuan; status is 'paid', 'owed' or ''."""

    source: Source
    school_code: str
    school_name: str
    teacher: str
    taught_on: dt.date
    child_name: str
    id_number: str
    transport: float
    meals: float
    status: str


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A child's place in after-school care."""

    source: Source
    school_code: str
    school_name: str
    child_name: str
    id_number: str
    starts_on: dt.date | None
    free: bool
    note: str


@dataclass(frozen=True, slots=True)
class Activity:
    """A collective event of an agency or a school; `planned` when it is announced but has not taken place."""

    source: Source
    code: str
    agency: str
    school_code: str
    school_name: str
    name: str
    held_on: dt.date
    ends_on: dt.date | None
    place: str
    attendance: int | None
    brochures: int | None
    gifts: int | None
    planned: bool
    note: str


@dataclass(frozen=True, slots=True)
class Attendance:
    """Whether one child came to one activity."""

    source: Source
    activity_code: str
    activity_name: str
    school_code: str
    school_name: str
    child_name: str
    id_number: str
    attended: bool


@dataclass(frozen=True, slots=True)
class Facility:
    """A place of care; status is 'built', 'selected', 'planned', 'closed' or ''."""

    source: Source
    agency: str
    category: str
    name: str
    town: str
    status: str


@dataclass(frozen=True, slots=True)
class Leader:
    """A member of a leading group; level is 'city', 'town' or 'school'."""

    source: Source
    level: str
    school_code: str
    school_name: str
    duty: str
    name: str
    responsibility: str
    formed_on: dt.date | None


@dataclass(frozen=True, slots=True)
class Document:
    """A document that programmes rest on."""

    source: Source
    number: str
    title: str
    issuer: str
    year: int | None


AnyRow = (Child | School | Staff | CalendarEntry | Supporter | Score | Record | Referral) | (
    Subsidy | Enrolment | Activity | Attendance | Facility | Leader | Document
)
