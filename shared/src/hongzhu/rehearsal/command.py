"""``hongzhu rehearse``: try out, before they rule, what programmes and a calendar will mean."""

import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from hongzhu.errors import ConfigurationError
from hongzhu.i18n import _
from hongzhu.rehearsal import report
from hongzhu.rehearsal.rehearsal import Rehearsal
from hongzhu.rehearsal.trial import ConfiguredTrial, EmbeddedTrial, Trial
from hongzhu.settings import settings


@click.command(
    help=_("Live through days to come on a trial of their own, and hold every task against an independent oracle.")
)
@click.option("--days", type=click.IntRange(1, 400), required=True, help=_("How many days."))
@click.option("--chaos", is_flag=True, help=_("Kill components, say messages twice and late, let the clock jump."))
@click.option(
    "--rate", type=click.FloatRange(0, 1), default=0.9, show_default=True, help=_("How much of what is owed is done.")
)
@click.option(
    "--data",
    type=click.Path(exists=True, path_type=Path),
    help=_("A county's folder of workbooks; the demo's unless given."),
)
@click.option("--date", "first", type=click.DateTime(["%Y-%m-%d"]), help=_("The first day; the demo's unless given."))
@click.option("--seed", type=int, default=1, show_default=True, help=_("What chance is drawn from."))
@click.option(
    "--configured",
    is_flag=True,
    help=_("On the configured databases and broker, which must be empty, and not embedded."),
)
@click.option("--json", "as_json", is_flag=True, help=_("Print JSON."))
def rehearse(
    days: int,
    chaos: bool,
    rate: float,
    data: Path | None,
    first: datetime | None,
    seed: int,
    configured: bool,
    as_json: bool,
) -> None:  # click passes flags so
    """Rehearse and tell what it came to; status 1 when a task was lost, there twice or not as the oracle says."""
    console = Console(stderr=True, highlight=False, markup=False)
    begins = first.date() if first else demo_day()
    with _trial(configured) as trial:
        trial.configure_here()
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
            task = bar.add_task("", total=days)

            def progress(day: date, doing: str) -> None:
                bar.update(task, description=f"{day} {doing}", completed=(day - begins).days)

            rehearsal = Rehearsal(trial, begins, days, rate=rate, seed=seed, chaos=chaos, progress=progress)
            outcome = rehearsal.live(data or demo_data())
        if as_json:
            click.echo(json.dumps(report.as_json(rehearsal, outcome), ensure_ascii=False))
        else:
            Console(highlight=False, markup=False).print(report.laid_out(rehearsal, outcome))
            click.echo(outcome)
    sys.exit(0 if outcome.clean else 1)


@contextmanager
def _trial(configured: bool) -> Iterator[Trial]:
    with tempfile.TemporaryDirectory(prefix="hongzhu-rehearsal-", ignore_cleanup_errors=True) as folder:
        if not configured:
            yield EmbeddedTrial(Path(folder))
            return
        if settings().embedded:
            raise ConfigurationError(
                "No broker is configured: set HONGZHU_BROKER_URL, or rehearse without --configured."
            )
        yield ConfiguredTrial(Path(folder))


def demo_data() -> Path:
    """Return the demo's folder of workbooks, wherever the demo is installed."""
    return Path(_of_demo("data"))


def demo_day() -> date:
    """Return the demo's day."""
    day: datetime = _of_demo("day")
    return day.date()


def _of_demo(option: str) -> Any:
    for found in entry_points(group="hongzhu.commands", name="demo"):
        demo: click.Command = found.load()
        return next(each.default for each in demo.params if each.name == option)
    raise ConfigurationError("The demo is not installed here: say --data and --date.")
