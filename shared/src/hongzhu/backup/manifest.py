"""The manifest: what an archive holds, so that it can be checked before anything of it is used."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

NAME = "manifest.json"
HOME = "home"
"""The folder of an archive with the files of HONGZHU_HOME."""


class Kept(BaseModel):
    """One file of the archive: its size in bytes and its SHA-256, in hexadecimal."""

    model_config = ConfigDict(frozen=True)

    size: int
    sha256: str


class KeptDatabase(BaseModel):
    """One service's database: of which kind, in which file, at which migration, and how many rows each table has."""

    model_config = ConfigDict(frozen=True)

    kind: str
    file: str
    revision: str
    rows: Mapping[str, int]


class Manifest(BaseModel):
    """What is in an archive, and which keys it takes to read what is sealed in it."""

    model_config = ConfigDict(frozen=True)

    format: Literal[1] = 1
    version: str
    """Of hongzhu, when the archive was made."""
    made_at: datetime
    databases: Mapping[str, KeptDatabase]
    """By the service's name."""
    state: tuple[str, ...]
    """The files of HONGZHU_HOME that are in it: the day the installation stands on, what services keep beside their database."""
    keys: Mapping[str, str]
    """The fingerprints of the keys by name; the keys themselves are never in an archive."""
    files: Mapping[str, Kept]

    @property
    def needed(self) -> set[str]:
        """The files without which nothing can be restored."""
        return {*(each.file for each in self.databases.values()), *(f"{HOME}/{name}" for name in self.state)}
