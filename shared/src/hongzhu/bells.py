"""Bells: how one thread of a process wakes others that wait for what it has just put there."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event


class Bells:
    """The bells of those who wait for one kind of thing, one each; whoever waits looks now and then all the same."""

    def __init__(self) -> None:
        self._hanging: list[Event] = []

    @contextmanager
    def hanging(self) -> Iterator[Event]:
        """Hang up a bell for one thread as long as it waits."""
        bell = Event()
        self._hanging.append(bell)
        try:
            yield bell
        finally:
            self._hanging.remove(bell)

    def ring(self) -> None:
        """Wake everybody who waits."""
        for bell in tuple(self._hanging):
            bell.set()
