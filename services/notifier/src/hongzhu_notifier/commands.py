"""The notifier's commands."""

import json

import click

from hongzhu.i18n import _
from hongzhu_notifier import deliveries
from hongzhu_notifier.tables import database


@click.command(help=_("Count the digests by day, channel and outcome."))
@click.option("--json", "as_json", is_flag=True, help=_("Print JSON."))
def notices(as_json: bool) -> None:
    """Print the delivery log, counted."""
    with database.transaction() as session:
        counted = deliveries.counts(session)
    if as_json:
        keys = ("day", "channel", "outcome", "count")
        click.echo(json.dumps([dict(zip(keys, (str(day), *rest), strict=True)) for day, *rest in counted]))
        return
    outcomes = {
        "reserved": _("being sent"),
        "sent": _("sent"),
        "failed": _("not sent"),
        "maybe_sent": _("maybe sent"),
    }
    for day, channel, outcome, count in counted:
        click.echo(f"{day}  {channel}  {outcomes[outcome]}  {count}")
    if not counted:
        click.echo(_("Nothing was sent yet."), err=True)
