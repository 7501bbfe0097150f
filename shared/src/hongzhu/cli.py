"""The command ``hongzhu``; what it can do is what is installed, found by the entry point ``hongzhu.commands``."""

import logging
import os
import sys
from importlib.metadata import entry_points

import click
from pydantic import ValidationError

from hongzhu import i18n, runtime
from hongzhu.errors import HongzhuError
from hongzhu.i18n import _
from hongzhu.settings import Settings, settings

log = logging.getLogger(__name__)


class Commands(click.Group):
    """Finds commands where they are installed, and tells errors in a sentence."""

    def list_commands(self, _context: click.Context) -> list[str]:
        """Name every installed command."""
        return sorted({*self.commands, *(found.name for found in entry_points(group="hongzhu.commands"))})

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """Load one command."""
        for found in entry_points(group="hongzhu.commands", name=name):
            command: click.Command = found.load()
            return command
        return super().get_command(context, name)

    def invoke(self, context: click.Context) -> object:
        """Run; an error that a person can mend is told without a trace, and ends with status 1."""
        try:
            return super().invoke(context)
        except Exception as error:
            if (told := _told(error)) is None:
                raise
            log.debug("what happened", exc_info=True)
            click.secho(told, fg="red", err=True)
            context.exit(1)


def _told(error: Exception) -> str | None:
    """Say in a sentence what a person can mend; nothing for a fault of ours."""
    # By the name of the house, since an agency's machine has no SQLAlchemy.
    house, kind = type(error).__module__.partition(".")[0], type(error).__name__
    reason = str(getattr(error, "orig", error)).strip().partition("\n")[0] or kind
    if isinstance(error, HongzhuError):
        return str(error)
    if isinstance(error, ValidationError) and error.title == Settings.__name__:
        return "\n".join(
            _(
                "{variable} is not as it should be: {reason}",
                variable=f"HONGZHU_{str(each['loc'][0]).upper()}" if each["loc"] else "HONGZHU_*",
                reason=each["msg"],
            )
            for each in error.errors()
        )
    if house == "sqlalchemy" and kind in {"OperationalError", "ProgrammingError", "InterfaceError"}:
        return _(
            "There is no data here yet, or the database cannot be reached ({reason}). “hongzhu up” makes a trial in "
            "HONGZHU_HOME={home}; in production look at the database and at “hongzhu migrate”.",
            reason=reason,
            home=settings().home,
        )
    if house in {"kombu", "amqp"}:
        return _("The broker cannot be reached, or refuses ({reason}).", reason=reason)
    if isinstance(error, OSError) and not isinstance(error, BrokenPipeError):
        return _("It could not be done: {reason}", reason=reason)
    return None


def _set_language() -> None:
    try:
        i18n.language.set(settings().language)
    except (HongzhuError, ValidationError):  # told when a command is run, in the language that was asked for
        i18n.language.set(i18n.accepted_language(os.environ.get("HONGZHU_LANGUAGE")))
    # click asks gettext, and can be given no other catalogue than through the name it calls it by.
    for module in (click.core, click.decorators, click.exceptions, click.formatting, click.parser, click.types):
        vars(module).update(_=_, ngettext=lambda one, many, count: _(one if count == 1 else many))


_set_language()

from hongzhu import operating  # noqa: E402  # what a command says of itself is said as it is imported, so only now


@click.group(cls=Commands, help=_("hongzhu: who is owed care, when, and whether it was given."))
@click.version_option(package_name="hongzhu")
def main() -> None:
    """Set up what every command needs."""
    logging.basicConfig(
        level=os.environ.get("HONGZHU_LOG_LEVEL", "WARNING"),
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
        stream=sys.stderr,
    )
    settings()  # what is wrong with them is told before anything is done


@main.command(help=_("Run one component, for containers: registry, scheduler, notifier or plugin NAME."))
@click.argument("name")
@click.argument("agency", required=False)
def run(name: str, agency: str | None) -> None:
    """Run one component until it is told to stop."""
    if name == "plugin":
        if agency is None:
            raise click.UsageError(_("Say whose plugin: “hongzhu run plugin NAME”."))
        name = agency
        if "HONGZHU_LOG_LEVEL" not in os.environ:
            # On an agency's machine it is the only one, and says how it begins.
            logging.getLogger("hongzhu.plugin_worker").setLevel(logging.INFO)
    components = [runtime.component(name)]
    with runtime.alone(components):
        runtime.run(components)


for command in (
    operating.doctor,
    operating.health,
    operating.migrate,
    operating.parked,
    operating.setup,
    operating.up,
):
    main.add_command(command)
