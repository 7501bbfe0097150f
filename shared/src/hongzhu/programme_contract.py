"""What a programme must be beside what its class says: one contract for a plugin's check, the registry's API and its commands."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError
from pydantic import ValidationError

from hongzhu.dossier import FIELDS
from hongzhu.figures import Figure, places_of
from hongzhu.i18n import Text, _, is_chinese
from hongzhu.programme import Programme

AT_SCHOOL = {"class_teacher": ("child",), "school_coordinator": ("child", "school")}
"""Who is told at a school, and of whose tasks: nobody else has a class, or a school."""
PRODUCED = frozenset({"records", "activities", "pairings"})
"""What a figure counts that only programmes bring: its kind must be what one of them is resolved by."""


class Fault(NamedTuple):
    """One rule that is broken: the programme's field, and the sentence that says what is wrong."""

    field: str
    sentence: str


def faults(programme: Programme) -> Iterator[Fault]:
    """Yield what is wrong with one programme by itself."""
    code = programme.code
    yield from _in_both("name", _("{code}: the name", code=code), programme.name)
    yield from _in_both("purpose", _("{code}: the purpose", code=code), programme.purpose)
    for field in sorted(programme.fields - FIELDS):
        yield Fault("fields", _("{code}: a dossier has no field {field}.", code=code, field=field))
    if programme.fields and programme.subject != "child":
        yield Fault("fields", _("{code}: it asks for fields of children, and is not for children.", code=code))
    if programme.subject not in AT_SCHOOL.get(programme.assignee, (programme.subject,)):
        yield Fault(
            "assignee",
            _(
                "{code}: of a task of the subject {subject} no {assignee} can be told.",
                code=code,
                subject=programme.subject,
                assignee=programme.assignee,
            ),
        )
    elif programme.assignee == "class_teacher" and programme.form is None:
        yield Fault("form", _("{code}: a teacher files a record, and there is no form for it.", code=code))
    for figure in programme.figures:
        yield from _of_figure(code, figure)
    if programme.sentence is not None:
        yield from _in_both("sentence", _("{code}: the sentence", code=code), programme.sentence)
        if places_of(programme.sentence.zh) != places_of(programme.sentence.en):
            yield Fault(
                "sentence", _("{code}: its sentence does not name the same figures in both languages.", code=code)
            )
    if programme.form is not None:
        for sentence in _of_form(code, programme.form):
            yield Fault("form", sentence)


def faults_among(programmes: Sequence[Programme]) -> Iterator[str]:
    """Yield what is wrong with an agency's programmes taken together."""
    for code, many in Counter(each.code for each in programmes).items():
        if many > 1:
            yield _("{code} is declared {many} times; each programme has a code of its own.", code=code, many=many)
    by_kind: dict[str, Programme] = {}
    for each in programmes:
        first = by_kind.setdefault(each.resolved_by, each)
        if first.form != each.form:
            yield _(
                "{code} and {other} are resolved by the kind {kind}, and have different forms.",
                code=each.code,
                other=first.code,
                kind=each.resolved_by,
            )
    for each in programmes:
        for figure in each.figures:
            if figure.of in PRODUCED and figure.kind is not None and figure.kind not in by_kind:
                yield _(
                    "{code}: the figure {figure} counts the kind {kind}, by which no programme of the agency is resolved; "
                    "there are {kinds}.",
                    code=each.code,
                    figure=figure.name,
                    kind=figure.kind,
                    kinds=", ".join(sorted(by_kind)),
                )


def spoken(error: ValidationError) -> str:
    """Say where a programme, written as data or in code, is not as its class wants it, and why."""
    first = error.errors()[0]
    where = ".".join(map(str, first["loc"]))
    reason = first["msg"].removeprefix("Value error, ")
    return _("{where} is not as it should be: {reason}", where=where, reason=reason) if where else reason


def in_both(what: str, text: Text) -> Iterator[str]:
    """Yield a sentence when a text is not there in Chinese and in English."""
    if not (is_chinese(text.zh) and text.en.strip() and not is_chinese(text.en)):
        yield _("{what} is not there in both languages.", what=what)


def _in_both(field: str, what: str, text: Text) -> Iterator[Fault]:
    for sentence in in_both(what, text):
        yield Fault(field, sentence)


def _of_figure(code: str, figure: Figure) -> Iterator[Fault]:
    what = _("{code}: the title of the figure {figure}", code=code, figure=figure.name)
    yield from _in_both("figures", what, figure.title)
    if not (figure.unit.zh.strip() and figure.unit.en.strip()):
        what = _("{code}: the unit of the figure {figure}", code=code, figure=figure.name)
        yield Fault("figures", _("{what} is not there in both languages.", what=what))


def _of_form(code: str, form: Mapping[str, Any]) -> Iterator[str]:
    try:
        Draft202012Validator.check_schema(form)
    except SchemaError as error:
        yield _("{code}: its form is no JSON Schema: {reason}", code=code, reason=error.message)
        return
    for name in _referred_to(form):
        yield _("{code}: its form refers to {name}; write it out instead.", code=code, name=name[:100])
    if form.get("additionalProperties") is not False:
        yield _("{code}: its form lets through fields that it does not name; build it on RecordForm.", code=code)
    for field, said in form.get("properties", {}).items():
        if not _is_spoken(str(said.get("title", ""))):
            yield _("{code}: the title of {field} is not “中文|English”.", code=code, field=field)
        for option in said.get("enum") or ([said["const"]] if "const" in said else ()):
            if not _is_spoken(str(option)):
                yield _(
                    "{code}: the choice {option} of {field} is not “中文|English”.",
                    code=code,
                    field=field,
                    option=option,
                )


def _referred_to(form: Any) -> Iterator[str]:
    # What a form refers to would be fetched from wherever its agency says whenever a record is filed.
    for name, each in form.items() if isinstance(form, Mapping) else enumerate(form) if isinstance(form, list) else ():
        if name in ("$ref", "$dynamicRef") and isinstance(each, str):
            yield each
        yield from _referred_to(each)


def _is_spoken(text: str) -> bool:
    zh, _bar, en = text.partition("|")
    return bool(zh.strip() and en.strip())
