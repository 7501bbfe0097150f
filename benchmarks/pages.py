"""The pages that are opened all day, in a county and in a province: children, overview, tasks, a dossier, a teacher's week.

The registry runs as in production, in a process of its own on an account that row-level security holds, and each page is asked
for as a browser does, again and again, another child and another teacher each time.  The schools of both places are alike; what
there is a hundred times as much of is schools.  `python benchmarks/pages.py [CHILDREN]`.
"""

import base64
import os
import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, timedelta

import httpx
from api_reads import running
from plan_and_emit import DAY, Result, own_postgres, own_vhost
from sqlalchemy import select, text, true

from hongzhu.calendar import SchoolCalendar, Term
from hongzhu.clock import stand_on
from hongzhu.runtime import free_port
from hongzhu.settings import settings
from hongzhu.testing.databases import service_account
from hongzhu_education_bureau import agency as education_bureau
from hongzhu_education_bureau.programmes import of_every_child
from hongzhu_registry.access import service as access
from hongzhu_registry.access.policy import Principal
from hongzhu_registry.agencies import service as agencies
from hongzhu_registry.calendar import service as calendar
from hongzhu_registry.database import database
from hongzhu_registry.programmes import service as programmes
from hongzhu_registry.sealing import key_ring
from hongzhu_registry.service import service
from hongzhu_registry.signed_in import SESSION
from hongzhu_registry.tallies.queries import OF_TASK, touch, touch_children
from hongzhu_registry.tallies.ticks import catch_up
from hongzhu_registry.weeks.links import link_to_week

