"""The part of docs/ that tells what each topic carries, who says it and who hears it, with an example of each."""

import inspect
import json
import re
import types
from datetime import UTC, date, datetime
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Union, get_args, get_origin

from hongzhu import bus
from hongzhu.calendar import Holiday, MakeUp, SchoolCalendar, SchoolException, Term
from hongzhu.facts import AgencyFacts, ChildFacts, SchoolFacts
from hongzhu.i18n import Text
from hongzhu.messages import (
    TOPICS,
    CalendarChanged,
    ChildChanged,
    Evidence,
    EvidenceFiled,
    EvidenceWithdrawn,
    Excuse,
    Happened,
    Message,
    NoticeLine,
    NoticeSettled,
    OfficeChanged,
    ProgrammeChanged,
    SchoolChanged,
    SubjectEvent,
    SupporterChanged,
    TaskClosed,
    TaskDue,
    TaskExcused,
    TaskOverdue,
    Withdrawn,
)
from hongzhu.plugin_worker import HEARD
from hongzhu.programme import EverySchoolWeek, Programme, where
from hongzhu.service import Service

ROOT = Path(__file__).parents[2]

_MONDAY = date(2020, 11, 23)
_ALWAYS = {"occurred_at": datetime(2020, 11, 23, 0, 0, tzinfo=UTC), "because": None}
_SCHOOL = "3504810101"
_CHILD = "019a0000-0000-7000-8000-000000000001"
_TALK = Programme(
    code="education_bureau.weekly_talk",
    name=Text(zh="每周谈心", en="Weekly talk"),
    purpose=Text(zh="班主任每周与留守儿童谈一次心。", en="The class teacher talks with each child once a week."),
    subject="child",
    eligible=where("stage", "primary", "middle"),
    trigger=EverySchoolWeek(),
    assignee="class_teacher",
    resolved_by="talk",
)
_WEEK: dict[str, Any] = {
    "programme": _TALK.code,
    "period": f"week:{_MONDAY}",
    "period_start": _MONDAY,
    "school_id": _SCHOOL,
    "subjects": (_CHILD,),
}

EXAMPLES: tuple[Message, ...] = (
    CalendarChanged(
        **_ALWAYS,
        id="1f0c2a6e-8a51-4f5e-9b42-3f1f0f6f6a01",
        version=1,
        calendar=SchoolCalendar(
            terms=(Term(name="2020年秋季学期", first=date(2020, 9, 1), last=date(2021, 1, 22)),),
            holidays=(Holiday(name="国庆节、中秋节", first=date(2020, 10, 1), last=date(2020, 10, 8)),),
            make_ups=(MakeUp(first=date(2020, 9, 27), last=date(2020, 9, 27)),),
            exceptions=(SchoolException(school_id=_SCHOOL, first=date(2020, 10, 9), last=date(2020, 10, 9)),),
        ),
    ),
    ChildChanged(
        **_ALWAYS,
        id="1f0c2a6e-8a51-4f5e-9b42-3f1f0f6f6a02",
        children=(
            ChildFacts(
                id=_CHILD,
                version=1,
                school_id=_SCHOOL,
                entered_on=date(2020, 9, 1),
                present=True,
                stage="primary",
                grade=3,
                boarding=True,
                in_poverty=False,
            ),
        ),
    ),
    EvidenceWithdrawn(
        **_ALWAYS,
        id="1f0c2a6e-8a51-4f5e-9b42-3f1f0f6f6a21",
        evidence=(Withdrawn(id="0190b6a1-7d2f-7c11-9a51-2f6d3c4b5a01", kind="talk", subject_id=_CHILD, version=2),),
    ),
    TaskExcused(
        **_ALWAYS,
        id="1f0c2a6e-8a51-4f5e-9b42-3f1f0f6f6a22",
        excuses=(
            Excuse(
                id="0190b6a1-7d2f-7c11-9a51-2f6d3c4b5a02",
                subject_id=_CHILD,
                first=date(2020, 11, 23),
                last=date(2020, 12, 4),
            ),
        ),
    ),
    EvidenceFiled(
        **_ALWAYS,
        id="1f0c2a6e-8a51-4f5e-9b42-3f1f0f6f6a03",
        evidence=(
            Evidence(id="019a0000-0000-7000-8000-0000000000e1", kind="talk", subject_id=_CHILD, done_on=_MONDAY),
        ),
    ),
    NoticeSettled(
        **_ALWAYS,
        id="019a0000-0000-7000-8000-0000000000f1/inbox/2020-11-23",
        recipient_id="019a0000-0000-7000-8000-0000000000f1",
        channel="inbox",
        day=_MONDAY,
        outcome="sent",
        urgent=False,
        lines=(NoticeLine(programme=_TALK.code, period=f"week:{_MONDAY}", count=9, due_on=date(2020, 11, 29)),),
    ),
    OfficeChanged(
        **_ALWAYS,
        id="1f0c2a6e-8a51-4f5e-9b42-3f1f0f6f6a07",
        agencies=(
            AgencyFacts(
                id="womens_federation",
                version=1,
                school_id="womens_federation",
                entered_on=date(2000, 1, 1),
                present=True,
                places_short=True,
            ),
        ),
        cities=(),
        facilities=(),
    ),
    ProgrammeChanged(
        **_ALWAYS,
        id="1f0c2a6e-8a51-4f5e-9b42-3f1f0f6f6a04",
        version=1,
        programme=_TALK,
        effective_from=_MONDAY,
    ),
    SchoolChanged(
        **_ALWAYS,
        id="1f0c2a6e-8a51-4f5e-9b42-3f1f0f6f6a05",
        schools=(
            SchoolFacts(
                id=_SCHOOL,
                version=1,
                school_id=_SCHOOL,
                entered_on=date(2020, 9, 1),
                present=True,
                stage="primary",
                urban=True,
                has_law_counsellor=False,
            ),
        ),
    ),
    SubjectEvent(
        **_ALWAYS,
        id="1f0c2a6e-8a51-4f5e-9b42-3f1f0f6f6a06",
        event=f"drop-{_MONDAY}",
        kind="assessment_drop",
        occurred_on=_MONDAY,
        subjects=(Happened(subject_id=_CHILD, amount=16),),
    ),
    SupporterChanged(**_ALWAYS, id="1f0c2a6e-8a51-4f5e-9b42-3f1f0f6f6a08", agency="womens_federation"),
    TaskClosed(**_ALWAYS, id="019a000000007000800000000000000a.1", **_WEEK, state="done"),
    TaskDue(
        **_ALWAYS,
        id=f"019a0000000070008000000000000009.{_SCHOOL}.0",
        **_WEEK,
        version=1,
        opens_on=_MONDAY,
        due_on=date(2020, 11, 29),
        grace_until=date(2020, 11, 29),
    ),
    TaskOverdue(
        **_ALWAYS,
        id=f"019a0000000070008000000000000009.s1.{_SCHOOL}.0",
        **_WEEK,
        version=1,
        due_on=date(2020, 11, 29),
        step=1,
        to="school_coordinator",
    ),
)


