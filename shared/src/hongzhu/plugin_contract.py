"""The contract that an agency's plugin keeps: what `hongzhu plugin check` looks at, rule by rule."""

import inspect
import subprocess
import sys
import traceback
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType

from pydantic import ValidationError

from hongzhu import hooks
from hongzhu.errors import InvalidError
from hongzhu.i18n import _
from hongzhu.plugin_worker import PluginWorker
from hongzhu.programme_contract import faults, faults_among, in_both, spoken

HEAVY = ("asyncpg", "sqlalchemy", "fastapi", "starlette", "alembic", "psycopg", "uvicorn")
"""What an agency's machine must not need: a database and a web server."""


def load(plugin: EntryPoint) -> ModuleType:
    """Import an installed plugin; raises `InvalidError` with the place in its code when that fails."""
    try:
        module = plugin.load()
    except Exception as error:
        raise InvalidError("It cannot be imported: {reason}", reason=_told(error, plugin.module)) from error
    assert isinstance(module, ModuleType)
    return module


def broken(name: str, module: ModuleType) -> Iterator[str]:
    """Yield a sentence for each rule that the plugin of the agency `name` breaks; nothing when it keeps the contract."""
    if misshapen := list(_of_hooks(module)):
        yield from misshapen
        return
    try:
        worker = PluginWorker(name, module)
        agency, programmes = worker.agency(), worker.programmes()
    except Exception as error:  # whatever an author's code does, the check tells it and goes on
        reason = _told(error, module.__name__)
        yield _("It cannot say who it is and what it promises: {reason}", reason=reason)
        return
    if agency.name != name:
        yield _(
            "The agency calls itself {said}, and its entry point {name}; both are one name.",
            said=agency.name,
            name=name,
        )
    yield from in_both(_("the agency's title"), agency.title)
    for each in programmes:
        if each.agency != name:
            yield _("{code}: before the dot of a code stands the agency's name, {name}.", code=each.code, name=name)
        yield from (fault.sentence for fault in faults(each))
    yield from faults_among(programmes)


def reaches(package: str) -> list[str]:
    """Name what importing a package leads to of a database or a web server, as a process of its own finds out."""
    program = f"import sys, {package}; print(*sorted(set(sys.modules) & {set(HEAVY)!r}))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)  # noqa: S603  # our own interpreter
    return done.stdout.split()


def _of_hooks(module: ModuleType) -> Iterator[str]:
    known = {name: inspect.signature(each) for name, each in vars(hooks).items() if hasattr(each, "hongzhu_spec")}
    for name, function in vars(module).items():
        if not hasattr(function, "hongzhu_impl"):
            continue
        if name not in known:
            yield _("{name} is no hook; there are {known}.", name=name, known=", ".join(known))
        elif unknown := [each for each in inspect.signature(function).parameters if each not in known[name].parameters]:
            yield _(
                "{name} is called with ({known}), and not with {unknown}.",
                name=name,
                known=", ".join(known[name].parameters),
                unknown=", ".join(unknown),
            )


def _told(error: Exception, package: str) -> str:
    """Say what an author's code raised, and at which line of it."""
    reason = spoken(error) if isinstance(error, ValidationError) else f"{type(error).__name__}: {error}"
    if isinstance(error, SyntaxError):  # it names its place itself
        return reason
    frames = [each for each in traceback.extract_tb(error.__traceback__) if package in Path(each.filename).parts]
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}: {reason}" if frames else reason
