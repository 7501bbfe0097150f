"""The console, for trying things out."""

import click

from hongzhu_notifier.channels import Channel
from hongzhu_notifier.digest import Digest, Recipient


class Console(Channel):
    """Prints one line a digest: who by id, and how much."""

    name = "console"

    def send(self, digest: Digest, recipient: Recipient) -> None:
        """Print the counts; never the link, which is a key to the page."""
        urgent = "urgent " if digest.urgent else ""
        shown = ("" if line.about == "due" else f"{line.about}:" for line in digest.lines)
        counts = " ".join(
            f"{about}{line.programme}={line.count}" for about, line in zip(shown, digest.lines, strict=True)
        )
        click.echo(f"{recipient.recipient_id} {urgent}{counts} past={digest.past}")
