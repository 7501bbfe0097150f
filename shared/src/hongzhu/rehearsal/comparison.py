"""The comparison: every task that the API tells of, held against what the oracle says there must be."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from hongzhu.rehearsal.days import NEVER
from hongzhu.rehearsal.knowledge import Key, Knowledge
from hongzhu.rehearsal.states import StateOracle

Row = Mapping[str, Any]
Standing = tuple[str, date, date | None, date | None, date | None]
"""State, first day, last day on time, last day at all, the day it was done."""


@dataclass
class Outcome:
    """What a rehearsal came to."""

    day: date
    expected: int = 0
    lost: list[Key] = field(default_factory=list)
    dup: list[Key] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    states: Counter[str] = field(default_factory=Counter)
    by_week: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Tasks by the Monday of the week in which they open, and by agency."""
    by_school: Counter[str] = field(default_factory=Counter)
    by_agency: Counter[str] = field(default_factory=Counter)
    left_out: dict[str, str] = field(default_factory=dict)
    """Programmes that were not compared, with the reason."""

    @property
    def clean(self) -> bool:
        """Whether nothing was lost or there twice, and the oracle agrees on every task."""
        return not (self.lost or self.dup or self.wrong)

    def __str__(self) -> str:
        counts = {"lost": len(self.lost), "dup": len(self.dup), "wrong": len(self.wrong)}
        counts |= {name: self.states[name] for name in ("late", "missed")}
        return " ".join([f"expected={self.expected}", *(f"{name}={many}" for name, many in counts.items())])


def compare(knowledge: Knowledge, tasks: Sequence[Row], day: date) -> Outcome:
    """Hold the API's tasks against the oracle's, each with its window, its state and the day it was done."""
    outcome = Outcome(day, left_out=dict(knowledge.left_out))
    wanted: dict[Key, Standing] = {}
    for key in knowledge.oracle.issued:
        if key[0] not in knowledge.left_out:
            wanted[key] = stands(knowledge.oracle, key, day)
    there: Counter[Key] = Counter()
    for task in tasks:
        key = task["programme"], task["subject_id"], task["period"]
        _count(outcome, task)
        if task["programme"] in knowledge.left_out:
            continue
        there[key] += 1
        if key in wanted and (found := _found(task)) != wanted[key]:
            outcome.wrong.append(f"{key}: {found}, not {wanted[key]}")
    outcome.expected = len(wanted)
    outcome.lost = sorted(wanted.keys() - there.keys())
    outcome.dup = sorted(key for key, many in there.items() for _ in range(many - (key in wanted)))
    return outcome


def stands(oracle: StateOracle, key: Key, day: date) -> Standing:
    """Say how a task stands on a day; what was done counts from the earliest evidence in its window."""
    opens, due, grace = oracle.issued[key]
    return oracle.state(key, day), opens, _announced(due), _announced(grace), min(oracle.counting(key), default=None)


def _announced(day: date | None) -> date | None:
    return None if day == NEVER else day


def _found(task: Row) -> Standing:
    opens, due, grace, done = (
        task[name] and date.fromisoformat(task[name]) for name in ("opens_on", "due_on", "grace_until", "done_on")
    )
    return task["state"], opens, due, grace, done


def _count(outcome: Outcome, task: Row) -> None:
    opens = date.fromisoformat(task["opens_on"])
    outcome.states[task["state"]] += 1
    outcome.by_week[str(opens - timedelta(days=opens.weekday())), task["agency"]] += 1
    outcome.by_school[task["school_id"]] += 1
    outcome.by_agency[task["agency"]] += 1
