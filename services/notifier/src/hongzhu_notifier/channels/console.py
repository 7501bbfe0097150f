"""The console, for trying things out."""

import click

from hongzhu_notifier.channels import Channel
from hongzhu_notifier.digest import Digest, Recipient


class Console(Channel):
    """Prints one line a digest: who by id, and how much."""

    name = "console"

    def send(self, digest: Digest, recipient: Recipient) -> None:
        """Print the counts; never the link, which is a key to the page."""
        counts = " ".join(f"{line.programme}={line.count}" for line in digest.lines)
        click.echo(f"{recipient.recipient_id} {counts} past={digest.past}")
