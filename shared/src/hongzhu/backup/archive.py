"""The archive: a ZIP file with the manifest written last, so that one that was broken off is none."""

import hashlib
import os
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile

from pydantic import ValidationError

from hongzhu.backup.manifest import NAME, Kept, Manifest
from hongzhu.errors import ConflictError, InvalidError

PIECE = 1 << 20
"""Bytes that are in hand at a time."""
_DAMAGED = (
    BadZipFile,
    EOFError,
    KeyError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
    zlib.error,
    struct.error,
)
"""What Python's reader raises for one or another kind of damage; an offset that became negative is an `OSError`."""


class DamagedError(InvalidError):
    """The archive is not as it was written."""

    title = "The archive is damaged."


class Writing:
    """An archive that is being written."""

    def __init__(self, archive: ZipFile) -> None:
        self._archive = archive
        self.files: dict[str, Kept] = {}

    def add(self, name: str, pieces: Iterable[bytes]) -> None:
        """Write one file, as its pieces come."""
        digest, size = hashlib.sha256(), 0
        with self._archive.open(name, "w", force_zip64=True) as file:
            for piece in pieces:
                file.write(piece)
                digest.update(piece)
                size += len(piece)
        self.files[name] = Kept(size=size, sha256=digest.hexdigest())

    def close(self, manifest: Manifest) -> None:
        """Say last what is in it."""
        self._archive.writestr(NAME, manifest.model_dump_json(indent=1))


@contextmanager
def written(path: Path) -> Iterator[Writing]:
    """Write an archive, readable by nobody else, which has its name only once it is whole; raises `ConflictError`."""
    if path.exists():
        raise ConflictError("{file} is there already; a backup writes over nothing.", file=path)
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        unfinished.touch(0o600)
        with unfinished.open("wb") as file:
            with ZipFile(file, "w", ZIP_DEFLATED) as archive:
                yield Writing(archive)
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(path)
    finally:
        unfinished.unlink(missing_ok=True)


class Reading:
    """An archive that is being read; every piece of it is held against the manifest."""

    def __init__(self, path: Path, archive: ZipFile, manifest: Manifest) -> None:
        self._path, self._archive = path, archive
        self.manifest = manifest

    def pieces(self, name: str) -> Iterator[bytes]:
        """Read a file piece by piece; raises `DamagedError`, at the latest behind its last piece."""
        told = self.manifest.files.get(name)
        digest, size = hashlib.sha256(), 0
        try:
            with self._archive.open(name) as file:
                while piece := file.read(PIECE):
                    digest.update(piece)
                    size += len(piece)
                    yield piece
        except _DAMAGED as error:
            raise _damaged(self._path, name) from error
        if told != Kept(size=size, sha256=digest.hexdigest()):
            raise _damaged(self._path, name)

    def verify(self, progress: Callable[[int], object]) -> None:
        """Read everything once; `progress` is told the bytes that were read.  Raises `DamagedError`."""
        there = set(self._archive.namelist()) - {NAME}
        for name in there.symmetric_difference(self.manifest.files) | (self.manifest.needed - there):
            raise _damaged(self._path, name)
        for name in self.manifest.files:
            for piece in self.pieces(name):
                progress(len(piece))


@contextmanager
def opened(path: Path) -> Iterator[Reading]:
    """Open an archive; raises `DamagedError` for what is none, or not whole, and `OSError` for what cannot be opened."""
    with ExitStack() as stack:
        file = stack.enter_context(path.open("rb"))
        try:
            archive = stack.enter_context(ZipFile(file))
            manifest = Manifest.model_validate_json(archive.read(NAME))
        except (*_DAMAGED, ValidationError) as error:
            raise _damaged(path, NAME) from error
        yield Reading(path, archive, manifest)


def _damaged(path: Path, name: str) -> DamagedError:
    return DamagedError(
        "{file} is not a whole archive of hongzhu: {name} in it is missing or not as it was written. Nothing was changed; "
        "take another copy, or another archive.",
        file=path,
        name=name,
    )
