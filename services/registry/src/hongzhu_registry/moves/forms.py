"""What is sent when a child goes or comes back, to the API or from a page."""

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from hongzhu_registry.children.forms import Class, Grade


class Move(BaseModel):
    """The day of it; today when none is said."""

    model_config = ConfigDict(extra="forbid")

    on: date | None = None


class Transfer(Move):
    """Which school the child goes to; the class is unknown there until it is said."""

    school_id: str = Field(max_length=36)
    grade: Grade | None = None
    class_name: Class | None = None


class Leave(Move):
    """Why the child is no longer looked after here."""

    reason: Literal["graduated", "parents_returned", "moved_away", "over_age", "other"]
    note: str | None = Field(None, max_length=500)
