"""What the registry says about excuses: of one task, or of all that is due in some days; never why."""

from datetime import date
from typing import ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from hongzhu.messages.base import BATCH, Message


class Excuse(BaseModel):
    """One subject is excused: from one task by name, or, in a pause, from whatever is due from `first` to `last`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    version: int = 1
    """An older version never overwrites a newer one."""
    subject_id: str
    programme: str | None = None
    period: str | None = None
    first: date | None = None
    last: date | None = None
    """None while nobody knows when the pause will end."""
    lifted: bool = False
    """Whether it was taken back."""

    @model_validator(mode="after")
    def _of_one_kind(self) -> Self:
        named = self.programme is not None and self.period is not None
        if named == (self.first is not None) or (self.last and self.first and self.last < self.first):
            raise ValueError("an excuse is either of one task or of days, of which the first comes first")
        return self


class TaskExcused(Message):
    """Subjects were excused, or excuses changed or were taken back."""

    topic: ClassVar = "task.excused.v1"

    excuses: tuple[Excuse, ...] = Field(max_length=BATCH)
