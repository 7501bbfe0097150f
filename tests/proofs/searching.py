"""Searching everything that an installation wrote for canaries, and a dump of the registry for what is sealed."""

import json
import os
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from email.message import EmailMessage
from pathlib import Path
from typing import NamedTuple

import httpx
from tests.journeys.people import Mailbox
from tests.proofs.flock import MARKS, NAME, POISON, SEALED, Flock, Writings
from tests.proofs.servers import postgres_program
from tests.proofs.stack import SERVICES, VHOST, Distributed

Say = Callable[[str], None]


class Outcome(NamedTuple):
    """What the search came to."""

    canaries: int
    places: int
    hits: list[str]
    clear: list[str]
    seen: int
    """How many names stand in the registry's own dump, where they belong: the search does find what is there."""

    def __str__(self) -> str:
        return f"canaries={self.canaries} places={self.places} hits={len(self.hits)} clear={len(self.clear)}"

    @property
    def clean(self) -> bool:
        """Whether nothing leaked."""
        return not self.hits and not self.clear


def places(stack: Distributed, mailbox: Mailbox, answers: Sequence[bytes]) -> Iterator[tuple[str, bytes]]:
    """Yield everything that the search looks at, but the registry's own database."""
    yield from ((f"log {file.relative_to(stack.folder)}", file.read_bytes()) for file in _files(stack.folder))
    yield from ((f"answer {number}", answer) for number, answer in enumerate(answers))
    yield "metrics", httpx.get(f"{stack.web}/metrics", timeout=30).content
    for number, mail in enumerate(mailbox.messages):
        yield f"mail {number}", _said(mail)
    for queue in stack.servers.rabbitmq.depths(VHOST):
        asked = {"count": 100_000, "ackmode": "ack_requeue_true", "encoding": "auto"}
        for number, message in enumerate(stack.servers.rabbitmq.ask("POST", f"/queues/{VHOST}/{queue}/get", asked)):
            yield f"message {number} in {queue}", json.dumps(message, ensure_ascii=False).encode()
    for file in _files(stack.servers.rabbitmq.folder):
        yield f"broker {file.relative_to(stack.servers.rabbitmq.folder)}", file.read_bytes()
    yield "PostgreSQL's log", (stack.servers.postgres.folder / "log").read_bytes()
    for service in SERVICES:
        for table in ("outbox", "inbox"):
            yield f"{table} of {service}", repr(stack.rows(service, f"SELECT * FROM {table}")).encode()
        if service != "registry":
            yield f"dump of {service}", dump(stack, service)


def dump(stack: Distributed, service: str) -> bytes:
    """Dump one service's database as plain SQL."""
    reach = ["-h", "127.0.0.1", "-p", str(stack.servers.postgres.port), "-U", "postgres"]
    program = postgres_program("pg_dump")
    return subprocess.run([program, *reach, f"hongzhu_{service}"], check=True, capture_output=True).stdout


def search(flock: Flock, stack: Distributed, mailbox: Mailbox, answers: Sequence[bytes], say: Say) -> Outcome:
    """Search everywhere."""
    everywhere, planted = Writings(MARKS), Writings([POISON])
    hits, kinds = [], Counter[str]()
    for place, text in places(stack, mailbox, answers):
        kinds[place.split()[0]] += 1
        hits += [f"{place}: {hit}" for hit in everywhere.find(text)]
        if not place.startswith(("message", "broker", "dump", "log tmp", "inbox")):
            hits += [f"{place}: {hit}" for hit in planted.find(text)]
    say(" ".join(f"{kind}={many}" for kind, many in sorted(kinds.items())))
    registry = dump(stack, "registry")
    return Outcome(
        canaries=len(flock.planted),
        places=kinds.total() + 1,
        hits=hits,
        clear=[f"dump of registry: {hit}" for hit in Writings(SEALED).find(registry)],
        seen=registry.count(NAME.encode()),
    )


def _said(mail: EmailMessage) -> bytes:
    # Whom it goes to must stand on it; what it says must name nobody.
    del mail["To"]
    body = mail.get_body(("plain",))
    return mail.as_bytes() + (body.get_content().encode() if body else b"")


def _files(folder: Path) -> Iterator[Path]:
    for path, _folders, names in os.walk(folder):
        yield from (Path(path) / name for name in sorted(names) if (Path(path) / name).is_file())