COUNTY = 1_058
PER_SCHOOL, PER_CLASS = 30, 5
FIRST, LAST = date(2020, 8, 31), date(2021, 1, 29)
WEEKS = (DAY - FIRST).days // 7 + 1
ASKED, WARMING = 60, 5
"""How often each page is asked for, and how often before anybody counts."""
MOST_MS, MOST_APART = 300, 2.0
WEEKLY = ("weekly_talk", "weekly_tutoring", "family_call")
PAGES = {
    "children": (
        "/children?status=present",
        "/children?q=z",  # a page of them, here and there
        "/children?q=李",
        "/children?q=李德1043",  # one child
        "/children?status=present&in_poverty=true",
    ),
    "overview": ("/overview",),
    "tasks": ("/tasks?state=all", "/tasks?state=due", "/tasks?state=overdue"),
    "dossier": ("/children/child-{child:07}",),
    "my week": ("{week}", "{week}/education_bureau.weekly_talk"),
}
SEED = (
    """INSERT INTO school (id, version, name, town, stage, urban, has_call_room, entered_on)
       SELECT 'school-' || lpad(n::text, 5, '0'), 1, '第' || n || '小学', '第' || n / 3 || '镇', 'primary', n % 2 = 0, true, :first
       FROM generate_series(0, (:children - 1) / :per_school) AS n""",
    """INSERT INTO child (id, version, school_id, name, initials, sex, born_on, grade, class_name, in_poverty, boarding, entered_on,
                          basis)
       SELECT 'child-' || lpad(n::text, 7, '0'), 1, 'school-' || lpad((n / :per_school)::text, 5, '0'),
              substr('赵钱孙李周吴郑王', n % 8 + 1, 1) || substr('安邦成德恩芳光海', n / 8 % 8 + 1, 1) || n,
              substr('zqslzwzw', n % 8 + 1, 1) || substr('abcdefgh', n / 8 % 8 + 1, 1),
              CASE WHEN n % 2 = 0 THEN 'male' ELSE 'female' END, DATE '2010-01-01', n % :per_school / :per_class + 1, '1班',
              n % 25 = 0, n % 3 = 0, :first, 'statutory_duty'
       FROM generate_series(0, :children - 1) AS n""",
    """INSERT INTO roster_entry (child_id, school_id, said, file, id)
       SELECT id, school_id, '{}', school_id || '.xlsx', 'roster-' || id FROM child""",
    """INSERT INTO supporter (id, version, organisation, school_id, kind, name, vetted, duty, grade, class_name)
       SELECT 'teacher-' || id || '-' || grade, 1, id, id, 'teacher', '老师', true, 'class_teacher', grade, '1班'
       FROM school, generate_series(1, :per_school / :per_class) AS grade""",
    # Three in four were done, two days into their week; of this week's every other one.
    """INSERT INTO task (id, period_start, programme, version, agency, evidence_kind, subject_id, school_id, period, opens_on,
                         due_on, grace_until, done_on, evidence_id, changes, issued_on)
       SELECT md5(child.id || kind || w), monday, 'education_bureau.' || code, 1, 'education_bureau', kind, child.id, school_id,
              'week:' || monday, monday, monday + 6, monday + 13, CASE WHEN done THEN monday + 2 END,
              CASE WHEN done THEN md5(school_id || grade || kind || w) END, 0, monday
       FROM child CROSS JOIN (VALUES ('weekly_talk', 'talk', 1), ('weekly_tutoring', 'tutoring', 2), ('family_call', 'call', 3))
                             AS programme (code, kind, turn)
            CROSS JOIN generate_series(0, :weeks - 1) AS w,
            LATERAL (SELECT CAST(:first AS date) + 7 * w AS monday) AS of_week,
            LATERAL (SELECT (ascii(right(child.id, 1)) + w + turn) % 4 > CASE WHEN w = :weeks - 1 THEN 1 ELSE 0 END AS done) AS so
       WHERE boarding OR kind <> 'call'""",
    """INSERT INTO task (id, period_start, programme, version, agency, evidence_kind, subject_id, school_id, period, opens_on,
                         due_on, grace_until, changes, issued_on)
       SELECT md5(id || 'visit'), DATE '2020-09-01', 'education_bureau.home_visit', 1, 'education_bureau', 'visit', id, school_id,
              'year:2020', DATE '2020-09-01', DATE '2021-08-31', DATE '2021-08-31', 0, DATE '2020-09-01'
       FROM child""",
    """INSERT INTO evidence (id, subject_id, version, kind, done_on, filed_on)
       SELECT evidence_id, subject_id, 1, evidence_kind, done_on, done_on FROM task WHERE evidence_id IS NOT NULL""",
    """INSERT INTO record (id, version, kind, school_id, occurred_on, data, recorded_by, filed_by, filed_at)
       SELECT evidence_id, 1, min(evidence_kind), min(school_id), min(done_on), '{"topic": "health"}', '老师',
              min('teacher-' || school_id || '-1'), min(done_on)
       FROM task WHERE evidence_id IS NOT NULL GROUP BY evidence_id""",
    """INSERT INTO audit_entry (at, account_id, role, action, subject_id, outcome, position, seal)
       SELECT now(), 'somebody', 'school', 'GET /children/{child_id}', id, 'done', row_number() OVER (ORDER BY id, n), ''
       FROM child, generate_series(1, 5) AS n""",
)


def seed(children: int) -> str:
    """Bring in schools, classes with their teachers, a term of weekly care, and who looked; return an officer's session."""
    with database.transaction() as session:
        calendar.announce(session, SchoolCalendar(terms=(Term(first=FIRST, last=LAST),)))
        agencies.introduce(session, education_bureau())
        for each in of_every_child():
            programmes.declare(session, each)
            session.flush()
            programmes.approve(session, Principal("bench", "bureau"), each.code, FIRST)
        for month in ("2020-08", "2020-09", "2020-10", "2020-11"):
            session.execute(
                text("SELECT make_monthly_partition('task', :first)"), {"first": date.fromisoformat(f"{month}-01")}
            )
        sizes = {
            "children": children,
            "per_school": PER_SCHOOL,
            "per_class": PER_CLASS,
            "weeks": WEEKS,
            "first": FIRST,
        }
        for statement in SEED:
            session.execute(text(statement), sizes)
        account = access.open_account(session, "officer", "bureau")
        token = access.issue_token(session, account.id, timedelta(days=1))
        touch_children(session, true())
        touch(session, session.execute(select(*OF_TASK).distinct()))
    catch_up()
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")
    return token


