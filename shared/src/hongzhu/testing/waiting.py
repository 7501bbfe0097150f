"""Waiting in tests: looking again and again, up to a limit, never for a time that somebody guessed."""

import time
from collections.abc import Callable


def wait_until(true: Callable[[], object], limit: float = 20) -> None:
    """Return once `true` is; raises `AssertionError` after `limit` seconds."""
    deadline = time.monotonic() + limit
    while not true():
        assert time.monotonic() < deadline, f"waited {limit} s in vain"
        time.sleep(0.02)  # between two looks
