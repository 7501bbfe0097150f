"""Kills: a county lives through its school weeks while its processes die; in the end nothing is lost and nothing there twice.

A week is a round: the day is set, schools join by import, what falls due is told, talks are filed, and everything is let
run to rest.  Meanwhile components die at the points they were armed with, or at random, and are started again; broker and
database are killed in between.  Then the round is held against what the county's own lists say.
"""

import json
import random
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import httpx
from psycopg import OperationalError
from tests.journeys import county
from tests.journeys.county import FIRST_DAY, Task
from tests.proofs.account import Account, Found
from tests.proofs.stack import VHOST, Distributed, Stack

from hongzhu.waiting import wait_for

AT_RANDOM = "at random"
MOST_A_WEEK = 3
"""Kills of one component in one week: fewer than the deliveries after which RabbitMQ parks a message."""
WEEKS = 24
"""How many weeks one county lives through; the next one is another."""

Say = Callable[[str], None]


class Life:
    """One county on one stack, week after week."""

    def __init__(self, stack: Stack, seed: int) -> None:
        self.stack = stack
        self.seed = seed
        self.chance = random.Random(seed)
        self.county = county.invent(seed)
        self.talked: set[tuple[str, date]] = set()
        self.days = [monday + timedelta(days=2) for monday in islice(county.weeks(FIRST_DAY, date(2024, 1, 20)), WEEKS)]
        self.number = 0
        stack.forking = True
        for name in stack.components:
            self.arm_file(name).parent.mkdir(exist_ok=True)
            stack.told[name] = {"HONGZHU_CRASH_AT": f"@{self.arm_file(name)}"}
        self.died: Counter[str] = Counter()
        self.queue: dict[str, list[str]] = {}
        self.armed: dict[str, str] = {}
        self.bureau = httpx.Client()

    @property
    def day(self) -> date:
        """The day it is."""
        return self.days[self.number]

    def begin(self) -> None:
        """Take hongzhu into use, with nothing dying yet."""
        folder = self.county.write(self.stack.folder / "county")
        self.county.write_calendar(folder)
        self.stack.stand_on(self.day)
        self.stack.start()
        self.stack.wait_until_ready()
        self.stack.command("import", folder)
        self.bureau = self.stack.bureau()
        self.stack.approve_programmes(self.bureau)
        self.rest()

    def arm_file(self, component: str) -> Path:
        """Return the file that says where a component is to die."""
        return self.stack.folder / "armed" / component.replace(" ", "-")

    def week(self, queue: dict[str, list[str]], disturb: Callable[[], None] | None = None) -> Found:
        """Live through one more week: `queue` holds, by component, the points at which it is still to die.

        `disturb` happens in the middle of it.
        """
        self.number += 1
        self.died, self.queue = Counter(), queue
        self.patience = dict.fromkeys(queue, MOST_A_WEEK)
        self.stack.stand_on(self.day)
        part = county.newcomer(self.seed, self.number)
        self.arm()
        self.county.join(part, self.day)
        self.take_in(part.write(self.stack.folder / f"week-{self.number}"))
        if disturb:
            disturb()
        self.rest()
        self.file_talks()
        self.rest()
        return self.compare()

    def take_in(self, folder: Path) -> None:
        """Import, again and again until it goes through, as an operator would."""

        def imported() -> bool:
            self.look()
            try:
                self.stack.command("import", folder)
            except RuntimeError:
                return False
            return True

        wait_for("the import", imported, 120, 0.5)

    def file_talks(self) -> None:
        """File the week's talk for two classes of three, each asked for until it is answered."""
        children = dict(self.read("registry", "SELECT name, id FROM child"))
        week = self.day - self.day.weekday() * county.DAY
        for room, talked in sorted(self.county.classes(week).items()):
            if self.chance.random() < 0.66:
                self.file_talk([children[child.name] for child in talked], f"{self.seed}/{week}/{room}")
                self.talked |= {(child.name, week) for child in talked}

    def file_talk(self, child_ids: list[str], key: str) -> None:
        """File one talk until the registry has answered."""
        body = {
            "kind": "talk",
            "occurred_on": str(self.day),
            "child_ids": child_ids,
            "data": {"topic": "学习近况|How school is going"},
        }
        headers = {"Idempotency-Key": str(uuid5(NAMESPACE_URL, key))}

        def filed() -> bool:
            self.look()
            try:
                answer = self.bureau.post("/records", json=body, headers=headers)
            except httpx.TransportError:
                return False
            if answer.status_code < 500:
                answer.raise_for_status()
            return answer.status_code < 500

        wait_for("a talk to be filed", filed, 120)

    def arm(self) -> None:
        """Tell each component where to die next, if it has not died too often this week."""
        for name, points in self.queue.items():
            if name in self.armed or not points or not self.patience[name]:
                continue
            self.patience[name] -= 1
            self.armed[name] = points.pop()
            if self.armed[name] != AT_RANDOM:
                # An agency hears little in a week: what it does once must not be waited for twice.
                nth = 1 if name.startswith("plugin") else self.chance.choice((1, 1, 2, 3))
                made = self.arm_file(name).with_suffix(".new")
                made.write_text(f"{self.armed[name]}:{nth}")
                made.replace(self.arm_file(name))

    def look(self) -> None:
        """Kill whose moment has come, note who died, start it again and arm it anew."""
        for name in [each for each, point in self.armed.items() if point == AT_RANDOM]:
            if self.chance.random() < 0.1:
                self.stack.kill(name)
        for name in self.stack.revive():
            self.died[f"{name} · {self.armed.pop(name, 'for no reason')}"] += 1
        self.arm()

    def read(self, service: str, sql: str) -> list[tuple[Any, ...]]:
        """Read from a database, which may be away for a moment."""

        def rows() -> list[list[tuple[Any, ...]]]:
            try:
                return [self.stack.rows(service, sql)]
            except OperationalError:
                return []

        answer: list[list[tuple[Any, ...]]] = wait_for("the database", rows, 60)
        return answer[0]

    def rest(self, limit: float = 180) -> None:
        """Let everything run to rest, killing on the way; what has not come to rest in time is what will be missing."""
        still = 0

        def resting() -> bool:
            nonlocal still
            self.look()
            still = still + 1 if self.unfinished() == "" else 0
            return still >= 3

        try:
            wait_for("rest", resting, limit, 0.2)
        except TimeoutError:
            print(f"  no rest: {self.unfinished()}")

    def unfinished(self) -> str:
        """Name something that is not finished; empty when all is."""
        try:
            if waiting := self.stack.waiting():
                return str(waiting)
            (planned,) = self.stack.rows("scheduler", "SELECT min(planned_through) FROM marker")[0]
            if str(planned) < str(self.day):
                return f"planned through {planned}"
            over = f"SELECT count(*) FROM run WHERE NOT settled AND grace_until < '{self.day}'"
            untold = f"SELECT count(*) FROM owed WHERE state = 'waiting' AND tell_on <= '{self.day}'"
            paired = "SELECT count(*) FROM pairing WHERE kind = 'law_counsellor'"
            if (many := self.stack.rows("scheduler", over)[0][0]) > 0:
                return f"{many} runs to close"
            if (many := self.stack.rows("notifier", untold)[0][0]) > 0:
                return f"{many} tasks to tell"
            if (many := self.stack.rows("registry", paired)[0][0]) < len(self.county.schools):
                return f"{many} counsellors"
            if isinstance(self.stack, Distributed):
                depths = self.stack.servers.rabbitmq.depths(VHOST)
                if left := {queue: many for queue, many in depths.items() if many and not queue.endswith(".parked")}:
                    return f"in queues {left}"
        except OperationalError as error:
            return type(error).__name__
        return ""

    def compare(self) -> Found:
        """Hold what is stored against what the county's own lists say."""
        week = self.day - self.day.weekday() * county.DAY
        tasks = {(*task, state) for task, state in self.county.owed(FIRST_DAY, self.day, self.talked).items()}
        told = {(name, str(self.days[n])) for n in range(self.number + 1) for name in self.told_in(n)}
        paired = {school.name for school in self.county.schools}
        talks = Counter((school, str(filed)) for (school, filed) in self.filed())
        lost: list[str] = []
        twice: list[str] = []

        def hold(what: str, wanted: Counter[Any], there: Counter[Any]) -> None:
            lost.extend(f"{what}: {each}" for each in (wanted - there).elements())
            twice.extend(f"{what}: {each}" for each in (there - wanted).elements())

        names = dict(self.read("registry", "SELECT id, name FROM child UNION ALL SELECT id, name FROM school"))
        people = dict(self.read("registry", "SELECT id, name FROM supporter")) | {"bureau": "bureau"}
        hold("scheduler", Counter(tasks), Counter(self.scheduled(names)))
        hold("registry", Counter(tasks), Counter(self.registered(names)))
        hold("announced", Counter(task[:3] for task in tasks), Counter(self.announced(names)))
        deliveries = self.read("notifier", "SELECT recipient_id, day FROM delivery WHERE status = 'sent'")
        notices = self.read("registry", "SELECT recipient_id, day FROM notice WHERE outcome = 'sent'")
        for what, rows in (("delivered", deliveries), ("notice", notices)):
            hold(what, Counter(told), Counter((people[who], str(day)) for who, day in rows))
        pairings = self.read(
            "registry", "SELECT school_id FROM pairing WHERE kind = 'law_counsellor' AND ended_on IS NULL"
        )
        hold("counsellor", Counter(paired), Counter(names[school] for (school,) in pairings))
        records = self.read("registry", "SELECT school_id, occurred_on FROM record")
        hold("talk", talks, Counter((names[school], str(day)) for school, day in records))
        hold("parked", Counter(), Counter(self.parked()))
        expected = len(tasks) * 3 + len(told) * 2 + len(paired) + talks.total()
        assert expected > len(self.county.talks(week)), "the oracle expects something"
        return Found(expected, lost, twice)

    def told_in(self, number: int) -> set[str]:
        """Return who must have been told in a week: of its own talks, and further up of those that nobody held."""
        joined = {code for code, since in self.county.joined.items() if since <= self.days[number]}
        tellers = {self.county.teller(child) for child in self.talks(number) if child.school.code in joined}
        # A talk is missed when its week is over; its coordinator is told when one more has gone by, the bureau after two.
        tellers |= {self.county.coordinator(child.school) for child in self.missed(number - 2)}
        return {teller.name for teller in tellers if teller} | ({"bureau"} if self.missed(number - 3) else set())

    def talks(self, number: int) -> list[county.Child]:
        """Return the children who are owed a talk in a week."""
        return self.county.talks(self.monday(number)) if number >= 0 else []

    def missed(self, number: int) -> list[county.Child]:
        """Return those of them with whom nobody talked."""
        return [child for child in self.talks(number) if (child.name, self.monday(number)) not in self.talked]

    def monday(self, number: int) -> date:
        """Return the Monday of a week."""
        day = self.days[number]
        return day - day.weekday() * county.DAY

    def filed(self) -> Iterable[tuple[str, date]]:
        """Yield the school and day of each talk that was filed: one a class."""
        rooms = {
            (child.school.name, child.grade, child.room, week)
            for child in self.county.children
            for name, week in self.talked
            if name == child.name
        }
        for school, _grade, _room, week in rooms:
            yield school, week + timedelta(days=2)

    def scheduled(self, names: dict[str, str]) -> Iterable[tuple[str, ...]]:
        """Yield the scheduler's tasks with their states."""
        sql = (
            "SELECT o.programme, o.subject_id, o.period, o.closed_state, r.due_on, r.grace_until "
            "FROM occurrence o JOIN run r ON r.id = o.run_id"
        )
        for programme, subject, period, closed, due_on, grace in self.read("scheduler", sql):
            yield programme, names[subject], period, closed or self.open_state(due_on, grace)

    def registered(self, names: dict[str, str]) -> Iterable[tuple[str, ...]]:
        """Yield the registry's tasks with their states."""
        sql = "SELECT programme, subject_id, period, done_on, due_on, grace_until FROM task"
        for programme, subject, period, done_on, due_on, grace in self.read("registry", sql):
            done = ("done" if str(done_on) <= str(due_on) else "late") if done_on else ""
            yield programme, names[subject], period, done or self.open_state(due_on, grace)

    def open_state(self, due_on: Any, grace: Any) -> str:
        """Say how a task stands for which nothing was done."""
        if str(self.day) <= str(due_on):
            return "due"
        return "overdue" if grace is None or str(self.day) <= str(grace) else "missed"

    def announced(self, names: dict[str, str]) -> Iterable[Task]:
        """Yield the tasks as they were announced on the bus, each time that they were."""
        for (payload,) in self.read("scheduler", "SELECT payload FROM outbox WHERE topic = 'task.due.v1'"):
            task = json.loads(payload)
            for subject in task["subjects"]:
                yield Task(task["programme"], names[subject], task["period"])

    def parked(self) -> Iterable[str]:
        """Yield the queues with something parked, once a message."""
        if isinstance(self.stack, Distributed):
            for queue, many in self.stack.servers.rabbitmq.depths(VHOST).items():
                yield from [queue] * (many if queue.endswith(".parked") else 0)


