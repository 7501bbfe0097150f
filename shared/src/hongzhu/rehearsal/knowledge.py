"""What the API tells, day by day, as the oracle is told it: calendar, programmes, facts, what happened, evidence, tasks."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date
from types import SimpleNamespace
from typing import Any

from hongzhu.calendar import SchoolCalendar
from hongzhu.facts import SUBJECTS, ChildFacts, Facts, SchoolFacts
from hongzhu.programme import Programme, leaves
from hongzhu.registry_client import RegistryClient
from hongzhu.rehearsal.states import StateOracle
from hongzhu.trigger import OnEvent, parts

Row = Mapping[str, Any]
Key = tuple[str, str, str]
"""Programme, subject, period."""

PAIRED = {
    "has_proxy_parent": "proxy_parent",
    "has_love_parent": "love_parent",
    "has_mentor": "mentor",
    "has_peer": "peer",
    "has_disability_partner": "disability_partner",
    "has_law_counsellor": "law_counsellor",
}
"""The facts that follow from a pairing that lasts, and its kind."""
OF_CHILD: Mapping[str, Callable[[Row, Row], Any]] = {
    "stage": lambda _child, school: school["stage"],
    "disabled": lambda child, _school: child["disability"] is not None,
    "both_parents_away": lambda child, _school: _equal(child["left_behind_type"], "双亲留守"),
    "grade": lambda child, _school: child["grade"],
    "sex": lambda child, _school: child["sex"],
    "boarding": lambda child, _school: child["boarding"],
    "in_poverty": lambda child, _school: child["in_poverty"],
    "academic_concern": lambda child, _school: child["academic_concern"],
}
ABOUT_PEOPLE = {"child.changed.v1", "school.changed.v1"}
ALL = ABOUT_PEOPLE | {"calendar.changed.v1", "programme.changed.v1"}
EVENTS = {"roster_change"}
"""What the rehearsal makes happen, and so can tell the oracle of."""
BY_WORKBOOK = {"leading_group"}
"""Evidence that comes by workbook alone, and that no list of the API has."""


def _equal(value: object, other: object) -> bool | None:
    return None if value is None else value == other


class Knowledge:
    """Reads the bureau's view of the API and tells the oracle."""

    def __init__(self, bureau: RegistryClient) -> None:
        self.bureau = bureau
        self.oracle = StateOracle()
        self.calendar = SchoolCalendar()
        self.children: list[Row] = []
        self.schools: list[Row] = []
        self.programmes: dict[str, Programme] = {}
        self.left_out: dict[str, str] = {}
        """Programmes that are not compared, with the reason: they ask for what a client from outside is not told."""
        self._calendar_version = 0
        self._where: dict[str, tuple[str, bool]] = {}

    def learn(self, day: date, new: Collection[str] = ALL) -> None:
        """Read what may have changed, all or that of which something new was said, and tell it as it stands on a day."""
        if "calendar.changed.v1" in new:
            self._learn_calendar(day)
        if "programme.changed.v1" in new:
            self.learn_programmes()
        if ABOUT_PEOPLE.isdisjoint(new):
            return self.reach(day)
        paired = self._paired()
        if "school.changed.v1" in new:
            self.schools = list(self.bureau.items("/schools"))
        if "child.changed.v1" in new:
            self.children = list(self.bureau.items("/children"))
        by_id = {each["id"]: each for each in self.schools}
        for school in self.schools:
            self.oracle.know(_facts(SchoolFacts, school, _of_school(school, paired), school["id"], present=True), day)
        moved: set[str] = set()
        first = not self._where  # a roster that is taken in is no change of it
        for child in self.children:
            facts = {name: read(child, by_id[child["school_id"]]) for name, read in OF_CHILD.items()}
            facts |= {name: child["id"] in paired[kind] for name, kind in PAIRED.items()}
            known = _facts(ChildFacts, child, facts, child["school_id"], present=child["left_on"] is None)
            self.oracle.know(known, day)
            moved |= self._moved(child)
        for school_id in () if first else moved:
            self.oracle.happen(f"roster-{day}", "roster_change", day, school_id, None)
        return self.reach(day)

    def reach(self, day: date) -> None:
        """Let the oracle work out what is owed up to a day, by what it has been told."""
        self.oracle.refresh(day)
        self.oracle.plan(day)

    def prove(self, proof: str, subject: str, kind: str, done_on: str) -> None:
        """Tell of one piece of evidence; of one that was told already nothing is new."""
        self.oracle.prove(proof, subject, kind, date.fromisoformat(done_on), 1)

    def pause(self, row: Row) -> None:
        """Tell that a child is away for some days."""
        first, last = date.fromisoformat(row["first"]), row["last"] and date.fromisoformat(row["last"])
        about = {"id": row["id"], "version": 1, "subject_id": row["child_id"], "first": first, "last": last}
        self.oracle.excuse(SimpleNamespace(**about, programme=None, period=None, lifted=False))

    def _moved(self, child: Row) -> set[str]:
        """Name the schools whose rosters a child changed by coming, moving or leaving since it was last looked at."""
        now = child["school_id"], child["left_on"] is None
        before = self._where.get(child["id"])
        self._where[child["id"]] = now
        return {school for school, _ in (now, before or now)} if now != before else set()

    def _learn_calendar(self, day: date) -> None:
        told = self.bureau.get("/calendar")
        if told["version"] != self._calendar_version:
            self._calendar_version = told["version"]
            self.calendar = SchoolCalendar.model_validate({name: told[name] for name in SchoolCalendar.model_fields})
            self.oracle.announce(self.calendar, day)

    def learn_programmes(self) -> None:
        """Read which programmes run, and tell each version that is new."""
        for row in self.bureau.items("/programmes"):
            versions = self.oracle.versions.setdefault(row["code"], {})
            if row["status"] not in ("approved", "suspended") or row["version"] in versions:
                continue
            programme = Programme.model_validate(row["definition"])
            self.programmes[row["code"]] = programme
            versions[row["version"]] = SimpleNamespace(
                programme=programme,
                effective_from=date.fromisoformat(row["effective_from"]),
                suspended=row["status"] == "suspended",
            )
            if reason := _beyond(programme):
                self.left_out[row["code"]] = reason

    def _paired(self) -> defaultdict[str, set[str]]:
        """Say who has a lasting pairing, by kind."""
        paired: defaultdict[str, set[str]] = defaultdict(set)
        for row in self.bureau.items("/pairings"):
            self.prove(row["id"], row["child_id"] or row["school_id"], row["kind"], row["began_on"])
            if row["ended_on"] is None:
                paired[row["kind"]].add(row["child_id"] or row["school_id"])
        return paired

    def learn_evidence(self, records: Iterable[tuple[str, Row]]) -> None:
        """Read all evidence there is; `records` are children's and schools' with whom they are of."""
        for subject, row in records:
            self.prove(row["id"], subject, row["kind"], row["occurred_on"])
        self._paired()
        for row in self.bureau.items("/activities"):
            if not row["planned"] and row["school_id"]:
                self.prove(row["id"], row["school_id"], row["kind"], row["held_on"])
        for row in self.bureau.items("/enrolments"):
            if row["starts_on"]:
                self.prove(row["id"], row["child_id"], row["kind"], row["starts_on"])
        for row in self.bureau.items("/referrals"):
            if row["counselled_on"]:
                self.prove(row["id"], row["child_id"], "counselling", row["counselled_on"])


