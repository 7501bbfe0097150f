"""The implementation report of a term in a province: every child's weekly talks, counted by week and state.

The limit is measured in the same run: one bare count of the same tasks and children.  `python benchmarks/report.py [CHILDREN]`.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date

from plan_and_emit import Result, own_postgres
from sqlalchemy import text

from hongzhu.calendar import SchoolCalendar, Term
from hongzhu.clock import stand_on
from hongzhu.figures import Figure
from hongzhu.i18n import Text
from hongzhu.programme import EverySchoolWeek, Programme
from hongzhu.settings import settings
from hongzhu.testing.databases import service_account
from hongzhu_registry.access.policy import Principal
from hongzhu_registry.calendar import service as calendar
from hongzhu_registry.database import database
from hongzhu_registry.programmes import service as programmes
from hongzhu_registry.reports import service as reports

DAY, FIRST, LAST = date(2020, 11, 23), date(2020, 9, 1), date(2021, 1, 29)
WEEKS, PER_SCHOOL = 12, 500
TARGET = 10.0
"""Seconds for a million tasks of children."""


def seed(children: int) -> None:
    """Bring in schools, children, their talks of a term's weeks, and the evidence of three in four."""
    with database.transaction() as session:
        calendar.announce(session, SchoolCalendar(terms=(Term(first=FIRST, last=LAST),)))
        said = Text(zh="谈心", en=" talks")
        talk = Programme(
            code="bench.weekly_talk",
            name=said,
            purpose=said,
            subject="child",
            trigger=EverySchoolWeek(),
            assignee="school_coordinator",
            resolved_by="talk",
            figures=(
                Figure(name="tasks", title=said, unit=said, of="tasks", where={"state": ("done", "late")}),
                Figure(name="paired", title=said, unit=said, of="pairings", kind="mentor", distinct="child"),
            ),
            sentence=Text(zh="谈心{tasks}。", en="{tasks}."),
        )
        programmes.declare(session, talk)
        session.flush()
        programmes.approve(session, Principal("bench", "bureau"), talk.code, FIRST)
        for month in ("2020-08", "2020-09", "2020-10", "2020-11"):
            session.execute(
                text("SELECT make_monthly_partition('task', :first)"), {"first": date.fromisoformat(f"{month}-01")}
            )
        sizes = {"children": children, "per": PER_SCHOOL, "weeks": WEEKS}
        for statement in (
            """INSERT INTO school (id, version, name, stage, urban, entered_on)
               SELECT 'school-' || n, 1, '学校' || n, 'primary', n % 2 = 0, DATE '2020-09-01'
               FROM generate_series(0, (:children - 1) / :per) AS n""",
            """INSERT INTO child (id, version, school_id, name, sex, born_on, in_poverty, boarding, entered_on, basis)
               SELECT 'child-' || n, 1, 'school-' || n / :per, '孩子', CASE WHEN n % 2 = 0 THEN 'male' ELSE 'female' END,
                      DATE '2010-01-01', n % 25 = 0, n % 3 = 0, DATE '2020-09-01', 'statutory_duty'
               FROM generate_series(0, :children - 1) AS n""",
            """INSERT INTO task (id, period_start, programme, version, agency, evidence_kind, subject_id, school_id, period,
                                 opens_on, due_on, grace_until, done_on, changes, issued_on)
               SELECT n || '-' || w, monday, 'bench.weekly_talk', 1, 'bench', 'talk', 'child-' || n, 'school-' || n / :per,
                      'week:' || monday, monday, monday + 6, monday + 13, CASE WHEN (n + w) % 4 > 0 THEN monday + 2 END, 0, monday
               FROM generate_series(0, :children - 1) AS n, generate_series(0, :weeks - 1) AS w,
                    LATERAL (SELECT DATE '2020-08-31' + 7 * w AS monday) AS of_week""",
        ):
            session.execute(text(statement), sizes)
    with database.transaction() as session:
        session.execute(text("ANALYZE"))


def seconds(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def bare_count() -> None:
    with database.transaction() as session:
        session.execute(text("SELECT count(*), count(done_on) FROM task"))
        session.execute(text("SELECT count(*) FROM child"))


def report() -> None:
    with database.transaction() as session:
        reports.written(session, reports.period_of(FIRST, LAST), "json")


def measure(children: int, rounds: int) -> list[Result]:
    """Measure at a tenth of the size and at the whole, so that what ten times the data cost is seen."""
    taken: dict[int, tuple[float, float]] = {}
    for size in (children // 10, children):
        with own_postgres() as owner, service_account(owner) as service:
            for url in (owner, service):
                os.environ["HONGZHU_REGISTRY_DATABASE_URL"] = url
                settings.cache_clear()
                if url == owner:
                    database.migrate()
            stand_on(DAY)
            seed(size)
            taken[size] = min(seconds(report) for _ in range(rounds)), min(seconds(bare_count) for _ in range(rounds))
    small, (whole, bare) = taken[children // 10][0], taken[children]
    target = TARGET * children * WEEKS / 1_000_000
    return [
        Result(
            f"report of a term, {children:,} children, {children * WEEKS:,} tasks",
            f"{whole:.2f} s ({whole / small:.1f} times a tenth of it)",
            f"bare count {bare:.2f} s",
            f"{whole / bare:.1f}",
            f"under {target:.0f} s, 10 s for a million tasks",
            whole < target,
        )
    ]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="hongzhu-bench-") as home:
        os.environ["HONGZHU_HOME"] = home
        for each in measure(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000, 3):
            print(each)
