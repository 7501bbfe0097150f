"""What the registry says about children."""

from typing import ClassVar

from pydantic import Field

from hongzhu.facts import ChildFacts
from hongzhu.messages.base import BATCH, Message


class ChildChanged(Message):
    """Children came, left or changed; each carries its version, so that order does not matter."""

    topic: ClassVar = "child.changed.v1"

    children: tuple[ChildFacts, ...] = Field(max_length=BATCH)
