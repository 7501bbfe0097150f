"""The implementation report of a term in a province: the tasks of its weekly talks, the records that resolved most, all agencies'
programmes, written as the document that is sent.

The limit is measured in the same run: one bare count of the same rows.  `python benchmarks/report.py [TASKS]`.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from typing import NamedTuple

from plan_and_emit import Result, own_postgres
from sqlalchemy import text

from hongzhu import runtime
from hongzhu.calendar import SchoolCalendar, Term
from hongzhu.clock import stand_on
from hongzhu.settings import settings
from hongzhu.testing.databases import service_account
from hongzhu_registry.access.policy import Principal
from hongzhu_registry.agencies import service as agencies
from hongzhu_registry.calendar import service as calendar
from hongzhu_registry.database import database
from hongzhu_registry.programmes import service as programmes
from hongzhu_registry.reports import service as reports

FIRST, LAST = date(2020, 9, 1), date(2021, 1, 29)
WEEKS, PER_SCHOOL = 20, 500
MONTHS = tuple(
    date.fromisoformat(f"{month}-01") for month in ("2020-08", "2020-09", "2020-10", "2020-11", "2020-12", "2021-01")
)
TARGET = 10.0
"""Seconds for a million tasks of children."""

CHILDREN = (
    """INSERT INTO school (id, version, name, stage, urban, has_home, entered_on)
       SELECT 'school-' || n, 1, '学校' || n, 'primary', n % 2 = 0, true, DATE '2020-09-01'
       FROM generate_series(0, (:children - 1) / :per) AS n""",
    """INSERT INTO child (id, version, school_id, name, sex, born_on, in_poverty, boarding, academic_concern, entered_on, basis)
       SELECT 'child-' || n, 1, 'school-' || n / :per, '孩子', CASE WHEN n % 2 = 0 THEN 'male' ELSE 'female' END,
              DATE '2010-01-01', n % 25 = 0, n % 3 = 0, n % 4 = 0, DATE '2020-09-01', 'statutory_duty'
       FROM generate_series(0, :children - 1) AS n""",
)
TALKS = """generate_series(0, :children - 1) AS n, generate_series(0, :weeks - 1) AS w,
           LATERAL (SELECT DATE '2020-08-31' + 7 * w AS monday) AS of_week"""
OWED_AND_HELD = (
    f"""INSERT INTO task (id, period_start, programme, version, agency, evidence_kind, subject_id, school_id, period,
                          opens_on, due_on, grace_until, done_on, changes, issued_on)
        SELECT n || '-' || w, monday, 'education_bureau.weekly_talk', 1, 'education_bureau', 'talk', 'child-' || n,
               'school-' || n / :per, 'week:' || monday, monday, monday + 6, monday + 13,
               CASE WHEN (n + w) % 4 > 0 THEN monday + 2 END, 0, monday
        FROM {TALKS}""",
    f"""INSERT INTO record (id, version, kind, school_id, occurred_on, data, filed_at)
        SELECT n || '-' || w, 1, 'talk', 'school-' || n / :per, monday + 2, '{{}}', monday + 2 FROM {TALKS} WHERE (n + w) % 4 > 0""",
    f"""INSERT INTO evidence (id, subject_id, version, kind, done_on, filed_on)
        SELECT n || '-' || w, 'child-' || n, 1, 'talk', monday + 2, monday + 2 FROM {TALKS} WHERE (n + w) % 4 > 0""",
)


class Taken(NamedTuple):
    """Seconds of a report, and of the bare count beside it."""

    report: float
    count: float


def seed(children: int) -> None:
    """Bring in schools, children, their talks of a term's weeks, and the records and evidence of three in four."""
    with database.transaction() as session:
        calendar.announce(session, SchoolCalendar(terms=(Term(first=FIRST, last=LAST),)))
        for each in runtime.agencies():
            agencies.introduce(session, each.agency())
            for programme in each.programmes():
                programmes.declare(session, programme)
                session.flush()
                programmes.approve(session, Principal("bench", "bureau"), programme.code, FIRST)
        for month in MONTHS:
            session.execute(text("SELECT make_monthly_partition('task', :first)"), {"first": month})
        for statement in (*CHILDREN, *OWED_AND_HELD):
            session.execute(text(statement), {"children": children, "per": PER_SCHOOL, "weeks": WEEKS})
    with database.transaction() as session:
        session.execute(text("ANALYZE"))


def seconds(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def bare_count() -> None:
    with database.transaction() as session:
        for table in ("task", "record", "evidence", "child"):
            session.execute(text(f"SELECT count(*) FROM {table}"))


def report() -> None:
    with database.transaction() as session:
        reports.written(session, reports.period_of(FIRST, LAST), "docx")


def take(tasks: int, rounds: int) -> Taken:
    """Make the report of so many tasks on a database of its own."""
    with own_postgres() as owner, service_account(owner) as service:
        for url in (owner, service):
            os.environ["HONGZHU_REGISTRY_DATABASE_URL"] = url
            settings.cache_clear()
            if url == owner:
                database.migrate()
        stand_on(LAST)
        seed(tasks // WEEKS)
        return Taken(min(seconds(report) for _ in range(rounds)), min(seconds(bare_count) for _ in range(rounds)))


def measure(tasks: int, rounds: int) -> list[Result]:
    """Measure a tenth of the tasks and all of them, so that what ten times the data cost is seen."""
    tenth, whole = take(tasks // 10, rounds), take(tasks, rounds)
    target = TARGET * max(tasks, 1_000_000) / 1_000_000
    times = whole.report / tenth.report
    return [
        Result(
            f"report of a term as docx, {tasks:,} tasks of {tasks // WEEKS:,} children, PostgreSQL",
            f"{whole.report:.2f} s",
            f"bare count of the same rows {whole.count:.2f} s",
            f"{whole.report / whole.count:.1f}×",
            f"< {target:.0f} s",
            whole.report < target,
        ),
        Result(
            f"ten times the tasks: report of {tasks:,} against {tasks // 10:,}",
            f"{whole.report:.2f} s",
            f"{tenth.report:.2f} s at {tasks // 10:,}",
            f"{times:.1f}×",
            "≤ 10×",
            times <= 10,
        ),
    ]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="hongzhu-bench-") as home:
        os.environ["HONGZHU_HOME"] = home
        for each in measure(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000, 3):
            print(each)
