"""Restoring a backup: everything is looked at first, loaded beside what is there, and put in its place at the end."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

from hongzhu import bus, runtime
from hongzhu.backup.archive import Reading, opened
from hongzhu.backup.kind import Kind, Loading
from hongzhu.backup.making import keys_at_hand, kind_of, services, state_files
from hongzhu.backup.manifest import HOME, Manifest
from hongzhu.errors import ConfigurationError, ConflictError, InvalidError
from hongzhu.installation import half_restored, restoring
from hongzhu.settings import settings

Progress = Callable[[str, int], object]
"""Is told what is being done, and of how many bytes."""


def check(path: Path, progress: Progress) -> Manifest:
    """Look whether an archive is whole and can be restored here; raises an error that says why not."""
    with opened(path) as archive:
        _check(archive, progress)
    return archive.manifest


def restore(path: Path, progress: Progress, *, replace: bool) -> Manifest:
    """Restore an archive, after all that `check` looks at; what is there already is only replaced when that was asked for."""
    installed = services()
    with opened(path) as archive, runtime.locked():
        _check(archive, progress)
        kinds = {name: kind_of(service) for name, service in installed.items()}
        _see_free(kinds, replace=replace)
        with bus.answering(settings().broker_url):  # one that is away is found out before anything is changed
            pass
        with ExitStack() as stack:
            loadings = {name: stack.enter_context(kind.loading()) for name, kind in kinds.items()}
            for name, loading in loadings.items():
                _load(archive, name, loading, progress)
            with restoring(settings().home):
                for loading in loadings.values():
                    loading.commit()
                _put_state(archive)
        for service in installed.values():
            service.migrate()
        # What was said after the backup is of no time any more; what was said before goes again.
        with bus.answering(settings().broker_url) as broker:
            for queue in dict.fromkeys(queue for service in installed.values() for queue in service.queues()):
                bus.clear(broker, queue)
    return archive.manifest


def _check(archive: Reading, progress: Progress) -> None:
    told = archive.manifest
    installed = services()
    if told.databases.keys() != installed.keys():
        raise InvalidError(
            "The archive is of {there}, and installed here are {here}.",
            there=", ".join(sorted(told.databases)),
            here=", ".join(sorted(installed)),
        )
    for name, database in told.databases.items():
        if database.kind != (here := kind_of(installed[name]).name):
            raise InvalidError(
                "The archive is of an installation on {there}, and this one is on {here}; set HONGZHU_{service}_DATABASE_URL.",
                there=database.kind,
                here=here,
                service=name.upper(),
            )
        if not installed[name].database.knows(database.revision):
            raise InvalidError(
                "The archive was made by hongzhu {version}, whose {service} is newer than this one: install that version first.",
                version=told.version,
                service=name,
            )
    _see_keys(told)
    archive.verify(lambda size: progress("verify", size))


def _see_keys(told: Manifest) -> None:
    at_hand = keys_at_hand()
    if missing := sorted(name for name, each in told.keys.items() if at_hand.get(name) != each):
        raise ConfigurationError(
            "What is sealed in the archive needs keys that are not at hand: {keys} (here: {here}). Put the installation’s "
            "secrets, which are kept apart from its backups, in place first. Nothing was changed.",
            keys=", ".join(f"{name} {told.keys[name]}" for name in missing),
            here=", ".join(f"{name} {each}" for name, each in sorted(at_hand.items())),
        )


def _see_free(kinds: dict[str, Kind], *, replace: bool) -> None:
    for kind in kinds.values():
        kind.see_unused()
    occupied = [name for name, kind in kinds.items() if not kind.is_empty()]
    if occupied and not replace and not half_restored(settings().home):
        raise ConflictError(
            "There are data here already ({services}): restore into an empty installation, or say --replace to lose them.",
            services=", ".join(occupied),
        )


def _load(archive: Reading, name: str, loading: Loading, progress: Progress) -> None:
    told = archive.manifest.databases[name]

    def watched() -> Iterator[bytes]:
        for piece in archive.pieces(told.file):
            progress(name, len(piece))
            yield piece

    counted = loading.load(watched(), told.rows)
    for table, rows in told.rows.items():
        if counted.get(table) != rows:
            raise InvalidError(
                "{service}: of {table} there came {came} rows, and the archive’s manifest says {told}. Nothing was changed.",
                service=name,
                table=table,
                came=counted.get(table, 0),
                told=rows,
            )


def _put_state(archive: Reading) -> None:
    for name in state_files():
        file = settings().home / name
        if name not in archive.manifest.state:
            file.unlink(missing_ok=True)
            continue
        beside = file.with_name(f".{name}.restored")
        beside.write_bytes(b"".join(archive.pieces(f"{HOME}/{name}")))
        beside.replace(file)
