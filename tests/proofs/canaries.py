"""Canaries: people told apart from everything else go through an installation's life and mishaps; then they are searched for.

They go in by workbooks, sound, broken and damaged; tasks fall due and notices go out; messages are parked, handlers fail, the
database refuses rows, broker, registry and database go away, processes are killed in the middle.  Afterwards no mark of any
of them may stand in a log, a message, an error, a mail's text, a temporary file, or in another service's database; and what
is sealed may not stand in clear in a dump of the registry's own.
"""

import json
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from psycopg import OperationalError
from tests.journeys.county import FIRST_DAY
from tests.journeys.people import Mailbox, mail_server
from tests.proofs.flock import NAME, POISON, Flock
from tests.proofs.forking import Forked
from tests.proofs.searching import Outcome, Say, search
from tests.proofs.stack import SERVICES, VHOST, Distributed

from hongzhu.waiting import wait_for

QUEUES = (*SERVICES, "agency.education_bureau", "agency.legal_aid")


class Life:
    """The life of one installation, with what it printed, answered and sent kept for the search."""

    def __init__(self, stack: Distributed, flock: Flock, mailbox: Mailbox, say: Say) -> None:
        self.stack, self.flock, self.mailbox, self.say = stack, flock, mailbox, say
        self.commands = 0
        self.answers: list[bytes] = []
        self.bureau = httpx.Client()
        stack.forking = True
        temporary = stack.folder / "tmp"
        temporary.mkdir()
        stack.common |= {
            "HONGZHU_CHANNELS": "inbox,smtp",
            "HONGZHU_SMTP_URL": mailbox.url,
            "HONGZHU_LOG_LEVEL": "DEBUG",
            "TMPDIR": str(temporary),
        }

    def live(self) -> None:
        """Go through everything."""
        for mishap in (
            self.begin,
            self.ask_wrongly,
            self.send_poison,
            self.refuse_rows,
            self.break_relay,
            self.lose_broker,
            self.lose_registry,
            self.lose_database,
            self.kill_imports,
        ):
            self.say(mishap.__name__.replace("_", " "))
            mishap()
            self.come_to_rest()

    def begin(self) -> None:
        """Take hongzhu into use and let the first week's tasks and notices go out."""
        self.folder = self.flock.write(self.stack.folder.parent / f"{self.stack.folder.name}-workbooks")
        self.stack.stand_on(FIRST_DAY)
        self.stack.start()
        self.stack.wait_until_ready()
        self.bureau = self.stack.bureau()
        self.bureau.headers["Connection"] = "close"  # work in the background that fails takes its connection with it
        self.command("import", self.folder)
        self.stack.approve_programmes(self.bureau)
        wait_for("mail to go out", lambda: len(self.mailbox.messages) > len(self.flock.rows) // 2)
        self.come_to_rest()
        children = self.bureau.get("/children?limit=20").raise_for_status().json()["items"]
        for child in children:  # people do write names where a topic was asked for
            data = {"topic": "学习近况|How school is going", "note": f"与{child['name']}谈心"}
            self.note(self.bureau.post("/records", json=self.talk([child["id"]], data)))
        self.known = [child["id"] for child in children]

    def talk(self, children: list[str], data: Any) -> dict[str, Any]:
        """Write a talk as it is filed."""
        return {"kind": "talk", "occurred_on": str(FIRST_DAY), "child_ids": children, "data": data}

    def ask_wrongly(self) -> None:
        """Ask the API for what it must refuse, with people's names and numbers in the wrong places."""
        bureau = self.bureau
        for number, child in enumerate(self.flock.rows[next(iter(self.flock.rows))][:8]):
            name, identity, phone = (child.row[each] for each in ("学生姓名", "身份证号", "父亲电话"))
            known = f"/children/{self.known[number]}"
            for path in (identity, name, phone, f"{identity}/timeline"):
                self.note(bureau.get(f"/children/{path}"))
            for query in ({"grade": phone}, {"sex": name}, {"limit": identity}, {"cursor": name, "shool": name}):
                self.note(bureau.get("/children", params=query))
            for sent in ({"grade": name}, {"note": name * 200}, {"in_poverty": phone}, [name], {"phone": phone}):
                self.note(bureau.patch(known, json=sent, headers={"If-Match": "*"}))
                self.note(bureau.patch(known, json=sent))
            for data in ({"topic": name}, {"topic": 1, "note": phone}, {"note": name}):
                self.note(bureau.post("/records", json=self.talk([self.known[number]], data)))
            self.note(bureau.post("/records", json=self.talk([name, identity], {})))
            self.note(
                bureau.post("/pairings", json={"kind": "proxy_parent", "supporter_id": name, "child_id": identity})
            )
            self.note(bureau.post("/subsidies", json={"child_id": identity, "teacher": name, "taught_on": phone}))
            self.note(bureau.post("/records", content=f'{{"kind": "{name}'.encode()))
            self.note(bureau.post("/imports", files={"file": ("a.xlsx", f"{name},{identity}".encode())}))
            self.note(bureau.post("/token", data={"username": name, "password": identity}))
            self.note(bureau.put(f"/programmes/{identity}", json={"code": name}))
            self.note(httpx.get(f"{self.stack.web}/w/{phone}"))
            self.note(httpx.get(f"{self.stack.web}/api/v1/children", headers={"Authorization": f"Bearer {identity}"}))

    def send_poison(self) -> None:
        """Put messages that cannot be handled into every queue."""
        due = {
            "id": POISON,
            "programme": "education_bureau.weekly_talk",
            "version": 1,
            "period": "week:2023-02-13",
            "period_start": "2023-02-13",
            "opens_on": "2023-02-13",
            "due_on": "2023-02-19",
            "school_id": "5139970000",
        }
        bodies = [
            ("task.due.v1", POISON),
            ("task.due.v1", {"names": [POISON]}),
            ("task.due.v1", due | {"subjects": []}),
            ("task.due.v1", due | {"subjects": [POISON], "version": POISON}),
            ("task.due.v1", due | {"subjects": [f"{POISON}\0"], "id": "nul"}),
            ("task.due.v1", due | {"subjects": [POISON * 200], "id": "long"}),
            ("task.due.v1", due | {"subjects": [POISON], "programme": f"education_bureau.{POISON}", "id": "other"}),
            ("child.changed.v1", {"id": POISON, "children": [{"id": POISON, "sex": POISON}]}),
            ("evidence.filed.v1", {"id": POISON, "evidence": POISON}),
            (POISON, {"id": POISON}),
        ]
        for queue in QUEUES:
            for number, (topic, payload) in enumerate(bodies):
                wrapped = json.dumps(
                    [[payload], {}, {"callbacks": None, "errbacks": None, "chain": None, "chord": None}]
                )
                headers = {"lang": "py", "task": topic, "id": f"poison-{number}", "retries": 0}
                self._publish(queue, wrapped, headers if number else {})
        wait_for("poison to be parked", lambda: sum(self._depths(parked=True).values()) >= 3 * len(QUEUES))

    def refuse_rows(self) -> None:
        """Let the database refuse rows, whose values it then quotes, in commands, requests and work in the background."""
        code, children = next(iter(self.flock.rows.items()))
        for table, moved in (("relative", "广东深圳"), ("child", "福建永安"), ("supporter", "江西上饶")):
            with self._refused(table):
                roster = self.flock.write_roster(
                    self.stack.folder.parent / f"{table}.xlsx", code, children, 母亲务工地=moved
                )
                self.command("import", roster)
                self.command("import", self.folder / "教师.xlsx", self.folder / "律师.xlsx")
                self._hand_in(roster)
                for child in self.known[:3]:
                    changed = {"note": f"{NAME}{table}", "grade": 4}
                    self.note(self.bureau.patch(f"/children/{child}", json=changed, headers={"If-Match": "*"}))

    def break_relay(self) -> None:
        """Take a table away while everything runs: requests fail, loops break down with a trace and are started again."""
        for service, table in (
            ("registry", "outbox"),
            ("registry", "child"),
            ("scheduler", "child"),
            ("notifier", "owed"),
        ):
            self._alter(service, f"ALTER TABLE {table} RENAME TO {table}_away")
            if service == "registry":
                self.note(self.bureau.get(f"/children/{self.known[0]}"))
                self.note(self.bureau.patch(f"/children/{self.known[0]}", json={"grade": 5}, headers={"If-Match": "*"}))
            time.sleep(1.5)  # not a wait for anything: so long the table is away, that every loop runs into it
            self._alter(service, f"ALTER TABLE {table}_away RENAME TO {table}")

    def lose_broker(self) -> None:
        """Kill RabbitMQ while there is something to say."""
        self.stack.servers.rabbitmq.kill()
        self.command("import", self._another_roster("浙江宁波"))
        self.note(self.bureau.patch(f"/children/{self.known[1]}", json={"grade": 2}, headers={"If-Match": "*"}))
        self.command("parked", "list")
        time.sleep(2)  # the outage, in which every service tries and tells of it
        self.stack.servers.rabbitmq.start()

    def lose_registry(self) -> None:
        """Kill the registry on the next week's first day, while the notifier and the agencies need it."""
        before = len(self.mailbox.messages)
        self._hand_in(self._another_roster("浙江杭州"))
        self.stack.kill("registry")
        self.stack.stand_on(FIRST_DAY + timedelta(days=7))
        time.sleep(4)  # the outage, long enough for the notifier and the agencies to give up asking
        self.stack.revive()
        self.stack.wait_until_ready()
        wait_for("the next week's mail", lambda: len(self.mailbox.messages) > before)

    def lose_database(self) -> None:
        """Kill PostgreSQL in the middle of an import."""
        self._hand_in(self._another_roster("上海"))
        with self._running("import", self._another_roster("江苏苏州")):
            time.sleep(0.5)
            self.stack.servers.postgres.kill()
            with suppress(httpx.TransportError):
                self.note(self.bureau.get(f"/children/{self.known[0]}"))
        time.sleep(1)  # the outage
        self.stack.servers.postgres.start()

    def kill_imports(self) -> None:
        """Kill imports in the middle, by command and by request."""
        for wait in (0.2, 0.5, 1.0):
            with self._running("import", self._another_roster(f"云南{wait}")) as process:
                time.sleep(wait)
                process.kill()
            self._hand_in(self._another_roster(f"贵州{wait}"))
            time.sleep(wait / 2)
            self.stack.kill("registry")
            self.stack.revive()
            self.stack.wait_until_ready()

    def come_to_rest(self) -> None:
        """Start what ended, and wait until nothing is on its way."""

        def resting() -> bool:
            for name in [each for each, process in self.stack.running.items() if process.poll() is not None]:
                self.stack.start(name)
            try:
                return not self.stack.waiting()
            except OperationalError:
                return False

        wait_for("rest", resting, 120, 0.3)
        self.stack.wait_until_ready()

    def command(self, *arguments: str | Path) -> None:
        """Run a command, whatever becomes of it, and keep what it printed."""
        with self._running(*arguments) as process:
            process.wait(timeout=300)

    def note(self, answer: httpx.Response) -> None:
        """Keep an answer that refuses."""
        if answer.is_error:
            self.answers.append(str(answer.headers.raw).encode() + answer.content)

    @contextmanager
    def _running(self, *arguments: str | Path) -> Iterator[Forked]:
        self.commands += 1
        log = self.stack.folder / f"command-{self.commands}-{arguments[0]}.log"
        environment = self.stack.environment("registry" if arguments[0] == "import" else "migrate")
        process = Forked([str(each) for each in arguments], environment, log)
        try:
            yield process
        finally:
            process.wait(timeout=300)

    def _another_roster(self, moved: str) -> Path:
        code, children = list(self.flock.rows.items())[self.commands % len(self.flock.rows)]
        return self.flock.write_roster(
            self.stack.folder.parent / f"{self.commands}.xlsx", code, children, 母亲务工地=moved
        )

    def _hand_in(self, roster: Path) -> None:
        answer = self.bureau.post("/imports", files={"file": (roster.name, roster.read_bytes())})
        self.note(answer)
        with suppress(httpx.TransportError):
            self.note(self.bureau.get(f"/imports/{answer.json().get('id')}"))

    @contextmanager
    def _refused(self, table: str) -> Iterator[None]:
        self._alter("registry", f"ALTER TABLE {table} ADD CONSTRAINT trap CHECK (name IS NULL) NOT VALID")
        try:
            yield
            self.come_to_rest()
        finally:
            self._alter("registry", f"ALTER TABLE {table} DROP CONSTRAINT trap")

    def _alter(self, service: str, sql: str) -> None:
        with self.stack.servers.postgres.connect(f"hongzhu_{service}") as admin:
            admin.execute(sql)

    def _publish(self, queue: str, body: str, headers: dict[str, Any]) -> None:
        properties = {"headers": headers, "content_type": "application/json", "content_encoding": "utf-8"}
        sent = {"properties": properties, "routing_key": queue, "payload": body, "payload_encoding": "string"}
        self.stack.servers.rabbitmq.ask("POST", f"/exchanges/{VHOST}/amq.default/publish", sent)

    def _depths(self, *, parked: bool = False) -> dict[str, int]:
        depths = self.stack.servers.rabbitmq.depths(VHOST)
        return {queue: many for queue, many in depths.items() if queue.endswith(".parked") or not parked}


def fly(stack: Distributed, children: int, say: Say) -> Outcome:
    """Let so many children, and whoever stands by them, go through everything; return what the search came to."""
    with _moody_mail_server() as mailbox:
        life = Life(stack, Flock(children), mailbox, say)
        try:
            life.live()
            outcome = search(life.flock, stack, mailbox, life.answers, say)
        finally:
            life.bureau.close()
            stack.stop(signal.SIGTERM)
    assert outcome.seen >= life.flock.sound, f"only {outcome.seen} names got as far as the registry"
    return outcome


@contextmanager
def _moody_mail_server() -> Iterator[Mailbox]:
    """Serve SMTP, and refuse every third address in words that quote it."""
    refused = Counter[str]()

    async def handle_rcpt(_server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        if address.partition("@")[0].endswith("2"):
            refused[address] += 1
            return f"550 <{address}> is nobody here"
        envelope.rcpt_tos.append(address)
        return "250 well"

    with mail_server() as mailbox:
        mailbox.handle_RCPT = handle_rcpt  # type: ignore[attr-defined]  # aiosmtpd looks for a hook by its name
        yield mailbox
