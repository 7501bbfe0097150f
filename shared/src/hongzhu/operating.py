"""The operator's commands: set up, bring up, look whether all is well."""

import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from hongzhu import bus, installation, runtime
from hongzhu.i18n import _
from hongzhu.parked import look
from hongzhu.parked import replay as replay_parked
from hongzhu.settings import settings


@click.command(
    help=_("Write the secrets of a production installation once: keys, passwords, tokens, the broker's accounts.")
)
@click.option("--into", type=click.Path(path_type=Path), default=Path("secrets"), show_default=True)
def setup(into: Path) -> None:
    """Write secrets/ for docker-compose.yml; what is there already is kept."""
    installation.set_up_production(into, [agency.name for agency in runtime.agencies()])
    click.echo(_("The secrets are in {folder}. Keep a copy where the database's backups are not.", folder=into))


@click.command(help=_("Bring databases and broker to what this version needs; safe to repeat."))
def migrate() -> None:
    """Migrate every installed service."""
    for service in runtime.services():
        service.migrate()
    click.echo(_("Databases and broker are up to date."))


@click.command(help=_("Run every installed service and plugin until stopped."))
@click.option("--processes", is_flag=True, help=_("One process for each, instead of threads of one."))
def up(processes: bool) -> None:  # click passes flags so
    """Run what is installed."""
    if processes and settings().embedded:
        raise click.UsageError(_("The embedded broker lives in one process; set HONGZHU_BROKER_URL to use several."))
    with runtime.alone(runtime.installed()):
        components = runtime.make_ready()
        names = [component.name for component in components]
        click.echo(
            _(
                "Running {names}. The pages are at {url}; Ctrl-C ends it.",
                names=_(", ").join(names),
                url=settings().public_url or settings().registry_url,
            ),
            err=True,
        )
        if processes:
            _run_processes(names)
        else:
            runtime.run(components)


def _run_processes(names: Sequence[str]) -> None:
    """Run each component in a process of its own, and end them all when one ends or we are told to."""
    command = [sys.executable, "-m", "hongzhu", "run"]
    children = [subprocess.Popen([*command, name]) for name in names]  # noqa: S603  # our own program and names

    def pass_on(number: int, _frame: object) -> None:
        for child in children:
            child.send_signal(number)

    signal.signal(signal.SIGTERM, pass_on)
    signal.signal(signal.SIGINT, pass_on)
    for child in children:
        child.wait()


@click.command(help=_("Say whether a component reads its queue: exit status 0 or 1."))
@click.argument("name")
def health(name: str) -> None:
    """Look at the broker, which knows who is listening."""
    if settings().embedded:
        raise click.UsageError(_("The embedded broker answers only inside its own process; look at /readyz instead."))
    queue = runtime.queue_of(name)
    with bus.connect(settings().broker_url) as connection:
        _waiting, listening = bus.look_at(connection, queue)
    sys.exit(0 if listening else 1)


@click.command(help=_("Compare what the services hold about tasks; exit status 1 when they differ."))
def doctor() -> None:
    """Compare the ledgers by programme, period and state, and name every difference."""
    ledgers = runtime.ledgers()
    keys = sorted({key for ledger in ledgers.values() for key in ledger})
    differences = 0
    for key in keys:
        counts = {name: ledger.get(key, 0) for name, ledger in ledgers.items()}
        if len(set(counts.values())) > 1:
            differences += 1
            click.echo(" ".join(key) + ": " + ", ".join(f"{name}={count}" for name, count in counts.items()))
    for service in runtime.services():
        if unheard := service.count_unheard():
            click.echo(_("{service}: {count} messages had no one bound to them", service=service.name, count=unheard))
    tasks = sum(next(iter(ledgers.values()), {}).values())
    click.echo(_("{tasks} tasks compared, {differences} differences", tasks=tasks, differences=differences))
    sys.exit(1 if differences else 0)


@click.group(help=_("What could not be handled: look at it, and let it go again."))
def parked() -> None:
    """Work on the parked twins of the queues."""


@parked.command("list", help=_("List parked messages: queue, topic, id, reason; never what is in them."))
def list_parked() -> None:
    """Look at every parked message without taking it."""
    with bus.connect(settings().broker_url) as connection:
        found = look(connection, _queues())
    for each in found:
        click.echo(f"{each.queue}\t{each.topic or '-'}\t{each.id}\t{each.reason or '-'}")
    if not found:
        click.echo(_("Nothing is parked."), err=True)


@parked.command(help=_("Give parked messages of QUEUE back to it; only the one of MESSAGE_ID when that is given."))
@click.argument("queue")
@click.argument("message_id", required=False)
def replay(queue: str, message_id: str | None) -> None:
    """Let parked messages go again."""
    with bus.connect(settings().broker_url) as connection:
        count = replay_parked(connection, queue, _queues(), message_id)
    click.echo(_("{count} messages went back to {queue}.", count=count, queue=queue))


def _queues() -> list[str]:
    """Name every queue there is, also those of agencies that are not installed here."""
    return list(dict.fromkeys(queue for each in runtime.installed() for queue in each.queues()))
