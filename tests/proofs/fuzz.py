"""Fuzzing: the API asked by every role for what its own description allows, and for what it does not.

The application runs as it always does, behind uvicorn, on a database of its own with the small county of the registry's tests.
Half of the ids that are asked for are those of real rows, so that more is reached than what is missing.
"""

import os
import random
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import requests
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sqlalchemy import update
from tests.proofs.servers import free_port

from hongzhu import clock
from hongzhu import settings as configuration
from hongzhu.database import let_go
from hongzhu.testing.databases import fresh_postgres, fresh_sqlite
from hongzhu.testing.examples import MONDAY
from hongzhu.waiting import wait_for

sys.path.insert(0, str(Path(__file__).parents[2] / "services/registry/tests"))

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
OPEN = frozenset({"POST /api/v1/token"})
"""What answers those who have not signed in."""
NOBODY = {"no token": None, "wrong token": "Bearer nonsense"}
DATABASES = ("sqlite", "postgresql")
_REFERENCES = {
    "child_id": "/api/v1/children",
    "child_ids": "/api/v1/children",
    "subjects": "/api/v1/children",
    "school_id": "/api/v1/schools",
    "supporter_id": "/api/v1/supporters",
}
"""Where the ids come from that are named in bodies and queries."""


@dataclass
class Tally:
    """What came of asking as one role."""

    role: str
    cases: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    server_errors: list[str] = field(default_factory=list)
    unauthenticated_successes: list[str] = field(default_factory=list)
    astray: list[str] = field(default_factory=list)
    """Answers that the description does not declare."""

    def __str__(self) -> str:
        return (
            f"role={self.role} cases={self.cases} server_errors={len(self.server_errors)} "
            f"unauthenticated_successes={len(self.unauthenticated_successes)} undeclared={len(self.astray)}"
        )

    @property
    def clean(self) -> bool:
        """Whether nothing was wrong."""
        return not (self.server_errors or self.unauthenticated_successes or self.astray)

    @property
    def findings(self) -> list[str]:
        """What was wrong, each kind at each address once."""
        return list(dict.fromkeys([*self.server_errors, *self.unauthenticated_successes, *self.astray]))


@contextmanager
def served(url: str, home: Path) -> Iterator[str]:
    """Serve the registry on a fresh database with a small county in it; give its address."""
    from hongzhu_registry.sealing import key_ring, new_key

    keys = ",".join(f"{name}:{new_key()}" for name in ("first", "index", "link"))
    told = {"HOME": str(home), "REGISTRY_DATABASE_URL": url, "SECRET_KEYS": keys}
    before = {name: value for name, value in os.environ.items() if name.startswith("HONGZHU_")}
    os.environ.update({f"HONGZHU_{name}": value for name, value in told.items()})
    _forget_configuration()
    try:
        from county import furnish

        from hongzhu_registry.app import make_app
        from hongzhu_registry.database import database

        clock.stand_on(MONDAY)
        database.migrate()
        furnish()
        port = free_port()
        config = uvicorn.Config(make_app(), port=port, log_level="critical", access_log=False, lifespan="on")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        wait_for("the registry", lambda: server.started)
        yield f"http://127.0.0.1:{port}"
        server.should_exit = True
        thread.join(10)
        let_go(url)
    finally:
        for name in told:
            os.environ.pop(f"HONGZHU_{name}")
        os.environ.update(before)
        _forget_configuration()
    key_ring.cache_clear()


def _forget_configuration() -> None:
    from hongzhu_registry.sealing import key_ring

    configuration.settings.cache_clear()
    key_ring.cache_clear()


