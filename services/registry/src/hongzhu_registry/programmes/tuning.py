"""Tuning: the bureau changes how often a programme falls due and in which window, and nothing else of it.

What it changed is kept beside the definition, so that an agency which declares its programme once more does not undo it.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from pydantic import ValidationError

from hongzhu.calendar import NOT_ANNOUNCED, SchoolCalendar
from hongzhu.errors import InvalidError
from hongzhu.occasions import occasions
from hongzhu.programme import Programme
from hongzhu.task_state import Window
from hongzhu.trigger import Trigger, parts

_A_YEAR = timedelta(days=366)


def tuned(programme: Programme, tuning: Mapping[str, Any] | None) -> Programme:
    """Return a programme as the bureau tuned it; tuning of another kind of trigger is of no use to it."""
    if not tuning or tuning["kind"] != programme.trigger.kind:
        return programme
    definition = programme.model_dump(mode="json", by_alias=True)
    definition["trigger"] = {**definition["trigger"], **tuning}
    return Programme.model_validate(definition)


def tune(programme: Programme, changes: Mapping[str, Any]) -> Programme:
    """Change fields of a programme's trigger; raises `InvalidError` for what no trigger of its kind can be."""
    if changes.get("kind", programme.trigger.kind) != programme.trigger.kind:
        raise InvalidError(
            "Tuning changes how often and in which window, not the kind of trigger.", field="trigger.kind"
        )
    try:
        return tuned(programme, {**changes, "kind": programme.trigger.kind})
    except ValidationError as error:
        # The place within the trigger, without the names of the kinds that pydantic tried.
        field = ".".join(
            str(each) for each in error.errors()[0]["loc"] if each not in ("trigger", programme.trigger.kind)
        )
        raise InvalidError("{where} is not as it should be.", field=f"trigger.{field}", where=field) from error


def moves(before: Trigger, after: Trigger, calendar: SchoolCalendar | None, day: date) -> list[dict[str, Any]]:
    """Say which periods change their window, come or go: only those that do not count yet on `day`.

    What waits for a condition or an event has no days beforehand, and is not listed.
    """
    if calendar is None:
        return []
    old, new = _windows(before, calendar, day), _windows(after, calendar, day)
    under_way = {period for period, window in old.items() if window.opens_on <= day}
    changed = [each for each in {**old, **new} if each not in under_way and old.get(each) != new.get(each)]
    listed = [{"period": each, "before": _shown(old.get(each)), "after": _shown(new.get(each))} for each in changed]
    return sorted(listed, key=lambda move: min(each["opens_on"] for each in (move["before"], move["after"]) if each))


def _windows(trigger: Trigger, calendar: SchoolCalendar, day: date) -> dict[str, Window]:
    found = (each for part in parts(trigger) for each in occasions(part, calendar, day, day + _A_YEAR))
    return {each.period: each.window for each in found}


def _shown(window: Window | None) -> dict[str, Any] | None:
    return window and {name: None if on == NOT_ANNOUNCED else on for name, on in window._asdict().items()}
