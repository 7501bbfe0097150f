"""``hongzhu demo``: a county's workbooks in, a week of care out, in one process on a newcomer's machine."""

import json
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date, datetime
from pathlib import Path

import click
from rich.console import Console

from hongzhu import clock, runtime
from hongzhu.errors import ConfigurationError
from hongzhu.i18n import _
from hongzhu.settings import settings
from hongzhu_registry.demo import acting, story
from hongzhu_registry.imports.commands import import_with_progress, summary

DAY = datetime(2020, 11, 23)  # noqa: DTZ001  # a day, as click parses days
DATA = Path(__file__).parent / "yongan-2020"
ELSEWHERE = ("registry_database_url", "scheduler_database_url", "notifier_database_url")

console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)


@click.command(
    help=_("Try everything: take in a folder of workbooks, act as bureau and agencies would, then serve the pages.")
)
@click.option(
    "--data", type=click.Path(exists=True, path_type=Path), default=DATA, help=_("A county's folder of workbooks.")
)
@click.option("--date", "day", type=click.DateTime(["%Y-%m-%d"]), default=DAY, help=_("The day to stand on."))
@click.option("--once", is_flag=True, help=_("Stop after the summary."))
@click.option(
    "--port", default=8000, show_default=True, help=_("Where the pages are served; another free one if it is taken.")
)
@click.option(
    "--home", type=click.Path(path_type=Path), help=_("Where to keep the trial; a temporary folder unless given.")
)
def demo(data: Path, day: datetime, once: bool, port: int, home: Path | None) -> None:  # click passes flags so
    """Run the trial."""
    # Ctrl-C ends a trial wherever it is, and so does whoever runs it for somebody else.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    with _home(home) as folder, suppress(KeyboardInterrupt):
        _configure(folder, _free_port(port))
        _must_be_its_own()
        clock.stand_on(day.date())
        with runtime.alone(runtime.installed()):
            running = runtime.Running(runtime.make_ready())
            running.start()
            try:
                told = _play(data, day.date(), folder)
                if not once:
                    _show_around(folder)
                    running.wait()
            finally:
                running.stop()
        if once:
            click.echo(json.dumps(told, ensure_ascii=False))
            return
    if once:
        sys.exit(130)  # it was to reach its end, and was not let


def _play(data: Path, day: date, folder: Path) -> dict[str, object]:
    with console.status(_("Taking in the workbooks of {folder} …", folder=data.name)):
        result = import_with_progress([data])
    console.print(summary(result))
    accounts = acting.open_accounts()
    with console.status(_("Approving the programmes as the bureau would, through the API …")):
        acting.approve_programmes(accounts["bureau"])
    console.print(_("Approved as the bureau would: {programmes}", programmes=story.promises()))
    with console.status(_("Planning {day}, telling the schools, letting the agencies act …", day=day)):
        acting.wait_until_settled()
    told = story.figures(result)
    console.print(story.table(told))
    # Written last: whoever waits for it finds everything else in place.
    _write(folder / "credentials.json", accounts)
    return told


def _show_around(folder: Path) -> None:
    bureau = json.loads((folder / "credentials.json").read_text())["bureau"]
    console.print(_("The bureau signs in as: {username} {password}", **bureau))
    if week := story.fullest_week():
        console.print(_("A teacher's week, as a notice links to it: {link}", link=week))
    console.print(_("The pages are at {url}; Ctrl-C ends the trial.", url=settings().registry_url))


def _write(file: Path, accounts: dict[str, dict[str, str]]) -> None:
    file.touch(0o600)
    file.write_text(json.dumps(accounts, ensure_ascii=False, indent=1))


@contextmanager
def _home(given: Path | None) -> Iterator[Path]:
    if given is not None:
        given.mkdir(parents=True, exist_ok=True)
        yield given.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="hongzhu-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _configure(home: Path, port: int) -> None:
    """Make this process, and the commands it runs, an installation of its own."""
    os.environ.update(
        HONGZHU_HOME=str(home),
        HONGZHU_PORT=str(port),
        HONGZHU_REGISTRY_URL=f"http://127.0.0.1:{port}",
        HONGZHU_DIGEST_AT="00:00",  # a trial does not wait for the morning
    )
    settings.cache_clear()


def _must_be_its_own() -> None:
    named = [each for each in ELSEWHERE if getattr(settings(), each)]
    if not settings().embedded:
        named.append("broker_url")
    if named:
        raise ConfigurationError(
            "A trial brings its own databases and broker; these say otherwise, and would be written to: {variables}. Unset "
            "them; “hongzhu up” runs on what they name.",
            variables=", ".join(f"HONGZHU_{each.upper()}" for each in named),
        )


def _free_port(wanted: int) -> int:
    if port := runtime.free_port("127.0.0.1", wanted) or runtime.free_port("127.0.0.1", 0):
        return port
    raise click.ClickException(_("No free port was found."))
