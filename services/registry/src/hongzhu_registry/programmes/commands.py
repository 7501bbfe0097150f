"""``hongzhu programmes``: the catalogue, and adding to it what is written as data, without code."""

import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import yaml
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table
from sqlalchemy import select

from hongzhu.clock import today
from hongzhu.errors import InvalidError
from hongzhu.i18n import _
from hongzhu.programme import Programme
from hongzhu.programme_contract import spoken
from hongzhu_registry.access.policy import OPERATOR
from hongzhu_registry.audit import service as audit
from hongzhu_registry.audit.service import Asked
from hongzhu_registry.database import database
from hongzhu_registry.programmes import queries, service
from hongzhu_registry.programmes.models import ProgrammeVersion


@click.group(invoke_without_command=True, help=_("The catalogue of programmes; alone it prints it."))
@click.pass_context
def programmes(context: click.Context) -> None:
    """Print the catalogue, unless a subcommand is asked for."""
    if context.invoked_subcommand is None:
        _print()


@programmes.command(
    "add", help=_("Add a programme that is written in YAML or JSON, as plugins write it; it waits for approval.")
)
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--approve", is_flag=True, help=_("Approve it with the act."))
@click.option(
    "--from",
    "since",
    type=click.DateTime(["%Y-%m-%d"]),
    help=_("The day on which its obligations begin; today unless told."),
)
def add(file: Path, *, approve: bool, since: datetime | None) -> None:
    """Declare a programme; raises `InvalidError` with the place in the file that is not as it should be."""
    programme = _read(file)
    with database.transaction() as session:
        version = service.declare(session, programme)
        session.flush()
        if approve and version.status == "proposed":
            version = service.approve(session, OPERATOR, programme.code, since.date() if since else None)
        audit.write(session, Asked(OPERATOR, "programmes add", programme.code), "done")
        said = {"code": version.code, "version": version.version, "status": _status(version)}
    click.echo(_("{code}, version {version}: {status}.", **said))


def _read(file: Path) -> Programme:
    try:
        written: Any = yaml.safe_load(file.read_text(encoding="utf-8"))  # every JSON is YAML too
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InvalidError("{file} is neither YAML nor JSON.", file=file.name) from error
    try:
        return Programme.model_validate(written)
    except ValidationError as error:
        raise InvalidError("{file}: {reason}", file=file.name, reason=spoken(error)) from error


def _status(version: ProgrammeVersion) -> str:
    said = {"proposed": _("waits for approval"), "approved": _("runs"), "suspended": _("is suspended")}
    return said[version.status]


def _print() -> None:
    shown = Table(box=None, padding=(0, 2))
    for title in (_("code"), _("name"), _("trigger"), _("resolved by"), _("version"), _("status")):
        shown.add_column(title)
    with database.transaction() as session:
        counting = select(ProgrammeVersion).where(queries.counts(today()))
        for each in session.scalars(counting.order_by(ProgrammeVersion.code, ProgrammeVersion.version)):
            programme = Programme.model_validate(each.definition)
            kind = programme.trigger.kind
            shown.add_row(each.code, str(programme.name), kind, programme.resolved_by, str(each.version), _status(each))
    # Down a pipe there is no width to fit into, and what is read by a program must be whole.
    Console(width=None if sys.stdout.isatty() else 10_000).print(shown)
