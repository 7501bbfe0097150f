"""What backup and restore need of a kind of database; `sqlite` and `postgres` are the two."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol


class Snapshot(Protocol):
    """A database as it stood at one moment, whatever is written meanwhile."""

    def revision(self) -> str | None:
        """Name the migration it stands at; nothing when it was never migrated."""
        ...

    def rows(self) -> dict[str, int]:
        """Count the rows of every table."""
        ...

    def pieces(self, scratch: Path) -> Iterator[bytes]:
        """Give all it holds, piece by piece; `scratch` is a folder for what has to be put down meanwhile."""
        ...


class Loading(Protocol):
    """A database that is being loaded; nobody sees anything of it until `commit`."""

    def load(self, pieces: Iterable[bytes], tables: Iterable[str]) -> Mapping[str, int]:
        """Take in all that `Snapshot.pieces` gave, make what was said go again, and count the rows of tables."""
        ...

    def commit(self) -> None:
        """Let it take the place of what was there."""
        ...


class Kind(Protocol):
    """One service's database, of one kind."""

    name: str
    ending: str
    """Of its file in an archive."""

    def still(self) -> AbstractContextManager[None]:
        """Let nobody say or handle a message meanwhile."""
        ...

    def snapshot(self) -> AbstractContextManager[Snapshot]:
        """Hold on to how it stands now."""
        ...

    def see_unused(self) -> None:
        """Raise `ConflictError` while anybody else is at work on it."""
        ...

    def is_empty(self) -> bool:
        """Say whether nothing was ever put into it."""
        ...

    def loading(self) -> AbstractContextManager[Loading]:
        """Begin to load it; what is not committed at the end never was."""
        ...
