"""The parts of docs/ that are made from the code: `python tests/house/reference.py` writes them anew.

What is made stands between ``<!-- made: NAME -->`` and ``<!-- end -->``, a piece of a program in the block below its
``<!-- excerpt: NAME -->``.  test_docs.py holds them to the code.
"""

import inspect
import json
import re
import sys
import types
from collections.abc import Iterator
from datetime import UTC, date, datetime
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from hongzhu import bus, hooks
from hongzhu.calendar import Holiday, MakeUp, SchoolCalendar, SchoolException, Term
from hongzhu.facts import SUBJECTS, AgencyFacts, ChildFacts, Facts, SchoolFacts
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
from hongzhu.plugin_worker import HEARD, HOOKS_BY_TOPIC
from hongzhu.programme import EverySchoolWeek, Programme, where
from hongzhu.service import Service
from hongzhu.trigger import Trigger
from hongzhu_registry.access.policy import DOSSIER, OPENED, SIGHT, Ties, fields_of
from hongzhu_registry.workbooks import synonyms
from hongzhu_registry.workbooks.column import Column
from hongzhu_registry.workbooks.kinds import KINDS, Kind

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PART = re.compile(r"(<!-- made: (\w+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)
EXCERPT = re.compile(r"(<!-- excerpt: (\w+) -->\n```python\n)(.*?)(```)", re.DOTALL)
MARKED = re.compile(r"^# excerpt (\w+)\n(.*?)^# end of excerpt$", re.DOTALL | re.MULTILINE)

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


def specified() -> dict[str, Any]:
    """Returns the hooks there are, by name."""
    return {name: each for name, each in vars(hooks).items() if hasattr(each, "hongzhu_spec")}


def hooks_part() -> str:
    """Describes every hook."""
    return "\n".join(_hook(name, each) for name, each in specified().items())


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


def triggers_part() -> str:
    """Describes every kind of trigger, with what of it can be set."""
    kinds = [get_args(each)[0] if get_origin(each) is Annotated else each for each in get_args(get_args(Trigger)[0])]
    return "\n".join(_trigger(kind) for kind in kinds)


def _trigger(kind: type[BaseModel]) -> str:
    rows = "\n".join(_setting(name, field) for name, field in kind.model_fields.items() if name != "kind")
    return (
        f"### {kind.__name__}\n\n{inspect.getdoc(kind)}\n\n| field | unless told | meaning |\n|---|---|---|\n{rows}\n"
    )


def _setting(name: str, field: Any) -> str:
    default = "must be told" if field.is_required() else f"`{field.default}`"
    choices = _type(field.annotation) if get_origin(field.annotation) is Literal else ""
    meaning = "; ".join(each for each in (choices, " ".join((field.description or "").split())) if each)
    return f"| `{name}` | {default} | {meaning} |"


def facts_part() -> str:
    """Lists the facts of each kind of subject, with what each can be."""
    own = set(Facts.model_fields)
    rows = [
        f"| {subject} | `{name}` | {_type(field.annotation).replace(' or `null`', '')} |"
        for subject, facts in SUBJECTS.items()
        for name, field in facts.model_fields.items()
        if name not in own
    ]
    return "\n".join(["| subject | fact | value |", "|---|---|---|", *rows, ""])


def sheets_part() -> str:
    """Describes every kind of sheet."""
    return "\n".join(_sheet(kind) for kind in KINDS)


def sight_part() -> str:
    """Describes whose the rows of every table are, and who reads which field of a dossier."""
    roles = ("school", "teacher", "agency", "guardian", "auditor", "protection", "notifier")
    heading = f"| table | {' | '.join(roles)} | second wall |\n|{'---|' * (len(roles) + 2)}\n"
    rows = "\n".join(
        f"| {name} | {' | '.join(_ties(sight.ties(role)) for role in roles)} | {f'none: {sight.open}' if sight.open else 'yes'} |"
        for name, sight in sorted(SIGHT.items())
    )
    readers = ("bureau", "school", "teacher", "guardian")
    fields = "\n".join(
        f"| `{name}` | {purpose} | {' | '.join('yes' if name in fields_of(role) else '' for role in readers)} |"
        + f" {'one child at a time' if name in OPENED else ''} |"
        for name, purpose in DOSSIER.items()
    )
    head = f"| field | kept for | {' | '.join(readers)} | opened |\n|{'---|' * (len(readers) + 3)}\n"
    return f"\n{heading}{rows}\n\n{head}{fields}\n\n"


def _ties(ties: Ties | None) -> str:
    if ties is None:
        return ""
    words = {
        "at": "its own school's",
        "of": "of its children",
        "by": "of its supporters",
        "oneself": "its own",
        "named": "its own",
        "titled": "in its name",
        "through": "of its children",
        "any": "all",
    }
    return ", ".join(dict.fromkeys(words[tie.kind] for tie in ties)) or "no row"


PARTS = {
    "facts": facts_part,
    "triggers": triggers_part,
    "sight": sight_part,
    "hooks": hooks_part,
    "topics": topics_part,
    "sheets": sheets_part,
}


def excerpts() -> dict[str, str]:
    """Returns the marked pieces of the programs in tests/docs."""
    programs = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "tests/docs").glob("*.py"))]
    return {mark[1]: mark[2].strip() for program in programs for mark in MARKED.finditer(program)}


