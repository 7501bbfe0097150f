"""Chaos: components are killed, what was said is said again, the clock jumps, and whoever runs it may end broker and database."""

import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date, timedelta

from hongzhu.rehearsal.trial import Trial
from hongzhu.settling import Watch

DAY = timedelta(days=1)
KILLS, REPEATS, JUMPS, RESTARTS = 0.25, 0.25, 0.06, 0.015
"""How likely each is on a day."""


class Chaos:
    """What goes wrong, drawn from a seed; `restarts` end a server and start it again, by its name."""

    def __init__(self, trial: Trial, dice: random.Random, restarts: Mapping[str, Callable[[], None]]) -> None:
        self.trial = trial
        self.dice = dice
        self.restarts = restarts
        self.done: Counter[str] = Counter()
        self._to_kill = ""
        self._at = 0.0

    def plan_day(self) -> None:
        """Decide what a day brings."""
        if self.dice.random() < KILLS:
            self._to_kill = self.dice.choice(sorted(self.trial.components))
            self._at = time.monotonic() + self.dice.random() * 0.6
        for name, restart in self.restarts.items():
            if self.dice.random() < RESTARTS:
                restart()
                self.done[f"{name} restarted"] += 1

    def look(self) -> None:
        """Kill whose moment has come, and start again what was killed."""
        if self._to_kill and time.monotonic() >= self._at:
            self.trial.kill(self._to_kill)
            self.done[f"{self._to_kill} killed"] += 1
            self._to_kill = ""
        self.trial.revive()

    def repeat(self, watch: Watch) -> bool:
        """Let some of what was said be said again, late; tell whether anything was."""
        again = watch.say_again(self.dice, 40) if self.dice.random() < REPEATS else 0
        self.done["messages said again"] += again
        return again > 0

    def step(self, day: date, last: date, stand_on: Callable[[date], None]) -> date:
        """Step to the day after, or jump: over some days, or back and forth."""
        if self.dice.random() >= JUMPS:
            stand_on(day + DAY)
            return day + DAY
        self.done["clock jumps"] += 1
        stand_on(day - self.dice.randint(1, 3) * DAY)
        time.sleep(
            0.3
        )  # how long the clock stays wrong: several ticks at a rehearsal's pace, seen by some and not by others
        there = min(day + self.dice.randint(1, 3) * DAY, last)
        stand_on(there)
        return there
