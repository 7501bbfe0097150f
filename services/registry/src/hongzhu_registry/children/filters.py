"""What a list of children may be narrowed by, in the API and on the page."""

from typing import Literal

from pydantic import BaseModel

from hongzhu.facts import Sex, Stage
from hongzhu_registry.children.forms import Grade


class Filters(BaseModel):
    """What a list of children may be narrowed by."""

    school_id: str | None = None
    school: str | None = None
    """How the name of its school begins."""
    town: str | None = None
    stage: Stage | None = None
    grade: Grade | None = None
    sex: Sex | None = None
    boarding: bool | None = None
    in_poverty: bool | None = None
    disabled: bool | None = None
    academic_concern: bool | None = None
    status: Literal["present", "watched", "left"] | None = None
    retention_over: bool | None = None
    q: str | None = None
    id_number: str | None = None
