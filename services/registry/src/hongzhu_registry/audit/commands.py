"""``hongzhu audit``."""

import sys

import click

from hongzhu.i18n import _
from hongzhu_registry.audit import service


@click.group(help=_("The audit: who read or wrote what."))
def audit() -> None:
    """Work on the audit."""


@audit.command(help=_("Work the chain of seals out again; exit status 1 when an entry was changed or is gone."))
def verify() -> None:
    """Check the chain against the seals and the anchors kept outside the database."""
    verdict = service.verify()
    click.echo(
        _(
            "{sealed} entries sealed, {unsealed} waiting for the sealer",
            sealed=verdict.sealed,
            unsealed=verdict.unsealed,
        )
    )
    if verdict.broken_at is not None:
        click.echo(_("The chain is broken at entry {position}.", position=verdict.broken_at))
        sys.exit(1)
