"""Spreading a week's work over its school days: by each teacher's load, brothers and sisters on one day.  Pure."""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from datetime import date
from typing import NamedTuple


class Pupil(NamedTuple):
    """A child with what its day depends on."""

    child_id: str
    teacher: Hashable
    """Whoever does the work: one for each class."""
    family: Hashable
    """What brothers and sisters share."""


def spread(pupils: Iterable[Pupil], days: Sequence[date]) -> dict[str, date]:
    """Give each child one of the days: each family the one on which its busiest teacher has the least to do.

    The same pupils get the same days, whoever asks and in whatever order they come; without days nobody gets one.
    """
    if not days:
        return {}
    families: defaultdict[Hashable, list[Pupil]] = defaultdict(list)
    for pupil in sorted(set(pupils)):
        families[pupil.family].append(pupil)
    load: Counter[tuple[Hashable, date]] = Counter()
    planned: dict[str, date] = {}
    # The large ones first: what is single fills the gaps they leave.
    for family in sorted(families.values(), key=lambda each: (-len(each), each[0].child_id)):
        teachers = [pupil.teacher for pupil in family]
        day = min(days, key=lambda each: (max(load[teacher, each] for teacher in teachers), each))
        for pupil in family:
            load[pupil.teacher, day] += 1
            planned[pupil.child_id] = day
    return planned
