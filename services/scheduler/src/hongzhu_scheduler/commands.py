"""What the scheduler adds to the command line."""

import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime
from typing import Any
from uuid import UUID

import click
from rich.console import Console
from rich.table import Table
from sqlalchemy import and_, case, func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from hongzhu import runtime
from hongzhu.errors import ConfigurationError
from hongzhu.facts import CITY
from hongzhu.i18n import _
from hongzhu.service import Service
from hongzhu_scheduler import planner
from hongzhu_scheduler.models import database, occurrence, programme, run
from hongzhu_scheduler.obligation import calendar_of, declared


@click.command(
    help=_("Show what falls due on a day, by agency, programme and school, and issue what is not issued yet.")
)
@click.option("--date", "on", type=click.DateTime(["%Y-%m-%d"]), required=True, help=_("The day, as 2020-11-23."))
@click.option("--dry-run", is_flag=True, help=_("Only show; change nothing."))
@click.option("--json", "as_json", is_flag=True, help=_("Print JSON."))
def plan(on: datetime, dry_run: bool, as_json: bool) -> None:
    """Plan one day and print what is due on it."""
    day = on.date()
    database.migrate()
    if dry_run:
        # One transaction over everything, to be rolled back; the planners at work have theirs.
        with Session(database.engine) as session:
            counts = _counted(session, planner.plan_all(session, day), day)
    else:
        runs = planner.plan(database, day)
        with database.transaction() as session:
            counts = _counted(session, runs, day)
    with database.transaction() as session:
        known = calendar_of(session)
        titles = _programme_names(session)
    announced = known is not None and known.announced(day)
    if as_json:
        total = {"due": sum(row["due"] for row in counts), "issued": sum(row["issued"] for row in counts)}
        about = {"date": day.isoformat(), "announced": announced, "dry_run": dry_run}
        click.echo(json.dumps({**about, **total, "counts": counts}))
    else:
        _print(counts, day, _names() | titles, dry_run=dry_run, announced=announced)


def _counted(session: Session, runs: Sequence[UUID], day: date) -> list[dict[str, Any]]:
    """Count the open tasks whose window includes `day`, and those of them that `runs` issued."""
    keys = [programme.c.agency, run.c.programme, occurrence.c.school_id]
    is_open = and_(occurrence.c.closed_state.is_(None), run.c.opens_on <= day, run.c.due_on >= day)
    is_new = occurrence.c.run_id.in_(runs)
    due, issued = (func.coalesce(func.sum(case((which, 1), else_=0)), 0) for which in (is_open, is_new))
    statement = (
        select(*keys, due.label("due"), issued.label("issued"))
        .join_from(occurrence, run, run.c.id == occurrence.c.run_id)
        .join(programme, programme.c.code == run.c.programme)
        .where(is_open | is_new)
        .group_by(*keys)
        .order_by(*keys)
    )
    return [
        {
            "agency": row.agency,
            "programme": row.programme,
            "school": row.school_id,
            "due": row.due,
            "issued": row.issued,
        }
        for row in session.execute(statement)
    ]


def _programme_names(session: Session) -> dict[str, str]:
    definitions = session.scalars(select(programme.c.definition))
    return {each.code: str(each.name) for each in map(declared, definitions)}


def _names() -> dict[str, str]:
    """Ask whoever is installed here what people call agencies and schools; elsewhere their codes have to do."""
    names = {CITY: _("the whole city")} | {each.name: str(each.agency().title) for each in runtime.agencies()}
    for service in runtime.services():
        if isinstance(service, Service) and service.names is not None:
            # The scheduler's own machine may not see the registry's database, and must not.
            with suppress(ConfigurationError, SQLAlchemyError), service.database.transaction() as session:
                names |= service.names(session)
    return names


def _print(
    counts: Sequence[dict[str, Any]], day: date, names: Mapping[str, str], *, dry_run: bool, announced: bool
) -> None:
    table = Table(title=_("Due on {day}", day=day))
    for title in (_("Agency"), _("Programme"), _("School")):
        table.add_column(title)
    for title in (_("Due"), _("Newly issued")):
        table.add_column(title, justify="right")
    for row in counts:
        called = [names.get(row[each], row[each]) for each in ("agency", "programme", "school")]
        table.add_row(*called, str(row["due"]), str(row["issued"]))
    table.add_section()
    table.add_row(_("Total"), "", "", *(str(sum(row[each] for row in counts)) for each in ("due", "issued")))
    # Down a pipe there is no width to fit into, and what is read by a program must be whole.
    console = Console(width=None if sys.stdout.isatty() else 10_000)
    console.print(table)
    if not announced:
        console.print(_("The school calendar does not cover {day}: not announced.", day=day))
    if dry_run:
        console.print(_("Only shown: nothing was changed."))
