"""Reading through the API: one child, and a list of fifty, as a school's coordinator reads them.

The registry runs as in production, in a process of its own on an account that row-level security holds, and every read is
authorised and written into the audit.  The limit is measured in the same run with the same client (wrk): the one `SELECT` by
asyncpg, out of a bare ASGI application behind the same web server.
"""

import base64
import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from plan_and_emit import DAY, Result, own_postgres, own_vhost, settle
from sqlalchemy import insert

from hongzhu.clock import stand_on
from hongzhu.settings import settings
from hongzhu.testing.databases import service_account

PER_SCHOOL, FAMILY = 500, ("father", "mother")
CONNECTIONS, SECONDS = 16, 6
ASKED = 200
"""How many of the school's children are asked for, in turn."""
COLUMNS = "id, version, school_id, name, sex, born_on, ethnicity, grade, class_name, boarding, in_poverty, health, note"
BARE = {
    "/child/": f"SELECT {COLUMNS} FROM child WHERE school_id = $1 AND id = $2",
    "/children": f"SELECT {COLUMNS} FROM child WHERE school_id = $1 ORDER BY id LIMIT 50",
}
LUA = """
local paths = {%s}
local turn = 0
request = function()
  turn = turn %% #paths + 1
  return wrk.format("GET", paths[turn])
end
"""


