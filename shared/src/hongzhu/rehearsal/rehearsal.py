"""A rehearsal: day by day on a virtual clock, until everything each day brings has run its course."""

import random
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, suppress
from datetime import date, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar, cast

from hongzhu import clock, runtime
from hongzhu.errors import ConfigurationError, ConflictError
from hongzhu.i18n import _
from hongzhu.messages import OfficeChanged
from hongzhu.plugin_worker import HEARD
from hongzhu.registry_client import RegistryClient
from hongzhu.rehearsal.chaos import Chaos
from hongzhu.rehearsal.comparison import Outcome, compare
from hongzhu.rehearsal.knowledge import TOLD, Knowledge
from hongzhu.rehearsal.lives import Lives
from hongzhu.rehearsal.people import People
from hongzhu.rehearsal.trial import Trial
from hongzhu.settling import Watch
from hongzhu.waiting import wait_for

DAY = timedelta(days=1)
PATIENCE = 180.0
"""Seconds for which a day that has not run its course may stand still."""
STILL = 0.15
"""Seconds in which nothing new may be said before a day counts as settled: an agency may be at work on an answer."""
PACE = 4
"""How much faster than in service what is done by the clock is done."""
PACES = {"scheduler": 10, "notifier": 10, "registry": 2}
"""And where each has a process of its own: a day waits for what falls due, and for the digests."""
LOOKS = 0.02, 0.1
"""Seconds between two looks at a day that runs its course: at first, and at most."""
OWN_DOORS = 2
"""How many schools file with accounts of their own; for the others the bureau types in what they hand over."""

T = TypeVar("T")