class Fuzzer:
    """Asks one served registry."""

    def __init__(self, web: str) -> None:
        from county import PEOPLE

        self.roles: Sequence[str] = tuple(PEOPLE)
        self._schema = schemathesis.openapi.from_url(f"{web}/openapi.json")
        self._operations = [found.ok() for found in self._schema.get_all_operations()]
        self._web = web
        self._http = requests.Session()
        self._known = self._ids()

    def ask(self, role: str, cases: int, first_seed: int = 0) -> Tally:
        """Ask as a role, or as nobody, so many times."""
        tally = Tally(role)
        number = first_seed
        while tally.cases < cases:
            each = -(-(cases - tally.cases) // len(self._operations))
            for operation in self._operations:
                self._ask_one(tally, operation, max(1, each), number)
            number += 1
        return tally

    def _ask_one(self, tally: Tally, operation: Any, cases: int, number: int) -> None:
        def attempt(case: Any, chance: random.Random) -> None:
            self._send(tally, operation, case, chance)

        ways = [operation.as_strategy(generation_mode=mode) for mode in GenerationMode]
        # There is nothing to get wrong where nothing is asked for.
        if not self._draw(st.one_of(ways), cases, number, attempt):
            self._draw(ways[0], cases, number, attempt)

    @staticmethod
    def _draw(way: Any, cases: int, number: int, attempt: Callable[[Any, random.Random], object]) -> bool:
        rules = settings(
            max_examples=cases,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
            verbosity=Verbosity.quiet,
        )
        try:
            seed(number)(rules(given(way, st.randoms())(lambda case, chance: attempt(case, chance) and None)))()
        except Unsatisfiable:
            return False
        return True

    def _send(self, tally: Tally, operation: Any, case: Any, chance: random.Random) -> None:
        self._settle(case, chance)
        token = NOBODY[tally.role] if tally.role in NOBODY else f"Bearer {self._token(tally.role)}"
        headers = {"Authorization": token} if token else {}
        case.headers.pop("Authorization", None)
        answer = case.call(base_url=self._web, session=self._http, headers=headers)
        tally.cases += 1
        tally.statuses[answer.status_code] += 1
        where = f"{operation.method.upper()} {operation.path}"
        if answer.status_code >= 500:
            tally.server_errors.append(f"{where}: {answer.status_code}: {case.as_curl_command()[:1000]}")
            return
        if tally.role in NOBODY and answer.status_code < 400 and where not in OPEN:
            tally.unauthenticated_successes.append(where)
        if tally.role not in NOBODY and answer.status_code == 401 and where not in OPEN:
            self._come_back()  # a role may end its own tokens
        try:
            case.validate_response(answer, checks=CHECKS)
        except FailureGroup as group:
            tally.astray += [f"{where}: {answer.status_code}: {_told(failure)}" for failure in group.exceptions]

    def _settle(self, case: Any, chance: random.Random) -> None:
        """Put what is there in the place of what was made up, half of the time."""
        for name in case.path_parameters or {}:
            collection = operation_prefix(case.operation.path, name)
            if (ids := self._known.get(collection)) and chance.random() < 0.5:
                case.path_parameters[name] = chance.choice(ids)
        for part in (case.body, case.query):
            for name in part if isinstance(part, dict) else ():
                ids = self._known.get(_REFERENCES.get(name, ""))
                if ids and chance.random() < 0.5:
                    part[name] = [chance.choice(ids)] if isinstance(part[name], list) else chance.choice(ids)
        if case.method.upper() in ("PATCH", "PUT", "POST", "DELETE") and chance.random() < 0.7:
            case.headers["If-Match"] = "*"

    def _ids(self) -> Mapping[str, list[str]]:
        known: dict[str, list[str]] = {}
        headers = {"Authorization": f"Bearer {self._token('bureau')}"}
        for operation in self._operations:
            if operation.method.upper() == "GET" and "{" not in operation.path:
                answer = httpx.get(f"{self._web}{operation.path}", headers=headers)
                items = answer.json().get("items", ()) if "json" in answer.headers.get("content-type", "") else ()
                known[operation.path] = [str(each.get("id") or each.get("code") or each.get("name")) for each in items]
        return known

    @staticmethod
    def _token(role: str) -> str:
        from county import token_of

        return token_of(role)

    @staticmethod
    def _come_back() -> None:
        from hongzhu_registry.access.models import Account, Token
        from hongzhu_registry.database import database

        with database.transaction() as session:
            session.execute(update(Token).values(expires_at=clock.now() + timedelta(days=1)))
            session.execute(update(Account).values(disabled=False))

    def ask_oddly(self, role: str, share: float = 1) -> Tally:
        """Ask every route for what no generator thinks of, or a share of it: texts, days, bodies and headers at the edge."""
        tally, chosen = Tally(role), random.Random(1)
        for operation in self._operations:
            samples: list[Any] = []
            self._draw(operation.as_strategy(), 2, 0, lambda case, _, kept=samples: kept.append(case))
            for case in samples:
                self._settle(case, random.Random(1))
                for request in _odd_requests(case):
                    if chosen.random() > share:
                        continue
                    headers = {"Authorization": f"Bearer {self._token(role)}", "If-Match": "*"} | request.pop(
                        "headers", {}
                    )
                    answer = self._http.request(
                        case.method, f"{self._web}{request.pop('path')}", headers=headers, **request
                    )
                    tally.cases += 1
                    tally.statuses[answer.status_code] += 1
                    if answer.status_code >= 500:
                        tally.server_errors.append(
                            f"{case.method} {case.operation.path}: {answer.status_code}: {request}"[:600]
                        )
                    elif answer.status_code == 401 and str(headers["Authorization"]).startswith("Bearer token"):
                        self._come_back()
        return tally


ODD_TEXTS = (
    "",
    " ",
    "\0",
    "a\0b",
    "\ud800",
    "٣",
    "\u202e孩子",
    "x" * 70_000,
    "%",
    "_",
    "../..",
    "'",
    "9999-12-31",
    "0001-01-01",
)
ODD_VALUES = (
    *(*ODD_TEXTS, "99999-01-01", "2020-02-30", "12:00", 2**31, 2**63, -(10**30), 1e308, 0.1, -1, True, None),
    *([], {}, [[[]]], {"\0": "\0"}, {"a": {"$ref": "#"}}, ["\ud800"], ["x"] * 2000),
)
ODD_BODIES = (
    *(
        b"",
        b"null",
        b"[]",
        b"NaN",
        b'{"a": 1e999}',
        b"[" * 100_000,
        b'{"a": ' * 50_000,
        b"\xff\xfe",
        b"\xef\xbb\xbf{}",
        b"{" * 10,
    ),
    b'"\\ud800"',
)
ODD_HEADERS: tuple[Mapping[str, str | bytes], ...] = (
    *({"If-Match": value} for value in (b"", b'"', b'W/"1"', b"\xff", b'"99999999999999999999"', b"1, 2")),
    *({"Idempotency-Key": value} for value in (b"", b"\xe5", b"x" * 5000, b"'")),
    *({"Accept-Language": value} for value in (b"", b"\xff", b"*;q=x", b"zh;q=2;q=3,,,,", b"x-" * 2000)),
    *(
        {"Content-Type": value}
        for value in (b"", b"text/plain", b"application/json; charset=x", b"multipart/form-data", b"\xff")
    ),
    *(
        {"Authorization": value}
        for value in (b"?", b"Bearer ?", b"Basic ?", b"Bearer \xff?", b"Bearer " + b"x" * 9000 + b"?")
    ),
    {"Accept": b"text/html"},
    {"X-Forwarded-For": b"\xff"},
    {"Range": b"bytes=5-1"},
)


def _odd_requests(case: Any) -> Iterator[dict[str, Any]]:
    path, body, query = case.operation.path, case.body, case.query or {}
    good = {name: quote(str(value), safe="") for name, value in (case.path_parameters or {}).items()}
    sent = {"json": body} if isinstance(body, dict | list) and case.media_type == "application/json" else {}
    here = {"path": path.format(**good), "params": query, **sent}
    for name in good:
        for text in ODD_TEXTS[1:]:
            yield here | {"path": path.format(**good | {name: quote(text[:5000].encode("utf-8", "surrogatepass"))})}
    for parameter in case.operation.query:
        for text in ODD_TEXTS:
            asked = urlencode({parameter.name: text[:5000].encode("utf-8", "surrogatepass")})
            yield here | {"path": f"{here['path']}?{asked}", "params": {}}
    for headers in ODD_HEADERS:
        yield here | {"headers": dict(headers)}
    if sent:
        for name in body if isinstance(body, dict) else ():
            for value in ODD_VALUES:
                yield here | {"json": body | {name: value}}
        for raw in ODD_BODIES:
            yield here | {"data": raw, "json": None, "headers": {"Content-Type": "application/json"}}


def operation_prefix(path: str, parameter: str) -> str:
    """Return the address of the collection that a parameter is an id of."""
    return path.partition(f"/{{{parameter}}}")[0]


def _told(failure: Failure | BaseException) -> str:
    return " ".join(
        f"{getattr(failure, 'title', type(failure).__name__)}: {getattr(failure, 'message', failure)}".split()
    )[:300]


def fuzz(database: str, cases: int, folder: Path) -> list[Tally]:
    """Ask as every role and as nobody, on a fresh database of that kind."""
    with fresh_sqlite(folder) if database == "sqlite" else fresh_postgres() as url, served(url, folder / "home") as web:
        fuzzer = Fuzzer(web)
        asked = [fuzzer.ask(role, cases) for role in (*fuzzer.roles, *NOBODY)]
        return [*asked, fuzzer.ask_oddly("bureau")]


def fuzz_all(cases: int, folder: Path) -> Iterator[tuple[str, list[Tally]]]:
    """Ask on every kind of database, side by side."""
    for database in DATABASES:
        (folder / database).mkdir(parents=True)
    with ProcessPoolExecutor(len(DATABASES), mp_context=get_context("spawn")) as pool:
        folders = [folder / database for database in DATABASES]
        yield from zip(DATABASES, pool.map(fuzz, DATABASES, [cases] * len(DATABASES), folders), strict=True)
