"""The fields in which the bureau tunes a trigger: shown as it stands, and read back as the changes that were typed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from hongzhu.errors import InvalidError
from hongzhu.i18n import _
from hongzhu.programme import Programme
from hongzhu.trigger import Several, parts

Kind = Literal["number", "span", "period"]
KINDS: Mapping[str, Kind] = {
    "every": "number",
    "times": "number",
    "weeks": "number",
    "places": "number",
    "at_least": "number",
    "period": "period",
    "opens": "span",
    "due": "span",
    "due_after": "span",
    "grace": "span",
}
"""What of a trigger may be tuned, in the order of the form; its kind, its event and its season are the programme's own."""


@dataclass(frozen=True)
class Field:
    """One field of the form: a number, a stretch with its unit, or a choice of period."""

    name: str
    """The trigger's number among those of the programme, a dot, and the field."""
    title: str
    kind: Kind
    value: str
    unit: str = "school_days"
    hint: str = ""
    required: bool = True


def fields_of(programme: Programme, typed: Mapping[str, str] | None = None) -> list[list[Field]]:
    """Return the fields of each single trigger, as it stands or as they were typed."""
    return [
        [_field(number, name, getattr(part, name), typed) for name in KINDS if name in type(part).model_fields]
        for number, part in enumerate(parts(programme.trigger))
    ]


def _field(number: int, name: str, value: Any, typed: Mapping[str, str] | None) -> Field:
    full, shown, unit = f"{number}.{name}", value, "school_days"
    if hasattr(value, "model_dump"):
        [(unit, shown)] = value.model_dump().items()
    if isinstance(shown, float) and shown.is_integer():
        shown = int(shown)
    said = "" if shown is None else str(shown)
    if typed is not None:
        said, unit = typed.get(full, "").strip(), typed.get(f"{full}.unit", unit)
    required = name not in ("opens", "due", "grace", "at_least")
    return Field(full, titles()[name], KINDS[name], said, unit, hints().get(name, ""), required)


def read(programme: Programme, typed: Mapping[str, str]) -> dict[str, Any]:
    """Return the changes that were typed, as tuning takes them; raises `InvalidError` with the field's name."""
    dumped = programme.model_dump(mode="json")["trigger"]
    singles = dumped["of"] if isinstance(programme.trigger, Several) else [dumped]
    told = [{field.name.partition(".")[2]: _read(field) for field in fields} for fields in fields_of(programme, typed)]
    after = [single | changes for single, changes in zip(singles, told, strict=True)]
    if isinstance(programme.trigger, Several):
        return {"of": after} if after != singles else {}
    return {name: value for name, value in after[0].items() if value != dumped[name]}


def _read(field: Field) -> Any:
    if field.kind == "period":
        return field.value
    if not field.value and not field.required:
        return None
    try:
        number = float(field.value) if field.name.endswith("at_least") else int(field.value)
    except ValueError as error:
        raise InvalidError("Please write a whole number.", field=field.name) from error
    return {field.unit: number} if field.kind == "span" and field.unit != "school_days" else number


def titles() -> Mapping[str, str]:
    """Name the fields."""
    return {
        "every": _("Once in how many weeks"),
        "times": _("How many times"),
        "weeks": _("How many weeks"),
        "places": _("How many places"),
        "at_least": _("From how many points"),
        "period": _("In each"),
        "opens": _("Counts after"),
        "due": _("On time within the first"),
        "due_after": _("On time within"),
        "grace": _("Counts as late for"),
    }


def hints() -> Mapping[str, str]:
    """Say what an empty field means, and what a minus does."""
    return {
        "opens": _("Empty: from the beginning. A minus counts back from the end."),
        "due": _("Empty: all of it. A minus counts back from the end."),
        "grace": _("Empty: for ever. 0: not at all."),
    }


def units() -> list[tuple[str, str]]:
    """Name what a stretch is counted in."""
    return [("school_days", _("school days")), ("school_weeks", _("school weeks")), ("days", _("days"))]


def periods() -> list[tuple[str, str]]:
    """Name in what something may fall due so many times."""
    return [("term", _("term")), ("school_year", _("school year"))]
