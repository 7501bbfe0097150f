"""What the registry says about supporters, to the agency whose they are."""

from typing import ClassVar

from pydantic import Field

from hongzhu.agency import LONGEST, NAME
from hongzhu.messages.base import Message


class SupporterChanged(Message):
    """Supporters of an agency's came or changed, or a place with one became free: who waits may be served now."""

    topic: ClassVar = "supporter.changed.v1"
    addressed: ClassVar = True

    agency: str = Field(pattern=NAME, max_length=LONGEST)

    @property
    def routing_key(self) -> str:
        """Addressed: the topic, a dot, the agency."""
        return f"{self.topic}.{self.agency}"