def seed(children: int) -> tuple[str, list[str]]:
    """Bring in children with their families, and a school's account; return its token and some of its children."""
    from hongzhu_registry.access import service as access
    from hongzhu_registry.children.models import Child, Relative
    from hongzhu_registry.database import database, new_id
    from hongzhu_registry.schools.models import School
    from hongzhu_registry.sealing import key_ring

    ring, own = key_ring(), f"{PER_SCHOOL:010}"
    schools = [f"{PER_SCHOOL + number:010}" for number in range(-(-children // PER_SCHOOL))]
    entered = date(2020, 9, 1)

    def child(number: int) -> dict[str, Any]:
        child_id, said = new_id(), f"513999{2010 + number % 5}0101{number:07}"[:18]
        return {
            "id": child_id,
            "school_id": schools[number // PER_SCHOOL],
            "name": f"孩子{number}",
            "sex": "male" if number % 2 else "female",
            "born_on": date(2010 + number % 5, 1, 1),
            "id_number": ring.seal(said, "child", "id_number", child_id),
            "id_number_index": ring.index(f"{said}/{number}", "child"),
            "address": ring.seal(f"永安市燕东街道{number}号", "child", "address", child_id),
            "grade": number % 6 + 1,
            "class_name": f"{number % 4 + 1}班",
            "boarding": number % 3 == 0,
            "in_poverty": number % 20 == 0,
            "left_behind_type": "双亲留守",
            "entered_on": entered,
        }

    def relative(child_id: str, role: str) -> dict[str, Any]:
        phone = ring.seal("13900000000", "relative", f"phone.{role}", child_id)
        return {"child_id": child_id, "role": role, "name": "家长", "place": "浙江温州", "away": True, "phone": phone}

    with database.transaction() as session:
        rows = [{"id": each, "name": f"第{each}小学", "stage": "primary", "entered_on": entered} for each in schools]
        session.execute(insert(School), rows)
        asked: list[str] = []
        for first in range(0, children, 10_000):
            made = [child(number) for number in range(first, min(first + 10_000, children))]
            session.execute(insert(Child), made)
            session.execute(insert(Relative), [relative(each["id"], role) for each in made for role in FAMILY])
            asked = asked or [each["id"] for each in made[:ASKED]]
        account = access.open_account(session, "school", "school", school_id=own)
        token = access.issue_token(session, account.id, access.MACHINE_TOKEN)
    settle(database)
    return token, asked


@contextmanager
def running(command: Sequence[str], environment: Mapping[str, str], ready: str) -> Iterator[None]:
    """Run a server until it is not needed any more."""
    process = subprocess.Popen([sys.executable, *command], env=os.environ | environment)
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                httpx.get(ready).raise_for_status()
                break
            except httpx.HTTPError:
                assert process.poll() is None, f"{command} ended"
                assert time.monotonic() < deadline, f"no answer from {ready}"
                time.sleep(0.2)
        yield
    finally:
        process.terminate()
        process.wait(20)


def rate(web: str, paths: Sequence[str], token: str) -> float:
    """Requests a second, all of them answered well."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(LUA % ", ".join(f'"{path}"' for path in paths))
        script.flush()
        asked = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "-s", script.name]
        done = subprocess.run(
            [*asked, "-H", f"Authorization: Bearer {token}", web], check=True, capture_output=True, text=True
        )
    assert not re.search("Non-2xx|Socket errors", done.stdout), done.stdout
    return float(done.stdout.partition("Requests/sec:")[2].split()[0])


def bare(url: str, port: int, school: str) -> None:
    """Serve the limit."""
    import asyncpg
    import orjson

    pool: Any = None
    headers = [(b"content-type", b"application/json")]

    async def app(scope: Any, _receive: Any, send: Any) -> None:
        nonlocal pool
        if pool is None:
            pool = await asyncpg.create_pool(url, min_size=CONNECTIONS, max_size=CONNECTIONS)
        path = scope["path"]
        if path == "/children":
            rows = await pool.fetch(BARE["/children"], school)
            body = orjson.dumps({"items": [dict(row) for row in rows]})
        else:
            row = await pool.fetchrow(BARE["/child/"], school, path.removeprefix("/child/"))
            body = orjson.dumps(dict(row) if row else None)
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    uvicorn.run(app, port=port, log_level="warning", access_log=False, lifespan="off")


def measure(children: int, rounds: int) -> list[Result]:
    """Measure both reads, limit and product in turn; of several rounds the best of each side counts."""
    from hongzhu.runtime import free_port
    from hongzhu_registry.sealing import key_ring
    from hongzhu_registry.service import service

    if not shutil.which("wrk"):
        raise SystemExit("wrk measures the API and is not here: apt install wrk")
    ports = [free_port("127.0.0.1", 0) or 0 for _ in range(2)]
    keys = ",".join(f"{name}:{base64.b64encode(secrets.token_bytes(32)).decode()}" for name in ("a", "index", "link"))
    with own_vhost() as broker_url, own_postgres() as url, service_account(url) as own:
        told = {"BROKER_URL": broker_url, "SECRET_KEYS": keys, "PORT": str(ports[0]), "REGISTRY_DATABASE_URL": url}
        os.environ.update({f"HONGZHU_{name}": value for name, value in told.items()})
        settings.cache_clear()
        key_ring.cache_clear()
        stand_on(DAY)
        service.migrate()
        token, asked = seed(children)
        limit = [str(Path(__file__)), url.replace("+psycopg", ""), str(ports[1]), f"{PER_SCHOOL:010}"]
        product, plain = (f"http://127.0.0.1:{port}" for port in ports)
        real = {
            "one child": [f"/api/v1/children/{each}" for each in asked],
            "a list of 50": ["/api/v1/children?limit=50"],
        }
        least = {"one child": [f"/child/{each}" for each in asked], "a list of 50": ["/children"]}
        measured: dict[str, list[float]] = {name: [] for name in real}
        limits: dict[str, list[float]] = {name: [] for name in real}
        for _round in range(rounds):
            with running(limit, {}, f"{plain}/children"):
                for name, paths in least.items():
                    limits[name].append(rate(plain, paths, token))
            registry = ["-m", "hongzhu", "run", "registry"]
            with running(registry, {"HONGZHU_REGISTRY_DATABASE_URL": own}, f"{product}/readyz"):
                for name, paths in real.items():
                    measured[name].append(rate(product, paths, token))
        for name in told:
            del os.environ[f"HONGZHU_{name}"]
        settings.cache_clear()
    results = []
    for name, target in (("one child", 0.15), ("a list of 50", 0.35)):
        ours, most = max(measured[name]), max(limits[name])
        results.append(
            Result(
                f"{name} of {children:,} through the API, with authorization, row-level security and audit",
                f"{ours:,.0f} requests/s",
                f"{most:,.0f} requests/s (bare ASGI + asyncpg)",
                f"{ours / most:.2f}",
                f"≥ {target}",
                ours / most >= target,
            )
        )
    return results


if __name__ == "__main__":
    bare(sys.argv[1], int(sys.argv[2]), sys.argv[3])
