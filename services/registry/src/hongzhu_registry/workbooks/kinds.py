"""The kinds of sheet: which columns each has, how their cells are read, and what tells one kind from another.

To add a column: a line here, its headers in `synonyms.py`, its field in `rows.py`.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from . import assembly, cells, choices, identity, rows, synonyms
from .assembly import Values
from .column import Column, column


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of sheet.

    keys: groups of fields; the header must have, and each row must fill, at least one field of each group.
    marks: fields of which the header must have one, for these tell the kind from the others.
    check: what must hold between the fields of a row; raises Refused.
    describing: words of columns that tell who somebody on the list is, and are not read: another kind of sheet says so.
    never: words of columns that no sheet of this kind has.
    told_above: those of the keys that need no column, since the title may tell them.
    of_adults: whether it lists grown-up people, so that one whose identity numbers are minors' is of another kind.
    """

    name: str
    row: Callable[..., rows.AnyRow]
    columns: tuple[Column, ...]
    keys: tuple[tuple[str, ...], ...]
    marks: frozenset[str]
    check: Callable[[Values, dt.date], None] | None = None
    describing: frozenset[str] = frozenset()
    never: frozenset[str] = frozenset()
    told_above: tuple[tuple[str, ...], ...] = ()
    of_adults: bool = False


PERSON = frozenset(("id_number", "sex", "ethnicity", "born_on", "address"))
PUPIL = PERSON | {"grade", "class_name", "phone"}
SCHOOL = (column("school_code", cells.code, longest=36), column("school_name", words="school_name", longest=100))
SCHOOL_OR_UNIT = (SCHOOL[0], column("school_name", words="school_name agency", longest=100))
CHILD = (
    column("child_name", cells.person, "child_name name", firm=True),
    column("id_number", identity.id_number, firm=True),
)
A_CHILD = ("id_number", "child_name")
AN_ACTIVITY = ("activity_code", "activity_name")
# What rosters say of a child and lists of children do not.
CHILD_MARKS = {"grade", "boarding", "in_poverty", "left_behind_type", "father_name", "mother_name", "guardian_name"}
CHILD_MARKS |= {"proxy_parent_name", "mentor_name", "health", "born_on", "sex", "address"}
# A column of who came to something, which no list of who there is has.
SIGNED = frozenset(("signed_in",))
# The column that only one kind of record has. Home teaching may have a subject as well, so hours are asked first.
TELLING = {"hours": "home_teaching", "topic": "talk", "channel": "call", "form": "visit", "subject": "tutoring"}

