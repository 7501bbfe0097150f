"""What is owed, worked out the slow and plain way: by loops over subjects, periods and days, apart from the engine.

The oracle is told the same things on the same days.  Each time somebody plans it goes from the beginning through everything about
those of whom something is new, and for the others through what opened since; `start_over` lets it go through everybody again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from hongzhu.programme import holds, leaves
from hongzhu.rehearsal.days import DAY, NEVER, School, Window


def half(day: date) -> tuple[int, int]:
    """Say which term of which school year begins on a day."""
    return (day.year, 1) if day.month >= 8 else (day.year - 1, 2)


@dataclass
class Oracle:
    """All that was told, and what was issued because of it."""

    calendar: Any = None
    versions: dict[str, dict[int, Any]] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    came: dict[str, date] = field(default_factory=dict)
    changed: dict[tuple[str, str], date] = field(default_factory=dict)
    events: dict[tuple[str, str], Any] = field(default_factory=dict)
    issued: dict[tuple[str, str, str], Window] = field(default_factory=dict)
    ruled: dict[tuple[str, str, str], Any] = field(default_factory=dict)
    asked: dict[tuple[str, str, str], str] = field(default_factory=dict)
    """What kind of evidence each task waits for: that of the version which it was issued under."""
    latest: date = date.min
    everybody: bool = True
    """Whether something is new that may be about anybody: rules, a calendar, or a day on which others rule."""
    _to_plan: set[str] = field(default_factory=set)
    _to_refresh: set[str] = field(default_factory=set)
    _awaited: dict[str, date] = field(default_factory=dict)
    _planned: date = date.min
    _rules: Any = None
    _theirs: dict[str, list[tuple[str, str, str]]] = field(default_factory=dict)
    _happened: dict[str, list[str]] = field(default_factory=dict)
    _turns: dict[tuple[str, str], list[tuple[str, date]]] = field(default_factory=dict)
    _schools: dict[str | None, School] = field(default_factory=dict)
    _occasions: dict[Any, list[tuple[str, Window]]] = field(default_factory=dict)
    _since: dict[tuple[str, str], list[tuple[str, str, str]]] = field(default_factory=dict)

    def start_over(self) -> None:
        """Think of everybody again, as if everything were new."""
        self.everybody = True

    def touch(self, subject: str) -> None:
        """Note that something is new of a subject, and so of whoever is at that school."""
        self._to_plan.add(subject)
        self._to_refresh.add(subject)

    def look_at_rules(self, day: date) -> dict[str, Any]:
        """Say by code which version rules on a day; when others rule than before, it is about everybody."""
        found = {code: self.ruling_on(code, day) for code in self.versions}
        told = {code: {number: id(each) for number, each in known.items()} for code, known in self.versions.items()}
        rules = ({code: id(each) for code, each in found.items()}, told)
        if rules != self._rules:
            self._rules = rules
            self.start_over()
        return found

    def ruling_on(self, code: str, today: date) -> Any:
        """Return the version that rules on a day, if there is one."""
        return next((programme for first, last, programme in self.ruling(code) if first <= today <= last), None)

    def know(self, facts: Any, today: date) -> None:
        """Somebody told the facts of a subject."""
        before = self.facts.get(facts.id)
        if before is not None and before.version >= facts.version:
            return
        learnt = max(today, facts.entered_on)
        moved = before is not None and any(
            getattr(before, name) != getattr(facts, name) for name in ("school_id", "entered_on", "present")
        )
        if before is None or moved:
            self.came[facts.id] = learnt if moved else facts.entered_on
            self.changed = {key: day for key, day in self.changed.items() if key[0] != facts.id}
        else:
            for name, value in facts.model_dump(exclude={"version"}).items():
                if getattr(before, name) != value:
                    self.changed[facts.id, name] = learnt
        self.facts[facts.id] = facts
        self.touch(facts.id)
        if facts.id == facts.school_id:
            for each in self.facts.values():
                if each.school_id == facts.id:
                    self.touch(each.id)

    def happen(self, event_id: str, kind: str, day: date, subject: str, amount: float | None) -> None:
        """Something happened to a subject."""
        _kind, day, before = self.events.get((event_id, subject), (kind, day, None))
        amounts = [each for each in (before, amount) if each is not None]
        if (event_id, subject) not in self.events:
            self._happened.setdefault(subject, []).append(event_id)
        self.events[event_id, subject] = (kind, day, max(amounts, default=None))
        self.touch(subject)

    def announce(self, calendar: Any, today: date) -> None:
        """The bureau announced its calendar."""
        self.calendar = calendar
        self.start_over()
        self._schools.clear()
        self._occasions.clear()
        for key, (opens, due, grace) in self.issued.items():
            if NEVER not in (due, grace):
                continue
            trigger = self.ruled[key]
            school = School(calendar)
            if hasattr(trigger, "due_after"):
                ends = school.on(opens, trigger.due_after)
                found: Window = (opens, ends, school.grace(ends, trigger.grace))
            else:
                again = [each for each in self.occasions(trigger, None) if each[0] == key[2]]
                # A period that is not there any more, or is over before it opened, keeps its open end.
                if not again or again[0][1][1] < opens or again[0][1][0] > opens + 366 * DAY:
                    continue
                found = again[0][1]
            new_due = due if due < NEVER else max(found[1], today)
            new_grace = None if found[2] is None else max(found[2], new_due)
            self.issued[key] = (opens, new_due, new_grace)

    def plan(self, day: date) -> None:
        """Go up to a day through everything that can have become due since the last time."""
        self.latest = max(self.latest, day)
        if not self.calendar:
            return
        self.look_at_rules(self.latest)
        self._to_plan |= {each for each, begins in self._awaited.items() if begins <= self.latest}
        for code in sorted(self.versions):
            for first, last, programme in self.ruling(code):
                triggers = getattr(programme.trigger, "of", None) or (programme.trigger,)
                for trigger in triggers:
                    self._plan(programme, trigger, first, min(last, self.latest))
        self._awaited = {each: begins for each, begins in self._awaited.items() if begins > self.latest}
        self._to_plan.clear()
        self._planned, self.everybody = self.latest, False

    def ruling(self, code: str) -> list[tuple[date, date, Any]]:
        """Say which version rules which days, by asking for each day that begins something."""
        versions = self.versions[code]
        begins = sorted({each.effective_from for each in versions.values()})
        found = []
        for place, first in enumerate(begins):
            last = begins[place + 1] - DAY if place + 1 < len(begins) else NEVER
            newest = max(number for number, each in versions.items() if each.effective_from <= first)
            found.append((first, last, newest))
        joined: list[list[Any]] = []
        for first, last, newest in found:
            if joined and joined[-1][2] == newest:
                joined[-1][1] = last
            else:
                joined.append([first, last, newest])
        return [
            (first, last, versions[newest].programme)
            for first, last, newest in joined
            if not versions[newest].suspended
        ]

    def held(self, programme: Any, subject: str) -> date:
        """Since when all has held of a subject that the programme asks about."""
        school = self.facts[subject].school_id
        days = [self.came[subject]]
        for leaf in leaves(programme.eligible):
            whose = school if leaf.fact.startswith("school.") else subject
            fact = leaf.fact.removeprefix("school.")
            days += [self.changed.get((whose, fact), self.came.get(whose, date.min))]
        return max(days)

    def _subjects(self, programme: Any, only: set[str] | None = None) -> list[Any]:
        found = []
        names = sorted(self.facts if only is None else only & self.facts.keys())
        for facts in map(self.facts.__getitem__, names):
            kind = type(facts).__name__.removesuffix("Facts").lower()
            if kind == "agency" and facts.id != programme.agency:
                continue  # what an agency promises of itself is no other's
            school = self.facts.get(facts.school_id)
            if kind == programme.subject and facts.present and holds(programme.eligible, facts, school):
                found.append(facts)
        return found

    def _plan(self, programme: Any, trigger: Any, first: date, through: date) -> None:  # noqa: PLR0912  # a loop in a loop, on purpose
        if through < first:
            return
        code = programme.code
        if trigger.kind == "rota":
            given = self._given(code)
            for period, window in self.occasions(trigger, None):
                if not (window[0] <= through and window[1] >= first) or period in given:
                    continue
                waiting = [each for each in self._subjects(programme) if self.held(programme, each.id) <= window[1]]
                if waiting:
                    last_turns = {each.id: self._last_turn(code, each.id) for each in waiting}
                    longest_ago = min(last_turns, key=lambda each: (last_turns[each], each))
                    self._issue(programme, longest_ago, period, window, trigger)
            return
        for facts in self._subjects(programme, self._asked(trigger, through)):
            if trigger.kind == "standing":
                begins = self._begins(code, facts.id, max(self.held(programme, facts.id), first))
                if begins is not None and begins <= through:
                    self._issue(programme, facts.id, f"since:{begins}", self._from(facts, begins, trigger), trigger)
                elif begins is not None:
                    self._await(facts.id, begins)
            elif trigger.kind == "on_event":
                for event_id in self._happened.get(facts.id, ()):
                    kind, day, amount = self.events[event_id, facts.id]
                    enough = trigger.at_least is None or (amount is not None and amount >= trigger.at_least)
                    if kind == trigger.event and enough and first <= day:
                        if day > through:
                            self._await(facts.id, day)
                            continue
                        window = self._from(facts, day, trigger)
                        if self.held(programme, facts.id) <= window[1]:
                            self._issue(programme, facts.id, f"event:{event_id}", window, trigger)
            else:
                for period, window in self.occasions(trigger, facts.school_id):
                    if (code, facts.id, period) in self.issued or window[0] > through or window[1] < first:
                        continue
                    if self.held(programme, facts.id) <= window[1]:
                        self._issue(programme, facts.id, period, window, trigger)

    def _await(self, subject: str, day: date) -> None:
        # A day that is over by now, but not in the days of the version that is looked at, is the matter of another version.
        if day > self.latest:
            self._awaited[subject] = min(day, self._awaited.get(subject, day))

    def _asked(self, trigger: Any, through: date) -> set[str] | None:
        """Name those who can be owed something that they were not before; nothing means anybody."""
        if self.everybody:
            return None
        if trigger.kind not in ("standing", "on_event"):
            schools = {None, *(each.school_id for each in self.calendar.exceptions)}
            windows = (window for school in schools for _period, window in self.occasions(trigger, school))
            if any(self._planned < window[0] <= through for window in windows):
                return None
        return self._to_plan

    def _episodes(self, code: str, subject: str) -> list[tuple[str, str, str]]:
        return self._since.get((code, subject), [])

    def _begins(self, code: str, subject: str, begins: date) -> date | None:
        return None if self._episodes(code, subject) else begins

    def _from(self, facts: Any, day: date, trigger: Any) -> Window:
        school = self._school(facts.school_id)
        due = school.on(day, trigger.due_after)
        return day, due, school.grace(due, trigger.grace)

    def _issue(self, programme: Any, subject: str, period: str, window: Window, trigger: Any) -> None:
        code = programme.code
        if (code, subject, period) not in self.issued:
            self.issued[code, subject, period] = window
            self._theirs.setdefault(subject, []).append((code, subject, period))
            self._to_refresh.add(subject)
            if period.startswith("since:"):
                self._since.setdefault((code, subject), []).append((code, subject, period))
            if period.startswith("turn:"):
                self._turns.setdefault((code, subject), []).append((period, window[0]))
            self.ruled[code, subject, period] = trigger
            self.asked[code, subject, period] = programme.resolved_by

    def _given(self, code: str) -> set[str]:
        return {period for (each, _), turns in self._turns.items() if each == code for period, _ in turns}

    def _last_turn(self, code: str, subject: str) -> date:
        return max((opens for _, opens in self._turns.get((code, subject), ())), default=date.min)

    def occasions(self, trigger: Any, school_id: str | None) -> list[tuple[str, Window]]:
        """Work out every period of a trigger that the calendar holds, with its window at a school."""
        if not any(each.school_id == school_id for each in self.calendar.exceptions):
            school_id = None  # one school is like the other
        if (trigger, school_id) in self._occasions:
            return self._occasions[trigger, school_id]
        school = self._school(school_id)
        found = self._occasions[trigger, school_id] = []
        for period, first, last in self._periods(trigger):
            if trigger.kind == "holiday_offer" or any(first <= day <= last for day in school.days):
                found.append((period, school.window(first, last, trigger)))
        return found

    def _school(self, school_id: str | None) -> School:
        if school_id not in self._schools:
            self._schools[school_id] = School(self.calendar, school_id)
        return self._schools[school_id]

    def _terms(self) -> dict[tuple[int, int], tuple[date, date]]:
        terms: dict[tuple[int, int], tuple[date, date]] = {}
        for term in sorted(self.calendar.terms, key=lambda each: each.first):
            first, last = terms.get(half(term.first), (term.first, term.last))
            terms[half(term.first)] = (first, max(last, term.last))
        return terms

    def _periods(self, trigger: Any) -> list[tuple[str, date, date]]:  # noqa: PLR0912  # one for each kind of trigger
        terms = self._terms()
        everyone = self._school(None).days
        if not terms:
            return []
        if trigger.kind == "every_school_week":
            # 1 January of the year 1 was a Monday; from there on blocks of so many weeks follow one another.
            long = 7 * trigger.every
            blocks = sorted({(day.toordinal() - 1) // long for day in everyone})
            return [
                (f"week:{first}", first, first + (long - 1) * DAY)
                for first in (date.fromordinal(n * long + 1) for n in blocks)
            ]
        if trigger.kind == "every_month":
            months = sorted({(day.year, day.month) for day in everyone})
            found = []
            for year, month in months:
                days = [
                    term.first + n * DAY
                    for term in self.calendar.terms
                    for n in range((term.last - term.first).days + 1)
                    if ((term.first + n * DAY).year, (term.first + n * DAY).month) == (year, month)
                ]
                found.append((f"month:{year}-{month:02}", min(days), max(days)))
            return found
        if trigger.kind == "holiday_offer":
            order = list(terms)
            found = []
            for place, (year, which) in enumerate(order):
                if (which == 1) == (trigger.season == "winter"):
                    last = terms[order[place + 1]][0] - DAY if place + 1 < len(order) else NEVER
                    found.append((f"holiday:{year + 1}-{trigger.season}", terms[year, which][1] + DAY, last))
            return found
        if trigger.kind == "once_per" and trigger.period == "term":
            return [(f"term:{year}-{which}", first, last) for (year, which), (first, last) in terms.items()]
        if trigger.kind == "once_per":
            found = []
            for year in sorted({year for year, _which in terms}):
                own = [span for (each, _which), span in terms.items() if each == year]
                over = (year, 2) in terms or any(each > year for each, _which in terms)
                found.append((f"year:{year}", own[0][0], own[-1][1] if over else NEVER))
            return found
        assert trigger.kind == "rota"
        found = []
        for (year, which), (first, last) in terms.items():
            weeks = sorted({day - day.weekday() * DAY for day in everyone if first <= day <= last})
            if trigger.period == "term":
                turns = [f"turn:{year}-{which}/{n}" for n in range(1, trigger.times + 1)]
            else:
                all_turns = [f"turn:{year}/{n}" for n in range(1, trigger.times + 1)]
                cut = -(-trigger.times // 2)
                turns = all_turns[:cut] if which == 1 else all_turns[cut:]
            for place, turn in enumerate(turns if weeks else ()):
                begin, end = place * len(weeks) // len(turns), (place + 1) * len(weeks) // len(turns)
                mine = weeks[begin:end] or [weeks[begin]]
                found.append((turn, max(mine[0], first), min(mine[-1] + 6 * DAY, last)))
        return found