def topics_part() -> str:
    """Describes every topic, in the order of the alphabet."""
    examples = {message.topic: message for message in EXAMPLES}
    return "\n".join(_topic(TOPICS[topic], examples[topic]) for topic in sorted(TOPICS))


def says_and_hears(message: type[Message]) -> tuple[list[str], list[str]]:
    """Returns which services say a message, and who hears it."""
    services = [found.load() for found in sorted(entry_points(group="hongzhu.services"), key=lambda each: each.name)]
    hears = [each.name for each in services if isinstance(each, Service) and message in each.consumers]
    says = [each.name for each in services if each.name not in hears and _names(each.name, message.__name__)]
    return says, [*hears, *(["the agency that it is addressed to"] if message in HEARD else [])]


def _topic(message: type[Message], example: Message) -> str:
    says, hears = says_and_hears(message)
    (key,) = bus.binding_keys([message.topic])
    rows = "\n".join(_field(name, field) for name, field in message.model_fields.items())
    payload = json.dumps(json.loads(bus.payload_of(example)), ensure_ascii=False, indent=2)
    return (
        f"### {message.topic}\n\n{inspect.getdoc(message)}\n\n"
        f"Said by: {', '.join(says)}. Heard by: {', '.join(hears)}. "
        f"Routing key: `{key.replace('*', '<agency>')}`.\n\n"
        f"| field | type | when it is left out |\n|---|---|---|\n{rows}\n\n```json\n{payload}\n```\n"
    )


def _field(name: str, field: Any) -> str:
    if field.is_required():
        default = "never"
    elif field.default_factory:
        default = "made anew"
    else:
        default = f"`{json.dumps(field.default)}`"
    return f"| `{name}` | {type_of(field.annotation)} | {default} |"


def type_of(annotation: Any) -> str:
    """Writes a type as the reference does."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType):
        return " or ".join(type_of(each) for each in arguments)
    if origin is tuple:
        return f"list of {type_of(arguments[0])}"
    if origin is not None:  # a Literal
        return ", ".join(f"`{each}`" for each in arguments)
    return "`null`" if annotation is type(None) else f"`{annotation.__name__}`"


def _names(service: str, class_name: str) -> bool:
    (package,) = ROOT.glob(f"services/{service}/src/*")
    word = re.compile(rf"\b{class_name}\b")
    return any(word.search(path.read_text(encoding="utf-8")) for path in package.rglob("*.py"))
