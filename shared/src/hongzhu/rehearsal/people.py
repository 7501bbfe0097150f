"""People: what schools, agencies and the bureau file in a rehearsal, through the API as everybody does.

Who does what and when is drawn from a seed: most is done on time, some late, some was done and is handed in on paper long
after, and some is never done.
"""

import random
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from functools import partial
from typing import Any, NamedTuple

from hongzhu.calendar import SchoolCalendar
from hongzhu.errors import HongzhuError
from hongzhu.registry_client import RegistryClient
from hongzhu.rehearsal.knowledge import PAIRED

Row = Mapping[str, Any]
Job = Callable[[], object]
DAY = timedelta(days=1)
TOGETHER = 100
"""The most children whom one record of something done together names."""
OTHERS = (0.6, 0.2, 0.2)
"""In how many of a school's periods all are seen to together, some only later, or some come in on paper long after."""
APART = 0.3
"""How many of the children are then among those."""
NOT_FILED = {*PAIRED.values(), "leading_group", "places", "sites"}
"""What nobody files: agencies match people, workbooks name leaders, and the rest follows from what there is."""


class Filing(NamedTuple):
    """That something is to be filed: for which task, and of which day."""

    task: Row
    done_on: date


class People:
    """Those who act; `offices` are the doors they come in by: ``bureau``, schools by their ids, agencies by their names."""

    def __init__(self, offices: Mapping[str, RegistryClient], rate: float, seed: int) -> None:
        self.offices = offices
        self.rate = rate
        self.seed = seed
        self.book: defaultdict[date, list[Filing]] = defaultdict(list)
        self.known: set[str] = set()
        self.programmes: dict[str, Row] = {}
        """Definitions by code."""
        self.names: dict[str, str] = {}
        """What facilities are called, by their ids."""
        self.filed = 0
        self.evidence: list[tuple[str, str, str, str | None]] = []
        """What was filed since anybody asked: its id, for whom, of which kind, of which day; without one it was taken back."""
        self.records: deque[tuple[str, str, Sequence[str]]] = deque(maxlen=50)
        """What was filed of late for children: its id, its kind, for whom."""
        self.refused: defaultdict[str, int] = defaultdict(int)
        """How often what was sent was refused, by programme or act, with the kind of error."""

    def dice(self, *about: object) -> random.Random:
        """Return dice that fall alike whenever the same is asked."""
        return random.Random("/".join(map(str, (self.seed, *about))))  # noqa: S311  # nothing secret

    def take_note(self, tasks: Iterable[Row], day: date, calendar: SchoolCalendar) -> None:
        """Decide of tasks that are new what will be done, and when it is filed."""
        for task in tasks:
            if task["id"] in self.known:
                continue
            self.known.add(task["id"])
            if (fate := self._fate(task, day, calendar)) is not None:
                file_on, done_on = fate
                self.book[file_on].append(Filing(task, done_on))

    def _fate(self, task: Row, day: date, calendar: SchoolCalendar) -> tuple[date, date] | None:
        of_child = self.dice("child", task["id"])
        if of_child.random() >= self.rate:
            return None
        # A school sees to its children together, on one day of a period; in some periods some of them were not there.
        of_group = self.dice(task["programme"], task["period"], task["school_id"])
        due = date.fromisoformat(task["due_on"]) if task["due_on"] else day + 20 * DAY
        first = max(day, date.fromisoformat(task["opens_on"]))
        days = calendar.days.between(first, due) or [max(first, min(due, first))]
        on_time = of_group.choice(list(days)[:15])
        others, apart = of_group.choices((None, "later", "on paper"), OTHERS)[0], of_child.random() < APART
        if apart and others == "later":
            late = due + of_group.randint(1, 6) * DAY
            return late, late
        if apart and others == "on paper":  # done, and handed in long after, one list of a school
            return max(due, on_time) + of_group.randint(5, 30) * DAY, on_time
        return on_time, on_time

    def filings(self, day: date, school_of: Mapping[str, str | None]) -> list[Job]:
        """Return what is to be filed by a day, as jobs; `school_of` says where each child is now, if it is here at all."""
        due = [each for on in [each for each in self.book if each <= day] for each in self.book.pop(on)]
        groups: defaultdict[tuple[str, str, date], list[str]] = defaultdict(list)
        jobs: list[Job] = []
        for task, done_on in due:
            definition = self.programmes[task["programme"]]
            subject, is_child = task["subject_id"], definition["subject"] == "child"
            if definition["resolved_by"] in NOT_FILED or (is_child and not school_of.get(subject)):
                continue
            if is_child and definition["form"] is not None:
                groups[task["programme"], str(school_of[subject]), done_on].append(subject)
            else:
                jobs.append(partial(self._file_one, task, done_on, day))
        for (code, school, done_on), children in groups.items():
            for start in range(0, len(children), TOGETHER):
                some = sorted(children[start : start + TOGETHER])
                jobs.append(partial(self._file_record, code, school, done_on, some))
        return jobs

    def _file_record(self, code: str, school: str, done_on: date, children: Sequence[str]) -> None:
        definition = self.programmes[code]
        body = {
            "kind": definition["resolved_by"],
            "occurred_on": str(done_on),
            "data": filled_in(definition["form"], done_on),
            "child_ids": list(children),
        }
        answer = self.send(code, self.offices.get(school, self.offices["bureau"]), "/records", body, len(children))
        if answer:
            kind = definition["resolved_by"]
            self.evidence += [(answer["id"], each, kind, str(done_on)) for each in children]
            self.records.append((answer["id"], kind, children))

    def _file_one(self, task: Row, done_on: date, day: date) -> None:
        """File what one task asks for, in the way that its kind of evidence has; some counts by the day of the filing."""
        code, definition = task["programme"], self.programmes[task["programme"]]
        kind, subject, event = definition["resolved_by"], task["subject_id"], task["period"].removeprefix("event:")
        agency, bureau = code.partition(".")[0], self.offices["bureau"]
        office = self.offices.get(agency if definition["assignee"] == "agency" else subject, bureau)
        of_school = definition["subject"] == "school"
        if kind == "referral_answered":
            self.send(code, office, f"/referrals/{event}/accept", {"on": str(done_on)})
        elif kind == "counselling":
            self.send(code, office, f"/referrals/{event.removesuffix('-yes')}/done", {"on": str(done_on)})
        elif kind == "mandatory_report_answered":
            outcome = {"outcome": "help_arranged", "note": "已安排帮助。"}
            if self.send(code, office, f"/mandatory_reports/{event}/answer", outcome):
                self.evidence.append((event, subject, kind, str(day)))
        elif kind == "report":
            of_weeks = {"from": str(day - 6 * 7 * DAY), "to": str(day)}
            if closed := self.send(code, bureau, "/reports", of_weeks, 0):
                self.send(code, bureau, f"/reports/{closed['id']}/sign", {})
        elif definition["form"] is not None:
            body = {"kind": kind, "occurred_on": str(done_on), "data": filled_in(definition["form"], done_on)}
            if answer := self.send(code, office, "/records", body | ({"school_id": subject} if of_school else {})):
                self.evidence.append((answer["id"], subject, kind, str(done_on)))
        elif definition["subject"] == "child":
            self.send(
                code,
                bureau,
                "/enrolments",
                {"child_id": subject, "kind": kind, "starts_on": str(done_on), "free": True},
            )
        else:
            held = {"kind": kind, "name": definition["name"]["zh"], "held_on": str(done_on)}
            where = {"school_id": subject} if of_school else {"place": self.names.get(subject)}
            self.send(code, office, "/activities", held | where)

    def send(self, about: str, office: RegistryClient, path: str, body: Row, many: int = 1) -> Row | None:
        """Do one thing, and count it, or what kind of error it met."""
        try:
            answer = office.post(path, body)
        except HongzhuError as error:
            self.refused[f"{about}: {type(error).__name__}"] += 1
            return None
        self.filed += many
        return answer


def filled_in(form: Row, day: date) -> dict[str, Any]:
    """Fill in a record's form: the first choice there is, and of everything else the least that its JSON Schema asks for."""

    def least(schema: Row) -> Any:
        if "$ref" in schema:
            return least(form["$defs"][schema["$ref"].rpartition("/")[2]])
        for choice in ("const", "default"):
            if choice in schema:
                return schema[choice]
        if "enum" in schema:
            return schema["enum"][0]
        for several in ("anyOf", "oneOf", "allOf"):
            if several in schema:
                return least(schema[several][0])
        match schema.get("type"):
            case "object":
                return {name: least(schema["properties"][name]) for name in schema.get("required", ())}
            case "array":
                return [least(schema["items"]) for _ in range(schema.get("minItems", 0))]
            case "integer" | "number":
                return schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1)
            case "boolean":
                return True
            case "string" if schema.get("format") == "date":
                return str(day)
            case _:
                return "已完成记录".ljust(schema.get("minLength", 0), "。")[: schema.get("maxLength", 100)]

    filled: dict[str, Any] = least({**form, "type": "object"})
    return filled
