"""``hongzhu backup`` and ``hongzhu restore``."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn

from hongzhu.backup.manifest import Manifest
from hongzhu.i18n import _

console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)


@click.command(help=_("Write one archive of all databases as they stand at this moment, while everything runs on."))
@click.argument("into", type=click.Path(path_type=Path), default=Path())
def backup(into: Path) -> None:
    """Back up into a new file; into a folder, under the name of the moment."""
    from hongzhu.backup import making  # an agency's machine has no database

    path = into / f"hongzhu-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.zip" if into.is_dir() else into
    with _progress() as show:
        manifest = making.make(path, show)
    _tell(manifest)
    click.echo(
        _(
            "The keys are not in it, and without them what is sealed in it cannot be read: keep a copy of the secrets somewhere "
            "else. The names in it are not sealed: whoever has it can read them."
        )
    )
    click.echo(path)  # last and by itself, for scripts


@click.command(help=_("Restore an archive: all of it, or nothing when anything is wrong with it."))
@click.argument("archive", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--check", is_flag=True, help=_("Only look whether it is whole and can be restored here."))
@click.option("--replace", is_flag=True, help=_("Give up what is here already."))
def restore(archive: Path, check: bool, replace: bool) -> None:  # click passes flags so
    """Restore from a file."""
    from hongzhu.backup import restoring  # an agency's machine has no database

    with _progress() as show:
        manifest = restoring.check(archive, show) if check else restoring.restore(archive, show, replace=replace)
    _tell(manifest)
    if check:
        click.echo(_("The archive is whole, and its keys are at hand."))
        return
    click.echo(_("Restored. Start the services; what was on its way goes again, and then “hongzhu doctor” compares."))


def _tell(manifest: Manifest) -> None:
    click.echo(
        _("hongzhu {version}, {made_at}", version=manifest.version, made_at=f"{manifest.made_at:%Y-%m-%d %H:%M:%S} UTC")
    )
    for name, database in manifest.databases.items():
        click.echo(
            _(
                "{service}: {rows} rows in {tables} tables",
                service=name,
                rows=sum(database.rows.values()),
                tables=len(database.rows),
            )
        )


@contextmanager
def _progress() -> Iterator[Callable[[str, int], None]]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(pulse_style="bar.pulse"),
        DownloadColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        lines = {}

        def show(name: str, size: int) -> None:
            if name not in lines:
                lines[name] = bar.add_task(name, total=None)
            bar.advance(lines[name], size)

        yield show