KINDS: tuple[Kind, ...] = (
    Kind(
        "child",
        assembly.child,
        (
            *SCHOOL_OR_UNIT,
            column("id_number", identity.id_number, firm=True),
            column("name", cells.person, "child_name name", firm=True),
            column("born_on", cells.birth, firm=True),
            column("sex", cells.sex, firm=True),
            column("grade", cells.grade),
            column("class_name", cells.class_of, longest=20),
            column("ethnicity", cells.ethnicity, longest=20),
            column("address", cells.text, "address registered_address", longest=200),
            column("registered_address", cells.text, longest=200),
            column("boarding", cells.yes_no),
            column("in_poverty", cells.yes_no),
            column("health", cells.text),
            column("disability", cells.ailment),
            column("left_behind_type", cells.choice(choices.LEFT_BEHIND)),
            *(column(f"{p}_name", cells.person) for p in assembly.PARENTS),
            *(column(f"{p}_place", longest=100) for p in assembly.PARENTS),
            *(column(f"{p}_phone", cells.phone) for p in assembly.PARENTS),
            *(column(f"{p}_since", cells.month) for p in assembly.PARENTS),
            column("guardian_name", cells.person),
            column("guardian_relation", longest=20),
            column("guardian_phone", cells.phone, "guardian_phone phone"),
            column("proxy_parent_name", cells.person),
            column("proxy_parent_phone", cells.phone),
            column("mentor_name", cells.person),
            column("peer_name", cells.person),
            column("note", longest=500),
        ),
        (("id_number",), ("name",)),
        frozenset(CHILD_MARKS),
        assembly.check_child,
        never=SIGNED,
    ),
    Kind(
        "school",
        rows.School,
        (
            column("code", cells.code, "school_code", longest=36),
            column("name", words="school_name title agency", longest=100),
            column("town"),
            column("area", cells.choice(choices.AREAS)),
            column("stage", cells.choice(choices.STAGES)),
            column("boarding", cells.yes_no, "boarding_school boarding"),
            column("after_school", cells.yes_no),
            column("has_home", cells.yes_no),
            column("has_call_room", cells.yes_no),
            column("has_counselling_station", cells.yes_no),
        ),
        (("code",), ("name",)),
        frozenset(("area", "stage", "boarding", "after_school", "has_home", "has_call_room")),
    ),
    Kind(
        "staff",
        assembly.staff,
        (
            *SCHOOL_OR_UNIT,
            column("name", cells.person, "name teacher", firm=True),
            column("number", cells.code, "staff_number", longest=36),
            column("duty"),
            column("is_class_teacher", cells.yes_no),
            column("grade", cells.grade, "teaching_grade grade"),
            column("class_name", cells.class_of, "teaching_class class_name", longest=20),
            column("party_member", cells.yes_no),
            column("phone", cells.phone),
            column("email", longest=100),
        ),
        (("name",),),
        frozenset(("duty", "is_class_teacher", "party_member", "email")),
        describing=PERSON,
        never=SIGNED | (CHILD_MARKS - PUPIL),
        of_adults=True,
    ),
    Kind(
        "calendar",
        assembly.calendar_entry,
        (
            column("kind", cells.choice(choices.CALENDAR_KINDS), "category", firm=True),
            column("name", words="title", longest=100),
            column("starts_on", cells.first_day, "starts_on date", firm=True),
            column("last_of_date", cells.last_of_days, "date"),
            column("ends_on", cells.last_day, firm=True),
            *SCHOOL,
            column("note", longest=200),
        ),
        (("kind",), ("starts_on",)),
        frozenset(("starts_on", "ends_on")),
        assembly.check_stretch,
    ),
    Kind(
        "supporter",
        rows.Supporter,
        (
            column("agency", longest=100),
            column("category", words="category"),
            column("name", cells.person, "name helper", firm=True),
            column("phone", cells.phone),
            column("workplace", longest=100),
            column("town"),
            column("capacity", cells.whole),
            column("status", cells.choice(choices.VETTING), "vetting status"),
        ),
        (("name",), ("category", "agency")),
        frozenset(("category", "workplace", "capacity", "status")),
        describing=PERSON,
        never=SIGNED,
        of_adults=True,
    ),
    Kind(
        "score",
        assembly.score,
        (
            *SCHOOL_OR_UNIT,
            *CHILD,
            column("grade", cells.grade),
            column("class_name", cells.class_of, longest=20),
            column("tested_on", cells.day, "tested_on date", firm=True),
            column("subject", longest=20),
            column("mark", cells.mark, firm=True),
            *(column(f"mark.{s}", cells.mark) for s in synonyms.SUBJECTS.split()),
        ),
        (A_CHILD,),
        frozenset(("mark", *(f"mark.{s}" for s in synonyms.SUBJECTS.split()))),
        assembly.check_score,
        describing=PUPIL,
    ),
    Kind(
        "record",
        rows.Record,
        (
            *SCHOOL_OR_UNIT,
            *CHILD,
            column("kind", cells.choice(choices.RECORD_KINDS), "record_kind", firm=True),
            column("occurred_on", cells.day, "date done_on counselled_on", firm=True),
            column("recorded_by", cells.person, "recorder teacher"),
            column("topic", longest=500),
            column("subject", longest=100),
            column("channel", longest=100),
            column("form", longest=100),
            column("hours", cells.number),
            column("note", longest=500),
        ),
        (A_CHILD, ("occurred_on",)),
        frozenset(("kind", "recorded_by", *TELLING)),
        assembly.over("occurred_on"),
        describing=PUPIL,
    ),
    Kind(
        "referral",
        rows.Referral,
        (
            *SCHOOL_OR_UNIT,
            *CHILD,
            column("referred_on", cells.day, "referred_on date", firm=True),
            column("cause", longest=200),
            column("referred_to", longest=100),
            column("accepted_on", cells.day),
            column("counselled_on", cells.day),
        ),
        (A_CHILD, ("referred_on",)),
        frozenset(("referred_to", "cause", "accepted_on", "counselled_on")),
        assembly.over("referred_on", "accepted_on", "counselled_on"),
        describing=PUPIL,
    ),
    Kind(
        "subsidy",
        assembly.subsidy,
        (
            *SCHOOL_OR_UNIT,
            *CHILD,
            column("teacher", cells.person, "teacher recorder", firm=True),
            column("taught_on", cells.day, "date done_on", firm=True),
            column("transport", cells.number, firm=True),
            column("meals", cells.number, firm=True),
            column("status", cells.choice(choices.PAID)),
        ),
        (A_CHILD, ("teacher",), ("taught_on",)),
        frozenset(("transport", "meals")),
        assembly.over("taught_on"),
        describing=PUPIL,
    ),
    Kind(
        "enrolment",
        rows.Enrolment,
        (
            *SCHOOL_OR_UNIT,
            *CHILD,
            column("starts_on", cells.day, "starts_on date"),
            column("free", cells.yes_no),
            column("note", longest=200),
        ),
        (A_CHILD,),
        frozenset(("starts_on", "free")),
        assembly.over("starts_on"),
        describing=PUPIL,
        never=SIGNED,
    ),
    Kind(
        "activity",
        assembly.activity,
        (
            column("code", cells.code, "activity_code"),
            column("agency", longest=100),
            *SCHOOL,
            column("name", words="activity_name", longest=100),
            column("held_on", cells.first_day, "date starts_on done_on", firm=True),
            column("last_of_date", cells.last_of_days, "date"),
            column("ends_on", cells.last_day, firm=True),
            column("place", longest=100),
            column("attendance", cells.whole),
            column("brochures", cells.whole),
            column("gifts", cells.whole),
            column("note", longest=200),
        ),
        (("name",), ("held_on",)),
        frozenset(("name",)),
    ),
    Kind(
        "attendance",
        rows.Attendance,
        (
            column("activity_code", cells.code),
            column("activity_name", longest=100),
            *SCHOOL_OR_UNIT,
            *CHILD,
            # A list without this column is the sign-in sheet itself.
            column("attended", cells.yes_no, "signed_in attended", firm=True, absent=True),
        ),
        (AN_ACTIVITY, A_CHILD),
        frozenset((*AN_ACTIVITY, "attended")),
        describing=PUPIL | {"school_code", "school_name"},
        told_above=(AN_ACTIVITY,),
    ),
    Kind(
        "facility",
        rows.Facility,
        (
            column("agency", longest=100),
            column("category", words="category"),
            column("name", words="title", longest=100),
            column("town"),
            column("status", cells.choice(choices.BUILT)),
        ),
        (("name",), ("category",)),
        frozenset(("agency", "status", "town")),
    ),
    Kind(
        "leadership",
        rows.Leader,
        (
            column("level", cells.choice(choices.LEVELS)),
            *SCHOOL_OR_UNIT,
            column("duty", words="group_duty duty"),
            column("name", cells.person, firm=True),
            column("responsibility", longest=200),
            column("formed_on", cells.day),
        ),
        (("name",), ("duty",)),
        frozenset(("level", "responsibility", "formed_on")),
        describing=PERSON | {"phone", "duty"},
        never=SIGNED,
        of_adults=True,
    ),
    Kind(
        "document",
        rows.Document,
        (
            column("number", words="document_number"),
            column("title", words="document_title title", longest=200),
            column("issuer", longest=100),
            column("year", cells.whole),
        ),
        (("title",),),
        frozenset(("number", "issuer")),
    ),
)