def live(
    make_stack: Callable[[int], Stack],
    points: dict[str, list[str]],
    disturbances: dict[str, Callable[[], None]],
    say: Say,
    seed: int = 1,
) -> Account:
    """Let counties live until every component has died at all its `points`; between weeks `disturbances` take turns."""
    account = Account()
    life: Life | None = None
    chance = random.Random(seed)
    queue = {name: chance.sample(each, len(each)) for name, each in points.items()}
    total = sum(map(len, queue.values()))
    weeks = 0
    try:
        while any(queue.values()) or (life and life.armed):
            if life is None or life.number + 1 >= len(life.days):
                if life:
                    finish(life, say)
                    for component, point in life.armed.items():
                        queue[component].append(point)
                life = Life(make_stack(seed + weeks), seed + weeks)
                life.begin()
            weeks += 1
            name, disturb = None, None
            if disturbances and weeks % 2 == 0:
                name = sorted(disturbances)[weeks // 2 % len(disturbances)]
                disturb = disturbances[name]
            found = life.week(queue, disturb)
            if name:
                life.died[name] += 1
            account.add(life.died, found)
            left = sum(map(len, queue.values())) + len(life.armed)
            say(
                f"week {weeks}: {total - left} of {total} kills; expected={found.expected} "
                f"lost={len(found.lost)} dup={len(found.twice)}"
            )
            for each in (*found.lost[:5], *found.twice[:5]):
                say(f"  {each}")
            if found.lost or found.twice:
                say(f"  after {dict(life.died)}; logs in {life.stack.folder}")
                break
    finally:
        if life:
            finish(life, say)
    return account


def finish(life: Life, say: Say) -> None:
    """Ask the product itself whether its ledgers agree, and stop it."""
    try:
        say(f"  hongzhu doctor: {life.stack.command('doctor', check=False).splitlines()[-1]}")
    finally:
        life.bureau.close()
        life.stack.stop()
