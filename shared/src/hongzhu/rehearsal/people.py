"""People: what schools, agencies and the bureau do in a rehearsal, through the API as everybody does.

Who does what and when is drawn from a seed: most is done on time, some late, some was done and is handed in on paper long
after, and some is never done.
"""

import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from hongzhu.calendar import SchoolCalendar
from hongzhu.errors import HongzhuError
from hongzhu.registry_client import RegistryClient

Row = Mapping[str, Any]
Job = Callable[[], object]
DAY = timedelta(days=1)
TOGETHER = 100
"""The most children whom one record of something done together names."""
OTHERS = (0.6, 0.2, 0.2)
"""In how many of a school's periods all are seen to together, some only later, or some come in on paper long after."""
APART = 0.3
"""How many of the children are then among those."""


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
        self.filed = 0
        self.evidence: list[tuple[str, str, str, str]] = []
        """What was filed since anybody asked: its id, for whom, of which kind, of which day."""
        self.pauses: list[Row] = []
        """Who fell ill since anybody asked."""
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
            subject = task["subject_id"]
            if definition["subject"] == "child" and definition["form"] is not None:
                if school := school_of.get(subject):
                    groups[task["programme"], school, done_on].append(subject)
            elif definition["subject"] != "child" or school_of.get(subject):
                jobs.append(lambda task=task, done_on=done_on: self._file_one(task, done_on))  # type: ignore[misc]
        for (code, school, done_on), children in groups.items():
            for start in range(0, len(children), TOGETHER):
                some = sorted(children[start : start + TOGETHER])
                jobs.append(lambda c=code, s=school, d=done_on, k=some: self._file_record(c, s, d, k))  # type: ignore[misc]
        return jobs

    def _file_record(self, code: str, school: str, done_on: date, children: Sequence[str]) -> None:
        definition = self.programmes[code]
        body = {
            "kind": definition["resolved_by"],
            "occurred_on": str(done_on),
            "data": filled_in(definition["form"], done_on),
            "child_ids": list(children),
        }
        answer = self._send(code, self.offices.get(school, self.offices["bureau"]), "/records", body, len(children))
        if answer:
            self.evidence += [(answer["id"], each, definition["resolved_by"], str(done_on)) for each in children]

    def _file_one(self, task: Row, done_on: date) -> None:
        """File what one task asks for, in the way that its kind of evidence has."""
        code, definition = task["programme"], self.programmes[task["programme"]]
        kind, subject = definition["resolved_by"], task["subject_id"]
        of_school = definition["subject"] == "school"
        if definition["form"] is not None:
            body = {"kind": kind, "occurred_on": str(done_on), "data": filled_in(definition["form"], done_on)}
            office = self.offices.get(subject, self.offices["bureau"])
            self._send(code, office, "/records", body | ({"school_id": subject} if of_school else {}))
        elif definition["subject"] == "child":
            enrolment = {"child_id": subject, "kind": kind, "starts_on": str(done_on), "free": True}
            self._send(code, self.offices["bureau"], "/enrolments", enrolment)
        elif of_school:
            held = {"kind": kind, "name": definition["name"]["zh"], "held_on": str(done_on), "school_id": subject}
            agency = code.partition(".")[0]
            whose = agency if definition["assignee"] == "agency" else subject
            self._send(code, self.offices.get(whose, self.offices["bureau"]), "/activities", held)
        else:
            self.refused[f"{code}: no way known"] += 1

    def _send(self, about: str, office: RegistryClient, path: str, body: Row, many: int = 1) -> Row | None:
        try:
            answer = office.post(path, body)
        except HongzhuError as error:
            self.refused[f"{about}: {type(error).__name__}"] += 1
            return None
        self.filed += many
        return answer

    def _fall_ill(self, child_id: str, first: date, last: date) -> None:
        body = {"from": str(first), "until": str(last), "reason": "病假"}
        answer = self._send("pause", self.offices["bureau"], f"/children/{child_id}/pauses", body, 0)
        if answer:
            self.pauses.append({"id": answer["id"], "child_id": child_id, "first": str(first), "last": str(last)})

    def lives(self, day: date, children: Sequence[Row], schools: Sequence[str]) -> list[Job]:
        """Return what happens to children on a day: some move, leave, come back, or begin to board."""
        dice = self.dice("lives", day)
        here = [each for each in children if each["left_on"] is None]
        gone = [each for each in children if each["left_on"] is not None]
        chosen = dice.sample(here, k=min(5, len(here)))
        jobs: list[Job] = []
        bureau = self.offices["bureau"]
        for child, act in zip(chosen, ("transfer", "leave", "board", "board", "ill"), strict=False):
            path = f"/children/{child['id']}"
            if act == "transfer" and len(schools) > 1:
                to = dice.choice([each for each in schools if each != child["school_id"]])
                jobs.append(lambda p=path, to=to: self._send("transfer", bureau, f"{p}/transfer", {"school_id": to}, 0))  # type: ignore[misc]
            elif act == "leave" and dice.random() < 0.5:
                jobs.append(lambda p=path: self._send("leave", bureau, f"{p}/leave", {"reason": "moved_away"}, 0))  # type: ignore[misc]
            elif act == "board":
                jobs.append(lambda c=child: self._patch(c, {"boarding": not c["boarding"]}))  # type: ignore[misc]
            elif act == "ill":
                last = day + dice.randint(2, 16) * DAY
                jobs.append(lambda c=child["id"], last=last: self._fall_ill(c, day, last))  # type: ignore[misc]
        if gone and dice.random() < 0.5:
            path = f"/children/{dice.choice(gone)['id']}/return"
            jobs.append(lambda p=path: self._send("return", bureau, p, {}, 0))  # type: ignore[misc]
        return jobs

    def _patch(self, child: Row, changes: Row) -> None:
        try:
            self.offices["bureau"].patch(f"/children/{child['id']}", changes, child["version"])
        except HongzhuError as error:
            self.refused[f"change: {type(error).__name__}"] += 1

    def tune(self, day: date) -> list[Job]:
        """Return the tuning of one programme: what fell due each week falls due once in two, or a window is changed."""
        dice = self.dice("tune", day)
        weekly = sorted(
            code for code, each in self.programmes.items() if each["trigger"]["kind"] == "every_school_week"
        )
        if not weekly:
            return []
        code = dice.choice(weekly)
        every = 1 if self.programmes[code]["trigger"]["every"] > 1 else 2
        body = {"trigger": {"every": every}}
        return [lambda: self._send(f"tune {code}", self.offices["bureau"], f"/programmes/{code}/tune", body, 0)]

    def edit_calendar(self, day: date, calendar: SchoolCalendar, schools: Sequence[str]) -> list[Job]:
        """Return the one edit of the calendar: two days off for all in a fortnight, and two for one school."""
        off = {"name": "风雨停课", "first": str(day + 14 * DAY), "last": str(day + 15 * DAY)}
        alone = {"name": "校舍检修", "first": str(day + 21 * DAY), "last": str(day + 22 * DAY), "school_id": schools[0]}
        changed = calendar.model_dump(mode="json")
        changed["holidays"].append(off)
        changed["exceptions"].append(alone)
        return [lambda: self.offices["bureau"].put("/calendar", changed)]


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
