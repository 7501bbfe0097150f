"""How every task stands, worked out the slow and plain way: what was done, taken back, excused, paused, and owed no longer."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from hongzhu.rehearsal.days import DAY, NEVER, Window
from hongzhu.rehearsal.oracle import Oracle

Key = tuple[str, str, str]
ONE_BY_ONE = {"mandatory_report_answered"}
"""What answers one event, and counts for no other."""


@dataclass
class StateOracle(Oracle):
    """The oracle of tasks, told also what became of them."""

    proofs: dict[tuple[str, str], tuple[int, str, date | None]] = field(default_factory=dict)
    excuses: dict[str, Any] = field(default_factory=dict)
    over: dict[Key, date] = field(default_factory=dict)
    _proven: dict[tuple[str, str], dict[str, date | None]] = field(default_factory=dict)
    _excused: dict[str, dict[str, Any]] = field(default_factory=dict)
    _refreshed: date = date.min
    _all_again: bool = True

    def start_over(self) -> None:
        """Think of everybody again, also of what is owed no longer."""
        super().start_over()
        self._all_again = True

    def prove(self, proof: str, subject: str, kind: str, day: date | None, version: int) -> None:
        """Somebody filed evidence, or took it back: then it has no day."""
        if version > self.proofs.get((proof, subject), (0, "", None))[0]:
            self.proofs[proof, subject] = (version, kind, day)
            self._proven.setdefault((subject, kind), {})[proof] = day
            self.touch(subject)

    def excuse(self, told: Any) -> None:
        """Somebody excused a subject from one task, or from some days."""
        if told.id not in self.excuses or told.version > self.excuses[told.id].version:
            self.excuses[told.id] = told
            self._excused.setdefault(told.subject_id, {})[told.id] = told
            self.touch(told.subject_id)

    def done(self, subject: str, kind: str) -> list[date]:
        """On which days something of a kind was done for a subject, the first first."""
        return sorted(day for day in self._proven.get((subject, kind), {}).values() if day)

    def counting(self, key: Key) -> list[date]:
        """On which days that was done which counts for a task, the first first."""
        _code, subject, period = key
        opens, _due, grace = self.issued[key]
        kind = self.asked[key]
        days = self._proven.get((subject, kind), {})
        if kind in ONE_BY_ONE:
            days = {proof: day for proof, day in days.items() if period == f"event:{proof}"}
        return sorted(day for day in days.values() if day and opens <= day <= (grace or NEVER))

    def pauses(self, subject: str) -> list[tuple[date, date]]:
        """From when to when a subject is away; a day that nobody has announced is in no pause."""
        return [
            (each.first, each.last or NEVER - DAY)
            for each in self._excused.get(subject, {}).values()
            if each.first and not each.lifted
        ]

    def away(self, subject: str, first: date, last: date) -> bool:
        """Whether a subject is away on all of some days."""
        return any(begins <= first and last <= ends for begins, ends in self.pauses(subject))

    def refresh(self, today: date) -> None:
        """See what is owed no longer, and what is again."""
        ruling = self.look_at_rules(today)
        everybody = self._all_again or today < self._refreshed
        self._refreshed, self._all_again = today, False
        asked, self._to_refresh = self._theirs.keys() if everybody else self._to_refresh, set()
        for key in [each for subject in asked for each in self._theirs.get(subject, ())]:
            code, subject, period = key
            grace = self.issued[key][2]
            episode, in_time = period.startswith("since:"), grace is None or grace >= today
            if not (in_time or episode):
                continue
            if not self._owed(ruling[code], subject, episode=episode):
                if key not in self.over:
                    self.over[key] = today
                    self._to_plan.add(subject)
            elif key in self.over and in_time:
                another = any(each not in self.over for each in self._episodes(code, subject))
                if not episode or (not another and self.state(key, today) == "cancelled"):
                    del self.over[key]
                    self._to_plan.add(subject)

    def _owed(self, programme: Any, subject: str, *, episode: bool) -> bool:
        if programme is None or not self.facts[subject].present:
            return False
        return bool(self._subjects(programme, {subject})) or not (episode or programme.lapses)

    def state(self, key: Key, today: date) -> str:
        """Say how a task stands on a day."""
        _code, subject, _period = key
        _opens, due, grace = self.issued[key]
        for each in self._excused.get(subject, {}).values():
            if (each.programme, each.subject_id, each.period) == key and not each.lifted:
                return "excused"
        if done := self.counting(key):
            return "done" if done[0] <= due else "late"
        if self.away(subject, due, due):
            return "excused"
        if key in self.over and self.over[key] <= (grace or NEVER):
            return "cancelled"
        if today <= due:
            return "due"
        return "overdue" if grace is None or today <= grace else "missed"

    def states(self, today: date) -> dict[Key, str]:
        """Say how every task stands on a day."""
        return {key: self.state(key, today) for key in self.issued}

    def held(self, programme: Any, subject: str) -> date:
        """Also what had to be done first holds since it was done."""
        return max([super().held(programme, subject), *(self.done(subject, each)[0] for each in programme.requires)])

    def _subjects(self, programme: Any, only: set[str] | None = None) -> list[Any]:
        return [
            each
            for each in super()._subjects(programme, only)
            if all(self.done(each.id, kind) for kind in programme.requires)
        ]

    def _begins(self, code: str, subject: str, begins: date) -> date | None:
        """An episode goes on unless it is over or a pause excused it; what a pause kept back begins the day after."""
        mine = self._episodes(code, subject)
        begins = max([begins, *(self.over[key] for key in mine if key in self.over)])
        days = [begins]
        going_on = {key for key in mine if key not in self.over}
        for first, last in self.pauses(subject):
            cut = {
                key
                for key in going_on
                if self.state(key, date.min) == "excused" and first <= self.issued[key][1] <= last
            }
            if cut or first <= begins <= last:
                days.append(last + DAY)
            going_on -= cut
        if going_on:
            return None
        taken = f"since:{max(days)}" in {period for _code, _subject, period in mine}
        return max(days) + DAY if taken else max(days)

    def _issue(self, programme: Any, subject: str, period: str, window: Window, trigger: Any) -> None:
        if not self.away(subject, window[0], window[1]):
            super()._issue(programme, subject, period, window, trigger)