@contextmanager
def place(children: int, broker_url: str) -> Iterator[tuple[httpx.Client, list[str]]]:
    """Serve a place with so many children; give an officer's browser, and the links of teachers."""
    port = free_port("127.0.0.1", 0) or 0
    web = f"http://127.0.0.1:{port}"
    keys = ",".join(f"{name}:{base64.b64encode(secrets.token_bytes(32)).decode()}" for name in ("a", "index", "link"))
    with own_postgres() as url, service_account(url) as own:
        told = {"BROKER_URL": broker_url, "SECRET_KEYS": keys, "PORT": str(port), "REGISTRY_URL": web}
        environment = {f"HONGZHU_{name}": value for name, value in (told | {"REGISTRY_DATABASE_URL": url}).items()}
        with configured(environment):
            service.migrate()
            stand_on(DAY)
            token = seed(children)
            schools = children // PER_SCHOOL
            links = [link_to_week(f"teacher-school-{n * 7919 % schools:05}-{n % 6 + 1}") for n in range(ASKED)]
        registry = ["-m", "hongzhu", "run", "registry"]
        with (
            running(registry, environment | {"HONGZHU_REGISTRY_DATABASE_URL": own}, f"{web}/readyz"),
            httpx.Client(base_url=web, cookies={SESSION: token}, timeout=60) as client,
        ):
            yield client, links


@contextmanager
def configured(environment: Mapping[str, str]) -> Iterator[None]:
    """Let this process be an installation."""
    os.environ.update(environment)
    settings.cache_clear()
    key_ring.cache_clear()
    try:
        yield
    finally:
        for name in environment:
            del os.environ[name]
        settings.cache_clear()
        key_ring.cache_clear()


def percentiles(places: Mapping[int, tuple[httpx.Client, list[str]]], pattern: str) -> dict[int, float]:
    """Ask for a page of each place in turn, so that all have the same machine; return the 95th percentiles in milliseconds."""
    taken: dict[int, list[float]] = {children: [] for children in places}
    for number in range(WARMING + ASKED):
        for children, (client, links) in places.items():
            address = pattern.format(child=number * 7919 % children, week=links[number % ASKED])
            began = time.perf_counter()
            answer = client.get(address)
            if number >= WARMING:
                taken[children].append((time.perf_counter() - began) * 1000)
            assert answer.status_code == httpx.codes.OK, (pattern, answer.status_code)
    return {children: statistics.quantiles(each, n=20)[-1] for children, each in taken.items()}


def measure(children: int) -> list[Result]:
    """Measure the pages of a county, and of a place with so many children."""
    results = []
    with own_vhost() as broker_url, place(COUNTY, broker_url) as county, place(children, broker_url) as province:
        for page, patterns in PAGES.items():
            for pattern in patterns:
                small, large = percentiles({COUNTY: county, children: province}, pattern).values()
                address = pattern.replace("{week}", "/w/…").replace("{child:07}", "…")
                results.append(
                    Result(
                        f"{page}, {address}: p95 at {children:,} children",
                        f"{large:.0f} ms",
                        f"{small:.0f} ms at {COUNTY:,}",
                        f"{large / small:.2f}×",
                        f"≤ {MOST_APART:.0f}×, < {MOST_MS} ms",
                        large <= MOST_APART * small and large < MOST_MS,
                    )
                )
    return results


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="hongzhu-bench-") as home:
        os.environ["HONGZHU_HOME"] = home
        for each in measure(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000):
            print(each)
