"""SQLite: one file, copied by its own backup interface, and put in place by a rename."""

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import make_url

from hongzhu.backup.archive import PIECE
from hongzhu.backup.kind import Loading, Snapshot
from hongzhu.errors import InvalidError
from hongzhu.relay import GO_AGAIN

PATIENCE = 30.0
"""Seconds to wait for whoever is writing."""


class Sqlite:
    """A SQLite database by its URL."""

    name = "sqlite"
    ending = ".sqlite3"

    def __init__(self, url: str) -> None:
        self._path = Path(make_url(url).database or "")

    @contextmanager
    def still(self) -> Iterator[None]:
        """Let nobody write meanwhile."""
        with closing(_open(self._path)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """Begin to read: from its first question on, a reader sees the same."""
        with closing(_open(self._path)) as connection:
            connection.execute("BEGIN")
            connection.execute("SELECT count(*) FROM sqlite_master")
            yield SqliteSnapshot(connection)

    def see_unused(self) -> None:
        """See nothing: who runs a trial holds the lock of its home."""

    def is_empty(self) -> bool:
        """Say whether there is no file, or no table in it."""
        if not self._path.exists():
            return True
        with closing(_open(self._path)) as connection:
            return bool(_one(connection, "SELECT count(*) FROM sqlite_master") == 0)

    @contextmanager
    def loading(self) -> Iterator[Loading]:
        """Load a file beside the database's own."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        beside = self._path.with_name(f"{self._path.name}.loading")
        try:
            yield SqliteLoading(self._path, beside)
        finally:
            for left in _files(beside):
                left.unlink(missing_ok=True)


class SqliteSnapshot:
    """A connection in the middle of reading."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def revision(self) -> str | None:
        """Ask Alembic's own table."""
        there = "SELECT count(*) FROM sqlite_master WHERE name = 'alembic_version'"
        return (
            _one(self._connection, "SELECT max(version_num) FROM alembic_version")
            if _one(self._connection, there)
            else None
        )

    def rows(self) -> dict[str, int]:
        """Count the rows of every table but SQLite's own."""
        tables = self._connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT GLOB 'sqlite_*' ORDER BY name"
        ).fetchall()
        return _count(self._connection, (name for (name,) in tables))

    def pieces(self, scratch: Path) -> Iterator[bytes]:
        """Copy the database, then give the copy."""
        copy = scratch / "copy"
        with closing(sqlite3.connect(copy)) as into:
            self._connection.backup(into)
        with copy.open("rb") as file:
            while piece := file.read(PIECE):
                yield piece
        copy.unlink()


class SqliteLoading:
    """A file that is to become the database."""

    def __init__(self, path: Path, beside: Path) -> None:
        self._path, self._beside = path, beside

    def load(self, pieces: Iterable[bytes], tables: Iterable[str]) -> dict[str, int]:
        """Write the file and look whether SQLite finds it whole; raises `InvalidError` when not."""
        self._beside.touch(0o600)
        with self._beside.open("wb") as file:
            for piece in pieces:
                file.write(piece)
        try:
            with closing(_open(self._beside)) as connection:
                if _one(connection, "PRAGMA quick_check") != "ok":
                    raise sqlite3.DatabaseError
                for statement in GO_AGAIN:
                    connection.execute(statement)
                return _count(connection, tables)
        except sqlite3.DatabaseError as error:
            raise InvalidError(
                "SQLite cannot read {file} of the archive; nothing was changed.", file=self._path.name
            ) from error

    def commit(self) -> None:
        """Rename it over the database, which must leave nothing beside it that SQLite would take for the new one's."""
        if self._path.exists():
            with closing(_open(self._path)) as connection:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        for beside in _files(self._path)[1:]:
            beside.unlink(missing_ok=True)
        _to_disk(self._beside)
        self._beside.replace(self._path)
        _to_disk(self._path.parent)


def _open(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)


def _one(connection: sqlite3.Connection, question: str) -> Any:
    return connection.execute(question).fetchone()[0]


def _count(connection: sqlite3.Connection, tables: Iterable[str]) -> dict[str, int]:
    return {name: _one(connection, f'SELECT count(*) FROM "{name}"') for name in tables}  # noqa: S608  # the tables' own names


def _files(path: Path) -> list[Path]:
    return [path, *(path.with_name(path.name + ending) for ending in ("-wal", "-shm", "-journal"))]


def _to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
