"""The registry's commands."""

import re
import sys
from importlib.metadata import entry_points
from pathlib import Path

import click

from hongzhu.agency import NAME
from hongzhu.errors import ConfigurationError, InvalidError, MissingError
from hongzhu.i18n import _
from hongzhu.installation import renew_token
from hongzhu.settings import settings
from hongzhu_registry.access import passwords
from hongzhu_registry.access import service as access
from hongzhu_registry.access.policy import Role
from hongzhu_registry.accounts.service import see_persons
from hongzhu_registry.agencies import service as agencies
from hongzhu_registry.agencies.provision import end_broker_account, provision
from hongzhu_registry.calendar import service as calendar
from hongzhu_registry.children import service as children
from hongzhu_registry.database import database, publish
from hongzhu_registry.events import service as events
from hongzhu_registry.evidence import service as evidence
from hongzhu_registry.excuses import service as excuses
from hongzhu_registry.offices import service as offices
from hongzhu_registry.programmes import service as programmes
from hongzhu_registry.schools import service as schools
from hongzhu_registry.schools.queries import facts


@click.group(help=_("The people who may sign in."))
def user() -> None:
    """Work on accounts."""


@user.command("add", help=_("Open an account, or give it a new password; the password is printed once."))
@click.argument("username")
@click.option(
    "--role",
    type=click.Choice(["admin", "bureau", "school", "auditor", "protection"]),
    default="bureau",
    show_default=True,
)
@click.option("--school", help=_("The code of the school, for a school's account."))
@click.option(
    "--ask", is_flag=True, help=_("Ask for the password, or read it from standard input, instead of making one.")
)
def add_user(username: str, role: Role, school: str | None, *, ask: bool) -> None:
    """Open an account for a person; a new password ends the second factor and every sign-in."""
    if (role == "school") != (school is not None):
        raise InvalidError("A school's account needs --school, and no other has one.")
    see_persons(username)
    password = _asked_password(username) if ask else passwords.one_time()
    with database.transaction() as session:
        if school is not None and not facts(session, [school]):
            raise MissingError("There is no school with the code {code}.", code=school)
        access.open_account(session, username, role, password=password, school_id=school)
    if not ask:
        click.echo(_("User name and password:"))
        click.echo(f"{username} {password}")  # a line of its own, for scripts


def _asked_password(username: str) -> str:
    # Never an argument: those of a command are everybody's to see on the machine, and stay in the shell's history.
    if sys.stdin.isatty():
        password: str = click.prompt(_("Password"), hide_input=True, confirmation_prompt=True)
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    passwords.check(password, username)
    return password


@click.group(help=_("The agencies that take part."))
def agency() -> None:
    """Work on agencies."""


@agency.command("add", help=_("Give an agency its account, its queue and its rights; prints its env file."))
@click.argument("name")
@click.option("--registry-url", help=_("The address under which the agency’s machine reaches the registry, https://…"))
@click.option("--broker", help=_("The address under which it reaches RabbitMQ, amqps://HOST:PORT."))
def add_agency(name: str, registry_url: str | None, broker: str | None) -> None:
    """Provision an agency."""
    if broker is not None and not re.fullmatch(r"amqps?://[^/@]+", broker):
        raise InvalidError("An address of RabbitMQ is written as amqps://queue.example.org:5671.", field="broker")
    if not re.fullmatch(NAME, name):
        raise InvalidError("An agency's name is small letters, digits and underscores, as in legal_aid.")
    if name in entry_points(group="hongzhu.services").names:
        raise InvalidError("“{name}” is the name of a service; an agency needs another.", name=name)
    if settings().embedded:
        raise ConfigurationError(
            "The trial's broker lives inside its one process, where no agency on another machine can reach it: set "
            "HONGZHU_BROKER_URL to a RabbitMQ first."
        )
    with database.transaction() as session:
        variables = provision(session, name, registry_url=registry_url, broker=broker)
    for key, value in variables.items():
        click.echo(f"{key}={value}")


@agency.command("renew", help=_("Give an agency, or the notifier, a new token; the one it has ends in a week."))
@click.argument("name")
@click.option(
    "--secrets",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help=_("The folder that “hongzhu setup” wrote: the token goes into its file there, instead of being printed."),
)
def renew_agency(name: str, secrets: Path | None) -> None:
    """Renew a machine's token before its year is over."""
    username = name if name == "notifier" else f"agency-{name}"
    file = secrets / f"{username}.env" if secrets else None
    if file is not None and not file.exists():
        raise MissingError("There is no file {file}; without --secrets the token is printed.", file=file)
    with database.transaction() as session:
        token = access.renew_token(session, username)
    if secrets is None:
        click.echo(f"HONGZHU_API_TOKEN={token}")
    else:
        renew_token(secrets, username, token)
        click.echo(_("The new token is in {file}; start whoever reads it anew within a week.", file=file))


@agency.command(
    "suspend", help=_("Close an agency for a while: its token opens nothing, its queue goes on collecting.")
)
@click.argument("name")
def suspend_agency(name: str) -> None:
    """Suspend an agency."""
    with database.transaction() as session:
        agencies.suspend(session, name)
    click.echo(_("{name} is suspended.", name=name))


@agency.command("resume", help=_("Let a suspended agency back in; it catches up with what waited."))
@click.argument("name")
def resume_agency(name: str) -> None:
    """Let an agency back in."""
    with database.transaction() as session:
        agencies.resume(session, name)
    click.echo(_("{name} is back.", name=name))


@agency.command("revoke", help=_("End an agency’s tokens and its account on the broker for good."))
@click.argument("name")
def revoke_agency(name: str) -> None:
    """Revoke an agency; ends with status 1 when its broker account is still there."""
    with database.transaction() as session:
        agencies.revoke(session, name)
    if not settings().embedded and not end_broker_account(name):
        raise ConfigurationError(
            "{name}’s tokens have ended, but its account on the broker is still there: run this again where "
            "HONGZHU_BROKER_ADMIN_URL is set and RabbitMQ’s management API answers.",
            name=name,
        )
    click.echo(_("{name} is revoked.", name=name))


@click.command(help=_("Say everything the scheduler needs to know once more: it rebuilds its picture from that."))
def resync() -> None:
    """Publish the calendar, schools, offices, children, programmes, and all evidence, excuses and events again."""
    with database.transaction() as session:
        calendar.announce_again(session)
        schools.announce(session)
        offices.announce(session)
        children.announce(session)
        publish(session, *programmes.announcements(session))
        evidence.announce(session)
        excuses.announce(session)
        events.announce(session)
    click.echo(_("Everything was said again; the scheduler takes what is newer than what it has."))
