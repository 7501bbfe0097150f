"""What JSON can say and nobody can keep: half a character, the character that is none, a number without end."""

import math
from collections.abc import Mapping
from typing import Any

from fastapi import Request

from hongzhu.errors import InvalidError

_LARGEST = 2**63 - 1


async def storable(request: Request) -> None:
    """Refuse a body that could be stored and never be read again; raises `InvalidError` with the place named."""
    # What the framework has read of the body, if the route takes JSON at all; it keeps it under no public name.
    _look_through(getattr(request, "_json", None))


def _look_through(body: Any) -> None:
    # Without recursion: a body may be nested deeper than the interpreter's stack.
    waiting: list[tuple[str, Any]] = [("", body)]
    while waiting:
        where, value = waiting.pop()
        if isinstance(value, Mapping):
            for name, each in value.items():
                if not _can_be_kept(name):
                    raise _refused(where)
                waiting.append((f"{where}.{name}" if where else name, each))
        elif isinstance(value, list):
            waiting.extend((f"{where}.{place}" if where else str(place), each) for place, each in enumerate(value))
        elif not _can_be_kept(value):
            raise _refused(where)


def _can_be_kept(value: Any) -> bool:
    match value:
        case str():
            return "\0" not in value and not any("\ud800" <= each <= "\udfff" for each in value)
        case float():
            return math.isfinite(value)
        case int():
            return -_LARGEST <= value <= _LARGEST
        case _:
            return True


def _refused(where: str) -> InvalidError:
    field = where[:100] or "body"
    return InvalidError(
        "{where} holds a character or a number that cannot be kept; write it again without it.",
        where=field,
        field=field,
    )
