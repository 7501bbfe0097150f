"""A record's form as a page shows it and reads it back: fields from the JSON Schema that the programme declares."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from hongzhu.errors import InvalidError
from hongzhu.i18n import ENGLISH, language

Kind = Literal["choice", "yes", "date", "number", "long", "line"]
PARAGRAPH = 100
"""Characters from which a text gets more than one line."""
DEFAULT_LONGEST = 1000
"""Characters of a text whose programme names no limit: a note, not a file."""


def spoken(text: str) -> str:
    """Return the reader's half of a ``中文|English`` text."""
    zh, _, en = text.partition("|")
    return en if language.get() == ENGLISH and en else zh


@dataclass(frozen=True)
class Choice:
    """One thing to choose: stored as `value`, shown as `text`."""

    value: str
    text: str


@dataclass(frozen=True)
class Field:
    """One field of a form."""

    name: str
    title: str
    kind: Kind = "line"
    required: bool = False
    choices: tuple[Choice, ...] = ()
    longest: int | None = None
    least: int | None = None
    most: int | None = None

    def read(self, typed: str) -> object:
        """Return what was typed as the record keeps it, ``None`` for nothing; raises `InvalidError`."""
        if self.kind == "yes":
            return bool(typed)
        if not typed:
            if self.required and self.choices:
                raise InvalidError("Choose one.")
            if self.required:
                raise InvalidError("Please fill this in.")
            return None
        match self.kind:
            case "choice":
                if typed not in {each.value for each in self.choices}:
                    raise InvalidError("Choose one.")
            case "date":
                return str(day_in(typed))
            case "number":
                return self._number(typed)
            case _ if self.longest is not None and len(typed) > self.longest:
                raise InvalidError(
                    "At most {longest} characters; these are {length}.", longest=self.longest, length=len(typed)
                )
        return typed

    def _number(self, typed: str) -> int:
        if not typed.removeprefix("-").isdecimal() or len(typed) > 15:
            raise InvalidError("Please write a whole number.")
        number = int(typed)
        if (self.least is not None and number < self.least) or (self.most is not None and number > self.most):
            raise InvalidError("That number cannot be right here.")
        return number


def fields_of(schema: Mapping[str, Any]) -> list[Field]:
    """Read the fields of a record's form, in the order its programme wrote them."""
    required = schema.get("required", ())
    return [_field(name, each, required=name in required) for name, each in schema.get("properties", {}).items()]


def _field(name: str, declared: Mapping[str, Any], *, required: bool) -> Field:
    title = spoken(declared.get("title", name))
    # pydantic writes an optional field as "this, or null"; a page leaves it empty.
    of = next((each for each in declared.get("anyOf", ()) if each.get("type") != "null"), declared)
    values = of.get("enum") or ([of["const"]] if "const" in of else ())
    if values:
        choices = tuple(Choice(str(value), spoken(str(value))) for value in values)
        return Field(name, title, "choice", required, choices)
    match of.get("type"), of.get("format"):
        case "boolean", _:
            return Field(name, title, "yes", required)
        case "integer", _:
            return Field(name, title, "number", required, least=of.get("minimum"), most=of.get("maximum"))
        case "string", "date":
            return Field(name, title, "date", required)
    longest = of.get("maxLength", DEFAULT_LONGEST)
    return Field(name, title, "long" if longest > PARAGRAPH else "line", required, longest=longest)


def day_in(typed: str) -> date:
    """Read a day as ``<input type="date">`` sends it; raises `InvalidError`."""
    try:
        return date.fromisoformat(typed)
    except ValueError as error:
        raise InvalidError("Please give a day, such as 2020-11-23.") from error
