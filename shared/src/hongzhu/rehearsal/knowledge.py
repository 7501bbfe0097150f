"""What the API tells, day by day, as the oracle is told it: calendar, programmes, facts, what happened, evidence."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date
from types import SimpleNamespace
from typing import Any

from hongzhu.calendar import SchoolCalendar
from hongzhu.facts import AgencyFacts, ChildFacts, CityFacts, FacilityFacts, Facts, SchoolFacts
from hongzhu.messages import OfficeChanged
from hongzhu.programme import Programme, leaves
from hongzhu.registry_client import RegistryClient
from hongzhu.rehearsal.offices import CITY, done, offices
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
    "cannot_attend": lambda child, _school: "送教上门" in (child["disability"] or ""),
}
ABOUT_PEOPLE = {"child.changed.v1", "school.changed.v1"}
OTHERS = {"calendar.changed.v1", "programme.changed.v1", "office.changed.v1", "subject.event.v1"}
TOLD = ABOUT_PEOPLE | OTHERS
"""What facts, rules, events and the calendar stand on: after any of these something is to be read again."""
TOLD_TO_CLIENTS: Mapping[str, Collection[str]] = {
    "child": {*OF_CHILD, *PAIRED},
    "school": SchoolFacts.model_fields,
    "agency": AgencyFacts.model_fields,
    "city": CityFacts.model_fields,
    "facility": FacilityFacts.model_fields,
}
"""The facts that are told outside."""


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
        self._known: dict[str, Row] = {}
        """Each child as it was last read."""
        self._pairs: Mapping[str, Collection[str]] = {}
        """Who had a lasting pairing when last read, by kind."""
        self._offices: dict[str, Facts] = {}
        self._marks: defaultdict[str, defaultdict[str, dict[date, float]]] = defaultdict(lambda: defaultdict(dict))
        """Marks by child, subject and day."""

    def learn(self, day: date, new: Collection[str] = TOLD, said: Iterable[OfficeChanged] = ()) -> None:
        """Read what may have changed, all or that of which something new was said, and tell it as it stands on a day.

        `said` is what was said of offices meanwhile.
        """
        if "calendar.changed.v1" in new:
            self._learn_calendar(day)
        if "programme.changed.v1" in new:
            self.learn_programmes()
        if "office.changed.v1" in new:
            self.learn_offices(day)
        self._learn_places(said, day)
        if "subject.event.v1" in new:
            self._learn_referrals()
        if not ABOUT_PEOPLE.isdisjoint(new):
            self._learn_people(day, new)
        self.reach(day)

    def _learn_people(self, day: date, new: Collection[str]) -> None:
        paired = self._paired()
        before = self._pairs or paired
        if "school.changed.v1" in new:
            self.schools = list(self.bureau.items("/schools"))
        if "child.changed.v1" in new:
            self.children = list(self.bureau.items("/children"))
        for school in self.schools:
            self.oracle.know(_facts(SchoolFacts, school, _of_school(school, paired), school["id"], present=True), day)
        # An agency matches whoever newly waits on the very same day: first everybody waits, and then not any more.
        for pairs in (before, paired):
            self._tell_children(day, pairs, last=pairs is paired)
            self.reach(day)
        self._pairs = paired
        self._see_changes(day)

    def _tell_children(self, day: date, paired: Mapping[str, Collection[str]], *, last: bool) -> None:
        schools = {each["id"]: each for each in self.schools}
        for child in self.children:
            facts = {name: read(child, schools[child["school_id"]]) for name, read in OF_CHILD.items()}
            facts |= {name: child["id"] in paired.get(kind, ()) for name, kind in PAIRED.items()}
            row = {**child, "version": 2 * child["version"] - (not last)}
            self.oracle.know(_facts(ChildFacts, row, facts, child["school_id"], present=child["left_on"] is None), day)

    def _see_changes(self, day: date) -> None:
        """Tell of children that came, moved, left or are poor now: of all but a roster that is taken in, which is no change."""
        before, self._known = self._known, {each["id"]: each for each in self.children}
        for child in self.children if before else ():
            then = before.get(child["id"], child)
            if _place(then) != _place(child) or child["id"] not in before:
                for school_id in {then["school_id"], child["school_id"]}:
                    self.oracle.happen(f"roster-{day}", "roster_change", day, school_id, None)
            if then["in_poverty"] != child["in_poverty"]:
                self.oracle.happen(f"hardship-{day}", "hardship_change", day, child["id"], None)

    def learn_offices(self, day: date) -> None:
        """Read what holds of agencies, of the city and of facilities."""
        self.agencies, self.facilities = (list(self.bureau.items(path)) for path in ("/agencies", "/facilities"))
        leaders = list(self.bureau.items("/leaders"))
        for each in offices(self.agencies, self.facilities, leaders, day):
            before = self._offices.get(each.id)
            same = {} if before is None else {"version": before.version, "entered_on": before.entered_on}
            if isinstance(before, AgencyFacts):
                same["places_short"] = before.places_short
            now = each.model_copy(update=same)
            if now != before:
                self._know_office(now, day)
            if getattr(before, "sites_missing", False) and not getattr(now, "sites_missing", True):
                self.prove(f"sites-{day}", CITY, "sites", str(day))
        for row in leaders:
            if row["formed_on"]:
                self.prove(row["id"], row["school_id"] or CITY, "leading_group", row["formed_on"])

    def _learn_places(self, said: Iterable[OfficeChanged], day: date) -> None:
        """Take in one after another how agencies came to be short of places: it is over, most often, before anybody asks."""
        for facts in (each for message in said for each in message.agencies):
            before = self._offices[facts.id]
            now = before.model_copy(update={"places_short": facts.places_short})
            if now != before:
                self._know_office(now, day)
            if facts.places_short is False and getattr(before, "places_short", False):
                self.prove(f"places-{facts.id}-{now.version}", facts.id, "places", str(day))
            self.reach(day)

    def _know_office(self, facts: Facts, day: date) -> None:
        self._offices[facts.id] = facts.model_copy(update={"version": facts.version + 1})
        self.oracle.know(self._offices[facts.id], day)

    def _learn_referrals(self) -> None:
        for row in self.bureau.items("/referrals"):
            child, accepted, over = row["child_id"], row["accepted_on"], row["withdrawn_on"] is not None
            self.oracle.happen(row["id"], "referral", date.fromisoformat(row["referred_on"]), child, None)
            if accepted and not over:
                on = date.fromisoformat(accepted)
                self.oracle.happen(f"{row['id']}-yes", "referral_accepted", on, child, None)
            if answered := accepted or row["declined_on"]:
                self.prove(f"{row['id']}/answer", child, "referral_answered", answered)
            if row["counselled_on"]:
                self.prove(row["id"], child, "counselling", row["counselled_on"])

    def hear_of_harm(self, report_id: str, day: date) -> None:
        """Tell that a report of harm came in: it happened to whatever agency answers such reports."""
        for programme in self.programmes.values():
            if any(isinstance(each, OnEvent) and each.event == "mandatory_report" for each in parts(programme.trigger)):
                self.oracle.happen(report_id, "mandatory_report", day, programme.agency, None)

    def learn_marks(self, rows: Iterable[Row]) -> None:
        """Take in results of tests, and tell by how many points children fell."""
        tested = set()
        for row in rows:
            self._marks[row["child_id"]][row["subject"]][date.fromisoformat(row["tested_on"])] = row["mark"]
            tested.add(row["child_id"])
        for child_id in sorted(tested):
            subjects = self._marks[child_id].values()
            # A mark is also what the next one is held against, and that may have been told before.
            for day in sorted({each for marks in subjects for each in marks}):
                fell = [
                    marks[max(earlier)] - marks[day]
                    for marks in subjects
                    if day in marks and (earlier := [each for each in marks if each < day])
                ]
                if (points := max(fell, default=0)) > 0:
                    self.oracle.happen(f"drop-{day}", "assessment_drop", day, child_id, points)

    def reach(self, day: date) -> None:
        """Let the oracle work out what is owed up to a day, by what it has been told."""
        self.oracle.refresh(day)
        self.oracle.plan(day)

    def prove(self, proof: str, subject: str, kind: str, done_on: str | None) -> None:
        """Tell of one piece of evidence, or without a day that it was taken back; what was told already is not new."""
        day, version = (date.fromisoformat(done_on), 1) if done_on else (None, 2)
        self.oracle.prove(proof, subject, kind, day, version)

    def pause(self, row: Row) -> None:
        """Tell that a child is away for some days."""
        first, last = date.fromisoformat(row["first"]), row["last"] and date.fromisoformat(row["last"])
        about = {"id": row["id"], "version": 1, "subject_id": row["child_id"], "first": first, "last": last}
        self.oracle.excuse(SimpleNamespace(**about, programme=None, period=None, lifted=False))

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

    def learn_evidence(self) -> None:
        """Read what lists tell of what was done: all but records, of which they do not tell whose they are."""
        self._paired()
        for row, subject in done(self.bureau.items("/activities"), self.agencies, self.facilities):
            self.prove(row["id"], subject, row["kind"], row["held_on"])
        for row in self.bureau.items("/enrolments"):
            if row["starts_on"]:
                self.prove(row["id"], row["child_id"], row["kind"], row["starts_on"])
        for row in self.bureau.items("/reports"):
            for programme in self.programmes.values() if row["signed_on"] else ():
                if (programme.subject, programme.resolved_by) == ("agency", "report"):
                    self.prove(row["id"], programme.agency, "report", row["signed_on"])
        self._learn_referrals()


def _place(child: Row) -> tuple[str, bool]:
    return child["school_id"], child["left_on"] is None


def _of_school(school: Row, paired: Mapping[str, set[str]]) -> dict[str, Any]:
    facts = {name: school[name] for name in SchoolFacts.model_fields if name in school}
    return facts | {name: school["id"] in paired[kind] for name, kind in PAIRED.items()}


def _facts(kind: type[Facts], row: Row, facts: Mapping[str, Any], school_id: str, *, present: bool) -> Facts:
    known = {name: facts.get(name) for name in kind.model_fields if name not in Facts.model_fields}
    common = {"id": row["id"], "version": row["version"], "entered_on": row["entered_on"]}
    return kind.model_validate(known | common | {"school_id": school_id, "present": present})


def _beyond(programme: Programme) -> str:
    """Name the fact that a programme asks about and a client from outside is not told of; empty when there is none."""
    for leaf in leaves(programme.eligible):
        of_school = leaf.fact.startswith("school.")
        told = TOLD_TO_CLIENTS["school" if of_school else programme.subject]
        if leaf.fact.removeprefix("school.") not in {*told, *Facts.model_fields}:
            return leaf.fact
    return ""