def pages() -> Iterator[tuple[Path, str]]:
    """Yields every page that has such a part, as it should be."""
    pieces = excerpts()
    for page in sorted(DOCS.glob("*.md")):
        text = page.read_text(encoding="utf-8")
        if PART.search(text) or EXCERPT.search(text):
            made = PART.sub(lambda part: f"{part[1]}{PARTS[part[2]]()}{part[4]}", text)
            yield page, EXCERPT.sub(lambda piece: f"{piece[1]}{pieces[piece[2]]}\n{piece[4]}", made)


def _hook(name: str, function: Any) -> str:
    topic = next((message.topic for message, hook in HOOKS_BY_TOPIC.items() if hook == name), None)
    signature = str(inspect.signature(function, eval_str=False)).replace("'", "")
    for full in re.findall(r"[\w.]+\.(?=[A-Z])", signature):
        signature = signature.replace(full, "")
    called = (
        f"Called for each `{topic}` addressed to the agency." if topic else "Asked when the plugin's worker starts."
    )
    return f"### {name}\n\n```python\ndef {name}{signature}: ...\n```\n\n{inspect.getdoc(function)}\n\n{called}\n"


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
    return f"| `{name}` | {_type(field.annotation)} | {default} |"


def _type(annotation: Any) -> str:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType):
        return " or ".join(_type(each) for each in arguments)
    if origin is tuple:
        return f"list of {_type(arguments[0])}"
    if origin is not None:  # a Literal
        return ", ".join(f"`{each}`" for each in arguments)
    return "`null`" if annotation is type(None) else f"`{annotation.__name__}`"


def _sheet(kind: Kind) -> str:
    rows = "\n".join(_header(kind, column) for column in kind.columns)
    return f"### {kind.name}\n\n| column | needed | headers that mean it as well |\n|---|---|---|\n{rows}\n"


def _header(kind: Kind, column: Column) -> str:
    first, *others = dict.fromkeys(header for word in column.words for header in _headers(word))
    groups = [group for group in kind.keys if column.field in group]
    needed = "" if not groups else "yes" if len(groups[0]) == 1 else "one of these"
    return f"| {first} | {needed} | {' '.join(others)} |"


def _headers(word: str) -> list[str]:
    """Returns the headers that mean a word; a person's column is told by its first names, for they may all be combined."""
    if word in synonyms.WORDS:
        return [*(["儿童姓名"] if word == "child_name" else []), *synonyms.WORDS[word].split()]
    if word.startswith("mark."):
        return [word.removeprefix("mark.")]
    person, _, leaf = word.rpartition("_")
    return [synonyms.PEOPLE[person].split()[0] + one for one in synonyms.LEAVES[leaf].split()]


def _names(service: str, class_name: str) -> bool:
    (package,) = ROOT.glob(f"services/{service}/src/*")
    word = re.compile(rf"\b{class_name}\b")
    return any(word.search(path.read_text(encoding="utf-8")) for path in package.rglob("*.py"))


if __name__ == "__main__":
    for page, text in pages():
        page.write_text(text, encoding="utf-8")
    sys.exit(0)
