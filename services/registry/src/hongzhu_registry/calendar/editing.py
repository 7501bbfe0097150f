"""Editing a calendar entry by entry; each edit is a calendar of its own, which is then announced whole."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Literal

from hongzhu.calendar import Holiday, MakeUp, SchoolCalendar, SchoolException, Term
from hongzhu.errors import InvalidError, StaleError

Part = Literal["terms", "holidays", "make_ups", "exceptions"]
Entry = Term | Holiday | MakeUp | SchoolException
KINDS: Mapping[Part, type[Entry]] = {
    "terms": Term,
    "holidays": Holiday,
    "make_ups": MakeUp,
    "exceptions": SchoolException,
}


def key(entry: Entry) -> str:
    """Tell an entry apart from the others of its part, whatever was announced meanwhile."""
    return "/".join((str(entry.first), str(entry.last), getattr(entry, "school_id", "")))


def entry_of(part: Part, *, name: str, first: date, last: date, school_id: str) -> Entry:
    """Make an entry of what was typed."""
    values: dict[str, Any] = {"name": name, "first": first, "last": last}
    if part == "exceptions":
        values["school_id"] = school_id
    return KINDS[part].model_validate(values)


def edited(calendar: SchoolCalendar, part: Part, was: str, entry: Entry | None) -> SchoolCalendar:
    """Return a calendar with an entry added, changed or taken out.

    `was` is the key of the entry that is there, empty for none; raises `StaleError` when somebody changed it meanwhile.
    """
    entries: list[Entry] = list(getattr(calendar, part))
    if was:
        found = [each for each in entries if key(each) == was]
        if not found:
            raise StaleError
        entries.remove(found[0])
    if entry is not None:
        if any(key(each) == key(entry) for each in entries):
            raise InvalidError("These days are there already.", field="first")
        entries.append(entry)
    in_order = sorted(entries, key=lambda each: (each.first, each.last))
    return SchoolCalendar.model_validate(calendar.model_dump() | {part: [each.model_dump() for each in in_order]})
