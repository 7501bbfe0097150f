"""The contract that an agency's plugin keeps: what `hongzhu plugin check` looks at, rule by rule."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError
from pluggy import PluginValidationError

from hongzhu.dossier import FIELDS
from hongzhu.figures import places_of
from hongzhu.i18n import Text, _
from hongzhu.plugin_worker import PluginWorker
from hongzhu.programme import Programme

HEAVY = ("sqlalchemy", "fastapi", "starlette", "alembic", "psycopg", "uvicorn")
"""What an agency's machine must not need: a database and a web server."""


def broken(name: str, module: ModuleType) -> Iterator[str]:
    """Yield a sentence for each rule that the plugin of the agency `name` breaks; nothing when it keeps the contract."""
    try:
        worker = PluginWorker(name, module)
    except PluginValidationError as error:
        yield _("A hook is not of its shape: {reason}", reason=str(error).partition("\n")[0])
        return
    try:
        agency, programmes = worker.agency(), worker.programmes()
    except Exception as error:  # whatever an author's code does, the check tells it and goes on
        yield _("It cannot say who it is and what it promises: {reason}", reason=f"{type(error).__name__}: {error}")
        return
    if agency.name != name:
        yield _(
            "The agency calls itself {said}, and its entry point {name}; both are one name.",
            said=agency.name,
            name=name,
        )
    yield from _in_both(_("the agency's title"), agency.title)
    for each in programmes:
        yield from _of_programme(name, each)
    yield from _one_form_a_kind(programmes)


def reaches(package: str) -> list[str]:
    """Name what importing a package leads to of a database or a web server, as a process of its own finds out."""
    program = f"import sys, {package}; print(*sorted(set(sys.modules) & {set(HEAVY)!r}))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)  # noqa: S603  # our own interpreter
    return done.stdout.split()


def _of_programme(name: str, programme: Programme) -> Iterator[str]:
    code = programme.code
    if programme.agency != name:
        yield _("{code}: before the dot of a code stands the agency's name, {name}.", code=code, name=name)
    yield from _in_both(_("{code}: the name", code=code), programme.name)
    yield from _in_both(_("{code}: the purpose", code=code), programme.purpose)
    for field in sorted(programme.fields - FIELDS):
        yield _("{code}: a dossier has no field {field}.", code=code, field=field)
    if programme.fields and programme.subject != "child":
        yield _("{code}: it asks for fields of children, and is not for children.", code=code)
    if programme.assignee == "class_teacher" and programme.form is None:
        yield _("{code}: a teacher files a record, and there is no form for it.", code=code)
    for figure in programme.figures:
        yield from _in_both(_("{code}: the title of the figure {figure}", code=code, figure=figure.name), figure.title)
        if not (figure.unit.zh.strip() and figure.unit.en.strip()):
            what = _("{code}: the unit of the figure {figure}", code=code, figure=figure.name)
            yield _("{what} is not there in both languages.", what=what)
    if programme.sentence is not None:
        yield from _in_both(_("{code}: the sentence", code=code), programme.sentence)
        if places_of(programme.sentence.zh) != places_of(programme.sentence.en):
            yield _("{code}: its sentence does not name the same figures in both languages.", code=code)
    if programme.form is not None:
        yield from _of_form(code, programme.form)


def _of_form(code: str, form: Mapping[str, Any]) -> Iterator[str]:
    try:
        Draft202012Validator.check_schema(form)
    except SchemaError as error:
        yield _("{code}: its form is no JSON Schema: {reason}", code=code, reason=error.message)
        return
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


def _one_form_a_kind(programmes: list[Programme]) -> Iterator[str]:
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


def _in_both(what: str, text: Text) -> Iterator[str]:
    if not (_is_chinese(text.zh) and text.en.strip() and not _is_chinese(text.en)):
        yield _("{what} is not there in both languages.", what=what)


def _is_spoken(text: str) -> bool:
    zh, _bar, en = text.partition("|")
    return bool(zh.strip() and en.strip())


def _is_chinese(text: str) -> bool:
    return any("\u4e00" <= sign <= "\u9fff" for sign in text)
