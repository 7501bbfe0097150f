"""``hongzhu report``: the implementation report, made on the registry's own database."""

from datetime import datetime
from pathlib import Path
from typing import cast, get_args

import click

from hongzhu.i18n import _
from hongzhu_registry.access.policy import OPERATOR
from hongzhu_registry.audit import service as audit
from hongzhu_registry.audit.service import Asked
from hongzhu_registry.database import database
from hongzhu_registry.reports import service
from hongzhu_registry.reports.formats import Format

_DAY = click.DateTime(["%Y-%m-%d"])


@click.command(help=_("Make the implementation report of some days."))
@click.option("--from", "first", type=_DAY, required=True, help=_("Its first day."))
@click.option("--to", "last", type=_DAY, required=True, help=_("Its last day."))
@click.option("--format", "as_", type=click.Choice(get_args(Format)), default="docx", show_default=True)
@click.option("--school", help=_("Only of this school, by its code."))
@click.option("--agency", help=_("Only of this agency, by its name."))
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), required=True, help=_("The file."))
def report(first: datetime, last: datetime, as_: str, school: str | None, agency: str | None, output: Path) -> None:
    """Write the report to a file."""
    with database.transaction() as session:
        period = service.period_of(first.date(), last.date(), school, agency)
        content = service.written(session, period, cast("Format", as_))
        audit.write(session, Asked(OPERATOR, "report", None), "done")
    output.write_bytes(content)
    click.echo(_("The report is in {file}.", file=output))
