"""Sealing: identity numbers, telephones and addresses are encrypted at rest, each bound to the cell it stands in.

AES-256-GCM (NIST SP 800-38D) with a random nonce; the associated data are table, column and row, so that a value moved to
another cell does not open.  The key ring lets keys rotate: the first seals, all open.  For exact look-up there is a blind
index, an HMAC-SHA256 that tells equality and nothing else.
"""

import base64
import binascii
import secrets
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from sqlalchemy import Column, LargeBinary
from sqlalchemy.orm import MappedColumn, mapped_column

from hongzhu.errors import ConfigurationError
from hongzhu.installation import key_prints
from hongzhu.settings import settings

INDEX_KEY, LINK_KEY = "index", "link"
CELL = "cell"
"""Where a sealed column says, in its `info`, how its cells are called."""
_NONCE = 12
_NONCES = 1_000


class SealBrokenError(Exception):
    """A sealed value was changed, moved to another cell, or its key is not on the ring."""


def sealed(cell: str | None = None) -> MappedColumn[bytes | None]:
    """Declare a column whose values are sealed; only a declared one is sealed anew when keys are rotated.

    Its cells are called by the column's name and the first key of the row.  Where the row has more keys, `cell` says
    how the column is called in it: ``phone.{role}``.
    """
    return mapped_column(LargeBinary, info={CELL: cell})


def cell_of(column: Column[Any], row: Mapping[str, Any]) -> tuple[str, str, str]:
    """Return how the cell of a declared column is called in a row, of which at least the keys are given."""
    table = column.table
    name = (column.info[CELL] or column.name).format_map(row)
    return table.name, name, row[next(iter(table.primary_key)).name]


class KeyRing:
    """The installation's keys: named AES keys, the one that seals first, one for blind indexes and one for signed links."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        self._ciphers = {name: AESGCM(key) for name, key in keys.items() if name not in (INDEX_KEY, LINK_KEY)}
        self._index = HMAC(keys[INDEX_KEY], SHA256())  # begun once: half of each would be the beginning
        self.link = keys[LINK_KEY]
        self.current = next(iter(self._ciphers))
        """The name of the key that seals."""

    @property
    def names(self) -> list[str]:
        """The names of the keys that open, the one that seals first."""
        return list(self._ciphers)

    def seal(self, value: str | None, table: str, column: str, row_id: str) -> bytes | None:
        """Encrypt a value for one cell; nothing stays nothing."""
        return None if value is None else self._seal(secrets.token_bytes(_NONCE), value, table, column, row_id)

    def _seal(self, nonce: bytes, value: str, table: str, column: str, row_id: str) -> bytes:
        sealed = self._ciphers[self.current].encrypt(nonce, value.encode(), _cell(table, column, row_id, self.current))
        return self.current.encode() + b":" + nonce + sealed

    def open(self, sealed: bytes | None, table: str, column: str, row_id: str) -> str | None:
        """Decrypt what was sealed for this very cell; raises `SealBrokenError`."""
        if sealed is None:
            return None
        name, _, rest = bytes(sealed).partition(b":")
        key_id = name.decode("ascii", "replace")
        try:
            cell = _cell(table, column, row_id, key_id)
            return self._ciphers[key_id].decrypt(rest[:_NONCE], rest[_NONCE:], cell).decode()
        except KeyError as error:
            raise SealBrokenError(f"{table}.{column}: its key is not on this process's ring; start it anew") from error
        except InvalidTag as error:
            raise SealBrokenError(f"{table}.{column}") from error

    def index(self, value: str, purpose: str) -> bytes:
        """Return the blind index of a value; equal values of one purpose have equal indexes."""
        begun = self._index.copy()
        begun.update(f"{purpose}\n{value}".encode())
        return begun.finalize()


class Sealer:
    """Seals many cells in one go, within one thread and one function: no two may ever share its nonces.

    Each nonce asked of the system on its own lets another thread go first, which took longer than the sealing.
    """

    def __init__(self, keys: KeyRing) -> None:
        self._keys, self._nonces = keys, _nonces()

    def seal(self, value: str | None, table: str, column: str, row_id: str) -> bytes | None:
        """Encrypt a value as `KeyRing.seal` does."""
        return None if value is None else self._keys._seal(next(self._nonces), value, table, column, row_id)


def _nonces() -> Iterator[bytes]:
    while True:
        some = secrets.token_bytes(_NONCE * _NONCES)
        yield from (some[start : start + _NONCE] for start in range(0, len(some), _NONCE))


def _cell(table: str, column: str, row_id: str, key_id: str) -> bytes:
    return f"{table}\n{column}\n{row_id}\n{key_id}".encode()


def new_key() -> str:
    """Make a key as it is written in ``HONGZHU_SECRET_KEYS``."""
    return base64.b64encode(secrets.token_bytes(32)).decode()


def fingerprints() -> dict[str, str]:
    """Return by name what tells this installation's keys from others, also where only that is known of them."""
    configured = settings().secret_keys
    if configured is not None:
        return key_prints(configured.get_secret_value())
    if not settings().key_prints:
        raise ConfigurationError(
            "No keys are at hand, and nothing tells which they are (HONGZHU_SECRET_KEYS, HONGZHU_KEY_PRINTS): in production "
            "“hongzhu setup” writes them into secrets/; a trial has them in {folder}, where those of a backup must be put "
            "before it is restored.",
            folder=settings().secrets,
        )
    return dict(each.split(":", 1) for each in settings().key_prints.split(","))


@cache
def key_ring() -> KeyRing:
    """Read the installation's keys: ``name:base64,…``, among them ``index`` and ``link``."""
    configured = settings().secret_keys
    if configured is None:
        raise ConfigurationError(
            "HONGZHU_SECRET_KEYS is not set, so nothing can be encrypted: run “hongzhu setup” and give this process the "
            "file secrets/registry.env it writes."
        )
    try:
        pairs = [each.partition(":") for each in configured.get_secret_value().split(",")]
        return KeyRing({name: base64.b64decode(key, validate=True) for name, _, key in pairs})
    except (binascii.Error, ValueError, KeyError, StopIteration) as error:
        raise ConfigurationError(
            "HONGZHU_SECRET_KEYS is not of the form name:base64,index:base64,link:base64 with 32 bytes each; “hongzhu setup” "
            "writes one."
        ) from error
