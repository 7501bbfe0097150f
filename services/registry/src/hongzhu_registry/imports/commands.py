"""``hongzhu import``."""

import json
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from hongzhu.i18n import _
from hongzhu_registry.imports.result import Result, kind_of_rows, reader, told
from hongzhu_registry.imports.service import skipped_in, take_in, workbooks_in
from hongzhu_registry.workbooks import Finding


@click.command("import", help=_("Take in workbooks or folders of them, in any order and under any name."))
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help=_("Print the result as one line of JSON."))
def import_command(paths: tuple[Path, ...], as_json: bool) -> None:  # click passes flags so
    """Import and tell what became of every row."""
    result = import_with_progress(list(paths))
    click.echo(json.dumps(result.as_json(), ensure_ascii=False) if as_json else summary(result))
    sys.exit(result.exit_status)


def import_with_progress(paths: list[Path]) -> Result:
    """Import with a bar on standard error, where somebody sees it; raises `NothingToImport`."""
    for name in skipped_in(paths):
        click.echo(_("Skipped, no workbook: {file}", file=name), err=True)
    files = workbooks_in(paths)
    if not files:
        raise NothingToImport(_("There is no workbook here: nothing was taken in."))
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(_("Importing"), total=None)
        return take_in(files, lambda name, done, of: bar.update(task, description=name, completed=done, total=of))


class NothingToImport(click.ClickException):
    """Where workbooks should be there are none; it ends as an unreadable one does."""

    exit_code = 2


def summary(result: Result) -> str:
    """Tell a result in lines."""
    lines = []
    for title, counts in (
        (_("accepted"), result.accepted),
        (_("changed"), result.changed),
        (_("unchanged"), result.unchanged),
        (_("at another school or left, so not changed"), result.elsewhere),
    ):
        told_counts = [
            _("{count:,} {kind}", count=count, kind=kind_of_rows(kind)) for kind, count in counts.items() if count
        ]
        if told_counts or counts is result.accepted:
            lines.append(_("{title}: {content}", title=title, content=_(", ").join(told_counts) or "0"))
    for file, error in result.unreadable:
        lines.append(f"{file}: {error.text(reader())} — {error.mend(reader())}")
    for title, findings in ((_("rejected"), result.rejected), (_("warnings"), result.warnings)):
        lines.append(_("{title}: {content}", title=title, content=f"{len(findings):,}"))
        lines += _lines(findings)
    lines += _rosters(result)
    lines.append(_("conflicts: {count}", count=len(result.conflicts)))
    lines += [f"  {_(', ').join(each['files'])} · {each['proposal']}" for each in result.conflicts]
    return "\n".join(lines)


def _rosters(result: Result) -> Iterator[str]:
    """Tell how rosters differ from those before: how many, and the ids of those who came and those who are missing."""
    for school, changes in sorted(result.rosters.items()):
        counts = {"came": len(changes.came), "left": len(changes.left), "changed": len(changes.changed)}
        yield _(
            "roster of {school}: {came} came, {left} are not on it any more, {changed} changed", school=school, **counts
        )
        for title, ids in ((_("came"), changes.came), (_("missing, if they left let them leave"), changes.left)):
            if ids:
                more = [_("and {count} more", count=len(ids) - MOST_IDS)] if len(ids) > MOST_IDS else []
                yield "  " + _("{title}: {content}", title=title, content=_(", ").join([*ids[:MOST_IDS], *more]))


MOST_IDS = 20
"""So many children are named by their ids; the JSON names all."""


def _lines(findings: list[Finding]) -> Iterator[str]:
    """Tell findings in the order of the sheets; what is the same of several rows of a sheet is told once."""
    rows = defaultdict[tuple[str, ...], list[int]](list)
    for finding in findings:
        where = told(finding)
        same = tuple(where[name] for name in ("file", "sheet", "column", "reason", "mend"))
        rows[same] += [finding.row] if finding.row is not None else []
    for same in sorted(rows, key=lambda same: (*same[:2], min(rows[same], default=0))):
        file, sheet, *rest = same
        yield "  " + " · ".join(filter(None, (file, sheet, _rows(rows[same]), *rest)))


def _rows(numbers: list[int]) -> str:
    """Say which rows are meant: row 5; rows 5, 7-9."""
    spans: list[list[int]] = []
    for number in sorted(set(numbers)):
        if spans and number == spans[-1][-1] + 1:
            spans[-1][1:] = [number]
        else:
            spans.append([number])
    if not spans:
        return ""
    if len(spans) == len(spans[0]) == 1:
        return _("row {row}", row=numbers[0])
    return _("rows {rows}", rows=", ".join("-".join(map(str, span)) for span in spans))
