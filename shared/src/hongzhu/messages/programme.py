"""What the registry says about programmes."""

from datetime import date
from typing import ClassVar

from hongzhu.messages.base import Message
from hongzhu.programme import Programme


class ProgrammeChanged(Message):
    """The bureau approved a version of a programme, or suspended it."""

    topic: ClassVar = "programme.changed.v1"

    version: int
    programme: Programme
    effective_from: date
    """Nothing is owed for periods before this day."""
    suspended: bool = False