class Rehearsal:
    """One trial, lived through from `first` on for some days; `progress` is told of each day that is over."""

    def __init__(
        self,
        trial: Trial,
        first: date,
        days: int,
        *,
        rate: float = 0.9,
        seed: int = 1,
        chaos: bool = False,
        restarts: Mapping[str, Callable[[], None]] | None = None,
        progress: Callable[[date, str], None] = lambda _day, _doing: None,
    ) -> None:
        self.trial = trial
        self.first, self.last = first, first + (days - 1) * DAY
        self.rate, self.seed = rate, seed
        self.chaos = Chaos(trial, random.Random(seed), restarts or {}) if chaos else None  # noqa: S311  # nothing secret
        self.progress = progress
        self.day = first
        self.lived = 0
        self.took: list[float] = []
        self._desk = ThreadPoolExecutor(4, "rehearsal")
        self._wild = False
        self._offices = ExitStack()
        self._acted_on = [f"{heard.topic}.{each.name}" for each in runtime.agencies() if each.acts for heard in HEARD]
        """The routing keys of what agencies may be at work on."""

    def live(self, data: Path) -> Outcome:
        """Take in the data, live through the days, and hold every task against the oracle."""
        for component in self.trial.components:
            self.trial.told.setdefault(component, {})["HONGZHU_PACE"] = str(PACES.get(component, PACE))
        clock.stand_on(self.first)
        self.trial.start()
        try:
            self._begin(data)
            self._wild = self.chaos is not None
            while True:
                began = time.monotonic()
                self._live_day()
                self.took.append(time.monotonic() - began)
                self.lived += 1
                if self.day >= self.last:
                    break
                if self.chaos:
                    self.day = self.chaos.step(self.day, self.last, clock.stand_on)
                else:
                    self.day += DAY
                    clock.stand_on(self.day)
            self._wild = False
            self._settle()
            return self._compare()
        finally:
            self._desk.shutdown(cancel_futures=True)
            self.trial.stop()
            self._offices.close()

    def _begin(self, data: Path) -> None:
        self.progress(self.first, _("taking in the workbooks"))
        self.trial.wait_until_ready()
        self.watch = Watch()
        if not self.watch.is_empty():
            raise ConfigurationError("There is data in these databases already; a rehearsal needs empty ones.")
        self.trial.command("import", data, check=False)  # rows of days to come are refused, and need not be there
        bureau = self.trial.sign_in("rehearsal-bureau")
        self.knowledge = Knowledge(bureau)
        schools = [each["id"] for each in bureau.items("/schools")]
        offices = {"bureau": self._offices.enter_context(bureau)}
        for number, school in enumerate(schools[:OWN_DOORS]):
            options = ("--role", "school", "--school", school)
            offices[school] = self._offices.enter_context(self.trial.sign_in(f"rehearsal-school-{number}", *options))
        for agency in runtime.agencies():
            with suppress(ConfigurationError):
                offices[agency.name] = self._offices.enter_context(self.trial.agency(agency.name))
        self.people = People(offices, self.rate, self.seed)
        self.lives = Lives(self.people)
        self.knowledge.learn(self.first)  # as everything was before the first agency acted
        self.knowledge.learn_marks(bureau.items("/assessments"))
        self._approve(bureau)
        self.knowledge.learn_programmes()
        self.knowledge.learn_offices(self.first)
        self._learn_records(bureau)
        self.knowledge.reach(self.first)

    def _learn_records(self, bureau: RegistryClient) -> None:
        """Read what was filed before the first day; what was done for children, the lists of the single children tell."""
        programmes = self.knowledge.programmes.values()
        of_schools = {each.resolved_by for each in programmes if each.subject == "school" and each.form}
        schools = set()
        for row in bureau.items("/records"):
            if row["kind"] in of_schools:
                self.knowledge.prove(row["id"], row["school_id"], row["kind"], row["occurred_on"])
            else:
                schools.add(row["school_id"])

        def of_child(child_id: str) -> list[tuple[str, Mapping[str, Any]]]:
            return [(child_id, row) for row in bureau.items("/records", child_id=child_id)]

        children = [each["id"] for each in self.knowledge.children if each["school_id"] in schools]
        for rows in self._wait_for([self._desk.submit(of_child, each) for each in children]):
            for child_id, row in rows:
                self.knowledge.prove(row["id"], child_id, row["kind"], row["occurred_on"])

    def _approve(self, bureau: RegistryClient) -> None:
        """Approve what the agencies declare, once all that run here have, from the first day on."""
        self.progress(self.first, _("approving the programmes"))
        here = [each for each in runtime.agencies() if {"up", f"plugin {each.name}"} & self.trial.components.keys()]
        expected = {programme.code for each in here for programme in each.programmes()}

        def declared() -> set[str]:
            self.trial.revive()
            codes = {each["code"] for each in bureau.items("/programmes")}
            return codes if expected <= codes else set()

        for code in sorted(wait_for("the agencies to declare their programmes", declared)):
            with suppress(ConflictError):
                bureau.post(f"/programmes/{code}/approve", {"effective_from": str(self.first)})

    def _live_day(self) -> None:
        if self.chaos:
            self.chaos.plan_day()
        # Planned by what was known in the morning, before the day's own news; what notices and agencies make of it goes on
        # while people are at work.
        self.knowledge.reach(self.day)
        self._settle(of_tasks=True)
        self._learn()
        self.progress(self.day, _("people at work"))
        self.people.programmes = {
            code: each.model_dump(mode="json", by_alias=True) for code, each in self.knowledge.programmes.items()
        }
        self.people.names = {each["id"]: each["name"] for each in self.knowledge.facilities}
        if self.watch.said["task.due.v1"] != self._noted:
            self._noted = self.watch.said["task.due.v1"]
            tasks = self._ask(lambda: list(self.people.offices["bureau"].items("/tasks", state="due")))
            self.people.take_note(tasks, self.day, self.knowledge.calendar)
        here = {each["id"]: each["school_id"] for each in self.knowledge.children if each["left_on"] is None}
        news, rules = self._news(), self._new_rules()
        self._at_work(self.people.filings(self.day, here), news)
        self._tell_oracle()
        if rules:  # what was owed by then is owed by the rules of then
            self._settle()
            self._learn()
            self._do(rules)
        if self.chaos:
            self.chaos.repeat(self.watch)
        self._settle()
        self._learn()

    def _at_work(self, filings: Iterable[Callable[[], object]], news: Iterable[Callable[[], object]]) -> None:
        """Let people file, and then the news come: a school files for the children that it has as the day begins."""
        self._do(filings)
        self._do(news)

    def _learn(self) -> None:
        """Read again what something was said of since it was last read."""
        told = {topic: self.watch.said[topic] for topic in TOLD}
        new = {topic for topic in TOLD if told[topic] != self._known.get(topic)}
        if new:
            self._known = told
            self._ask(lambda: self.knowledge.learn(self.day, new, self.watch.new(OfficeChanged)))

    def _tell_oracle(self) -> None:
        """Tell what people did that a client has to keep, for no list of the API has it all."""
        for filed in self.people.evidence:
            self.knowledge.prove(*filed)
        for row in self.lives.pauses:
            self.knowledge.pause(row)
        for report_id, day in self.lives.reports:
            self.knowledge.hear_of_harm(report_id, day)
        self.knowledge.learn_marks(self.lives.marks)
        for told in (self.people.evidence, self.lives.pauses, self.lives.reports, self.lives.marks):
            told.clear()
        self.knowledge.reach(self.day)

    def _news(self) -> list[Callable[[], object]]:
        """Return what happens on this day beside the daily work."""
        if self.day == self.first or self.day.weekday() != 2:
            return []
        children = self.knowledge.children
        self._weeks += 1
        jobs = self.lives.of_week(self.day, children, [each["id"] for each in self.knowledge.schools])
        if self._weeks % 6 == 2:
            jobs += self.lives.test(self.day, children)
        if self._weeks % 10 == 3:
            jobs += self.lives.build(self.knowledge.facilities)
        return jobs

    def _new_rules(self) -> list[Callable[[], object]]:
        """Return how calendar and programmes are changed on this day, when everything else is done."""
        number, length = (self.day - self.first).days, (self.last - self.first).days + 1
        if number == length // 3 or (number > length // 3 and not self._edited):
            self._edited = True
            schools = [each["id"] for each in self.knowledge.schools]
            return self.lives.edit_calendar(self.day, self.knowledge.calendar, schools)
        if number and number % max(20, length // 4) == 0:
            return self.lives.tune(self.day)
        return []

    _edited = False
    _weeks = 0
    _noted = 0
    _at_rest = 0
    _known: Mapping[str, int] = MappingProxyType({})

    def _settle(self, *, of_tasks: bool = False) -> None:
        """Let everything run its course, or all that tasks come of; what did not in time is what will be missing."""
        self.progress(self.day, _("settling"))
        deadline = time.monotonic() + PATIENCE
        left_before = ""
        before, still, pause = self.watch.said.total(), -1, LOOKS[0]
        while time.monotonic() < deadline:
            self._look()
            try:
                left = self.watch.unfinished(of_tasks=of_tasks)
            except Exception as error:  # a database that is being restarted
                if not self.chaos:
                    raise
                left = type(error).__name__
            said = self.watch.said.total()
            if (left, said) != (left_before, before):
                left_before, before, deadline = left, said, time.monotonic() + PATIENCE
            if left:
                # Looking takes what those looked at could use: the longer they are at work, the less often.
                pause = min(pause * 1.3, LOOKS[1])
            elif of_tasks:
                return
            elif said == still or self._for_agencies() == self._at_rest:
                self._at_rest = self._for_agencies()
                return
            else:
                still, pause = said, STILL
            time.sleep(pause)  # between two looks, up to the limit above
        raise TimeoutError(f"{self.day} did not settle: {left_before}")

    def _for_agencies(self) -> int:
        return sum(self.watch.said[key] for key in self._acted_on)

    def _look(self) -> None:
        if self.chaos and self._wild:
            self.chaos.look()
        else:
            self.trial.revive()

    def _ask(self, question: Callable[[], T]) -> T:
        """Ask the API, while components may be killed and must be started again."""
        (answer,) = self._wait_for([self._desk.submit(question)])
        return cast("T", answer)

    def _do(self, jobs: Iterable[Callable[[], object]]) -> None:
        self._wait_for([self._desk.submit(job) for job in jobs])

    def _wait_for(self, futures: Sequence[Future[Any]]) -> list[Any]:
        # What is asked gives up by itself when its own patience ends; meanwhile whoever dies is started again.
        while wait(futures, timeout=0.05).not_done:
            self._look()
        return [each.result() for each in futures]

    def _compare(self) -> Outcome:
        self.progress(self.day, _("comparing every task with the oracle"))
        self._ask(lambda: self.knowledge.learn(self.day))
        self.knowledge.oracle.start_over()  # once more from the beginning, and not only what was new from day to day
        bureau = self.people.offices["bureau"]
        self._ask(self.knowledge.learn_evidence)
        self.knowledge.reach(self.day)
        tasks = self._ask(lambda: list(bureau.items("/tasks")))
        return compare(self.knowledge, tasks, self.day)
