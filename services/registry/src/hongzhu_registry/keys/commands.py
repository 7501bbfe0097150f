"""``hongzhu keys``: a new key, everything sealed anew under it, the old one dropped."""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import click

from hongzhu.clock import now
from hongzhu.errors import ConfigurationError, InvalidError
from hongzhu.i18n import _
from hongzhu.installation import SecretFiles, keep_keys, new_key
from hongzhu.settings import settings
from hongzhu_registry.database import database
from hongzhu_registry.keys import queries, service
from hongzhu_registry.sealing import INDEX_KEY, LINK_KEY, key_ring

_KEYS = "HONGZHU_SECRET_KEYS"
_PAUSE = 0.2
"""Seconds until rows that somebody was changing are looked at again."""

_secrets = click.option(
    "--secrets",
    type=click.Path(path_type=Path, file_okay=False),
    help=_("The folder that “hongzhu setup” wrote; by default the trial's own, or else secrets."),
)


@click.group(help=_("The keys under which identity numbers, telephones and addresses are sealed."))
def keys() -> None:
    """Work on the key ring."""


@keys.command("list", help=_("Show the keys, the one that seals first, and how many values are sealed under each."))
def list_keys() -> None:
    """Count by key; says nothing of the keys themselves."""
    with database.transaction() as session:
        counted = service.count(session)
    for name, cells in counted.items():
        if name is not None or cells:
            click.echo(f"{name or '?'} {cells}")


@keys.command(help=_("Add a new key, which opens from the next start of the registry on, and does not seal yet."))
@_secrets
def rotate(secrets: Path | None) -> None:
    """Put a new key last on the ring: before any process seals with it, every process must be able to open."""
    files, held = _held(secrets)
    names = [each.partition(":")[0] for each in held]
    today = f"{now():k%Y%m%d}"
    name = next(each for each in (today, *(f"{today}-{number}" for number in range(2, 1000))) if each not in names)
    keep_keys(files, ",".join([*held, f"{name}:{new_key()}"]))
    click.echo(
        _("The new key is called {name}. Start every registry anew, then run “hongzhu keys use {name}”.", name=name)
    )


@keys.command(help=_("Let a key seal from the next start of the registry on, once every registry was started with it."))
@click.argument("name")
@_secrets
def use(name: str, secrets: Path | None) -> None:
    """Put a key first on the ring."""
    files, held = _held(secrets)
    _see_there(name, held)
    keep_keys(files, ",".join(sorted(held, key=lambda each: each.partition(":")[0] != name)))
    click.echo(_("{name} seals from now on. Start the registry anew, then run “hongzhu keys reseal”.", name=name))


@keys.command(
    help=_("Seal everything anew under the key that seals, while the registry runs; safe to stop and repeat.")
)
def reseal() -> None:
    """Exchange cell by cell what another key sealed."""
    with database.transaction() as session:
        waiting = _older(service.count(session))
    with click.progressbar(length=waiting, label=_("Sealing anew"), file=sys.stderr) as bar:
        renewed, broken = reseal_all(bar.update)
    click.echo(_("Sealed anew under {key}: {count}", key=key_ring().current, count=renewed))
    if broken:
        click.echo(_("Not opened, and left as they are: {count}", count=broken))
        sys.exit(1)


def reseal_all(progress: Callable[[int], object] = lambda _renewed: None) -> tuple[int, int]:
    """Go through all sealed columns until nothing is left under another key; return how many were renewed, and are broken.

    What is under the key that seals is done: that is all there is to remember when it is stopped.
    """
    renewed = 0
    while True:
        broken = 0
        for column in queries.sealed_columns():
            after = None
            while True:
                with database.transaction() as session:
                    batch = service.reseal_some(session, column, after)
                renewed, broken, after = renewed + batch.renewed, broken + batch.broken, batch.after
                progress(batch.renewed)
                if after is None:
                    break
        with database.transaction() as session:
            if _older(service.count(session)) <= broken:
                return renewed, broken
        time.sleep(_PAUSE)


@keys.command(help=_("Take a key off the ring, once nothing is sealed under it any more."))
@click.argument("name")
@_secrets
def drop(name: str, secrets: Path | None) -> None:
    """Drop a key that no cell needs."""
    files, held = _held(secrets)
    _see_there(name, held)
    if name in (key_ring().current, held[0].partition(":")[0]):
        raise InvalidError("{name} is the key that seals; “hongzhu keys rotate” adds another one first.", name=name)
    with database.transaction() as session:
        cells = service.count(session)[name]
    if cells:
        raise InvalidError(
            "{count} values are still sealed under {name}; run “hongzhu keys reseal” first.", count=cells, name=name
        )
    keep_keys(files, ",".join(each for each in held if each.partition(":")[0] != name))
    click.echo(_("{name} is off the ring. Keep it with the backups that were made before: they need it.", name=name))


def _see_there(name: str, held: list[str]) -> None:
    if name in (INDEX_KEY, LINK_KEY):
        raise InvalidError(
            "The keys “index” and “link” seal nothing and stay: look-ups and links in notices need them."
        )
    if name not in key_ring().names or name not in [each.partition(":")[0] for each in held]:
        raise InvalidError("There is no key called {name}; “hongzhu keys list” shows them.", name=name)


def _held(secrets: Path | None) -> tuple[SecretFiles, list[str]]:
    folder = secrets or (settings().secrets if (settings().secrets / "registry.env").exists() else Path("secrets"))
    files = SecretFiles(folder) if (folder / "registry.env").exists() else None
    held = files.read("registry").get(_KEYS) if files else None
    if files is None or held is None:
        raise ConfigurationError(
            "There are no keys in {folder}: --secrets names the folder that “hongzhu setup” wrote.", folder=folder
        )
    return files, held.split(",")


def _older(counted: dict[str | None, int]) -> int:
    return sum(cells for name, cells in counted.items() if name != key_ring().current)
