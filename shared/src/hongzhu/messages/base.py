"""A message is its own envelope."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, ClassVar, TypeVar
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field

from hongzhu.clock import now

T = TypeVar("T")

TOPICS: dict[str, type["Message"]] = {}
"""Every topic there is, with its class.  What is not here is parked, never guessed at."""

BATCH = 100
"""The most subjects one message carries; larger batches gain almost nothing."""


def batches(items: Sequence[T], most: int = BATCH) -> Iterator[tuple[T, ...]]:
    """Cut `items` into pieces of `most`: what a message carries, or a statement takes."""
    for start in range(0, len(items), most):
        yield tuple(items[start : start + most])


class Message(BaseModel):
    """One thing that happened, with ids and facts and never a name; once released a class is never edited, only
    followed by a ``.v2``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    topic: ClassVar[str]
    addressed: ClassVar[bool] = False
    """Whether it goes to one agency, whose name ends its routing key."""

    id: str = Field(default_factory=lambda: str(uuid4()), max_length=100)
    """Handled once by each service, however often it arrives; a plugin's hook may be called with it again."""
    occurred_at: datetime = Field(default_factory=now)
    because: str | None = None
    """The id of the message or act that caused this one."""

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        if "topic" in cls.__dict__:
            assert TOPICS.setdefault(cls.topic, cls) is cls, f"two messages claim the topic {cls.topic}"

    @property
    def routing_key(self) -> str:
        """The topic, followed by the agency for messages that are addressed to one."""
        return self.topic