def _of_school(school: Row, paired: Mapping[str, set[str]]) -> dict[str, Any]:
    facts = {name: school[name] for name in SchoolFacts.model_fields if name in school}
    return facts | {name: school["id"] in paired[kind] for name, kind in PAIRED.items()}


def _facts(kind: type[Facts], row: Row, facts: Mapping[str, Any], school_id: str, *, present: bool) -> Facts:
    known = {name: facts.get(name) for name in kind.model_fields if name not in Facts.model_fields}
    common = {"id": row["id"], "version": row["version"], "entered_on": row["entered_on"]}
    return kind.model_validate(known | common | {"school_id": school_id, "present": present})


def _beyond(programme: Programme) -> str:
    """Say why a client from outside cannot tell who a programme is owed to; empty when it can."""
    if programme.subject not in ("child", "school"):
        return programme.subject
    if programme.resolved_by in BY_WORKBOOK:
        return programme.resolved_by
    told = {"child": {*OF_CHILD, *PAIRED}, "school": {*SchoolFacts.model_fields}}
    common = set(Facts.model_fields)
    for leaf in leaves(programme.eligible):
        of_school = leaf.fact.startswith("school.")
        if leaf.fact.removeprefix("school.") not in told["school" if of_school else programme.subject] | common:
            return leaf.fact
    assert programme.subject in SUBJECTS
    events = {each.event for each in parts(programme.trigger) if isinstance(each, OnEvent)}
    return ", ".join(sorted(events - EVENTS))
