"""What the registry says about schools."""

from typing import ClassVar

from pydantic import Field

from hongzhu.facts import SchoolFacts
from hongzhu.messages.base import BATCH, Message


class SchoolChanged(Message):
    """Schools came or changed; each carries its version, so that order does not matter."""

    topic: ClassVar = "school.changed.v1"

    schools: tuple[SchoolFacts, ...] = Field(max_length=BATCH)
