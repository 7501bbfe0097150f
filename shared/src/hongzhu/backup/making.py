"""Making a backup: all databases as they stood at one moment, whatever goes on meanwhile."""

import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from functools import partial
from importlib.metadata import version
from pathlib import Path

from hongzhu import clock, runtime
from hongzhu.backup.archive import written
from hongzhu.backup.kind import Kind, Snapshot
from hongzhu.backup.manifest import HOME, KeptDatabase, Manifest
from hongzhu.backup.postgres import Postgres
from hongzhu.backup.sqlite import Sqlite
from hongzhu.errors import MissingError
from hongzhu.service import Service
from hongzhu.settings import settings


def services() -> dict[str, Service]:
    """Return the installed services by name."""
    return {each.name: each for each in runtime.services() if isinstance(each, Service)}


def kind_of(service: Service) -> Kind:
    """Choose how a service's database is read and loaded."""
    url = service.database.url
    return Sqlite(url) if url.startswith("sqlite") else Postgres(url)


def keys_at_hand() -> dict[str, str]:
    """Return the fingerprints of this installation's keys."""
    return {name: each for service in services().values() for name, each in service.keys().items()}


def state_files() -> list[str]:
    """Name the files of HONGZHU_HOME that belong to the databases: the day, and what services keep beside them."""
    return [clock.FILE, *(name for service in services().values() for name in service.keeps_files)]


def make(path: Path, progress: Callable[[str, int], object]) -> Manifest:
    """Write a backup; `progress` is told, piece by piece, of which service how many bytes were read.

    Raises `MissingError` where there is nothing to back up.
    """
    installed = services()
    kinds = {name: kind_of(service) for name, service in installed.items()}
    for name, kind in kinds.items():
        if kind.is_empty():
            raise MissingError("The {service} has no data here yet, so there is nothing to back up.", service=name)
    keys = keys_at_hand()
    with ExitStack() as stack:
        archive = stack.enter_context(written(path))
        # Before the databases: an anchor of the audit may be missing at its end, but must not remember what is not there.
        state = [name for name in state_files() if (settings().home / name).exists()]
        for name in state:
            archive.add(f"{HOME}/{name}", [(settings().home / name).read_bytes()])
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=path.parent, prefix=".backup-")))
        databases = {}
        for name, snapshot in _at_one_moment(stack, kinds).items():
            databases[name] = KeptDatabase(
                kind=kinds[name].name,
                file=name + kinds[name].ending,
                revision=snapshot.revision() or "",
                rows=snapshot.rows(),
            )
            archive.add(databases[name].file, _watched(snapshot.pieces(scratch), partial(progress, name)))
        manifest = Manifest(
            version=version("hongzhu"),
            made_at=clock.now(),
            databases=databases,
            state=tuple(state),
            keys=keys,
            files=archive.files,
        )
        archive.close(manifest)
    return manifest


def _at_one_moment(stack: ExitStack, kinds: dict[str, Kind]) -> dict[str, Snapshot]:
    # While nobody says or handles a message, nothing is there that follows from what is not.
    with ExitStack() as still:
        for kind in kinds.values():
            still.enter_context(kind.still())
        return {name: stack.enter_context(kind.snapshot()) for name, kind in kinds.items()}


def _watched(pieces: Iterable[bytes], progress: Callable[[int], object]) -> Iterator[bytes]:
    for piece in pieces:
        progress(len(piece))
        yield piece
