"""Who looked into a dossier, in words: looks that follow one another and are alike are told once, with how many they are."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

from hongzhu_registry.copies import words


class Look(NamedTuple):
    """What one role did from one house, so many times in a row, the last time then."""

    at: datetime
    who: str
    house: str | None
    did: str
    times: int = 1


def each_of(seen: Iterable[Mapping[str, Any]]) -> Iterator[Look]:
    """Say each look in words."""
    roles = words.roles()
    for each in seen:
        yield Look(each["at"], roles.get(each["role"], each["role"]), each["house"], words.act(each["action"]))


def merged(seen: Iterable[Mapping[str, Any]]) -> Iterator[Look]:
    """Say in words the looks that differ from the one before, the newest first."""
    for _alike, group in groupby(each_of(seen), key=lambda look: (look.who, look.house, look.did)):
        newest, *older = group
        yield newest._replace(times=1 + len(older))
