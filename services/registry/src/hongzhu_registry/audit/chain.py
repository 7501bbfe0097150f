"""The chain: each entry's seal covers the one before it, so that nothing can be changed, dropped or put in between unseen."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from typing import Any

GENESIS = bytes(32)
SEALED = ("id", "at", "account_id", "role", "action", "subject_id", "outcome")
"""What a seal covers of an entry, beside its position and the seal before."""


def seal(before: bytes, position: int, entry: Any) -> bytes:
    """Return the seal of an entry at a position of the chain (SHA-256)."""
    said = [position, *(_plain(getattr(entry, name)) for name in SEALED)]
    return hashlib.sha256(before + json.dumps(said, ensure_ascii=False).encode()).digest()


def chain(before: bytes, position: int, entries: Iterable[Any]) -> Iterator[tuple[Any, int, bytes]]:
    """Seal entries one after the other, after the one at `position` whose seal is `before`."""
    for entry in entries:
        position += 1
        before = seal(before, position, entry)
        yield entry, position, before


def _plain(value: Any) -> Any:
    return value.strftime("%Y-%m-%dT%H:%M:%S.%f") if hasattr(value, "strftime") else value
