"""Waiting for what other processes and threads do: looking again and again, up to a limit, never for a time that somebody guessed."""

import time
from collections.abc import Callable
from typing import Any


def wait_for(what: str, condition: Callable[[], Any], limit: float = 90.0, pause: float = 0.05) -> Any:
    """Poll `condition` until it is true and return what it answered; raises `TimeoutError` after `limit` seconds."""
    deadline = time.monotonic() + limit
    while True:
        if answer := condition():
            return answer
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {limit:.0f} s in vain for {what}")
        time.sleep(pause)  # between two looks, up to the limit
