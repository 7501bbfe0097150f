"""The account of a proof in which things die: how often at each point, and what was found after."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple


class Found(NamedTuple):
    """What a week came to."""

    expected: int
    lost: list[str]
    twice: list[str]


@dataclass
class Tally:
    """The weeks in which something died at one point."""

    kills: int = 0
    expected: int = 0
    lost: int = 0
    twice: int = 0

    def __str__(self) -> str:
        return f"kills={self.kills} expected={self.expected} lost={self.lost} dup={self.twice}"


@dataclass
class Account:
    """What was killed and what was found, over a whole proof."""

    points: defaultdict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    weeks: Tally = field(default_factory=Tally)

    def add(self, died: Counter[str], found: Found) -> None:
        """Note one week; what was found counts for every point at which something died in it."""
        for tally, kills in [(self.weeks, died.total()), *((self.points[each], died[each]) for each in died)]:
            tally.kills += kills
            tally.expected += found.expected
            tally.lost += len(found.lost)
            tally.twice += len(found.twice)

    def lines(self) -> Iterable[str]:
        """Tell the account, a point a line."""
        for name in sorted(self.points):
            yield f"{name:48} {self.points[name]}"
        yield f"{'in all':48} {self.weeks}"

    @property
    def clean(self) -> bool:
        """Whether nothing was lost and nothing was there twice."""
        return self.weeks.lost == 0 and self.weeks.twice == 0
