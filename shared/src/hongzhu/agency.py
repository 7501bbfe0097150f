"""Who an agency is."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from hongzhu.i18n import Text

NAME, LONGEST = r"^[a-z][a-z0-9_]*$", 50


class Agency(BaseModel):
    """An organisation that runs programmes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=NAME, max_length=LONGEST)
    """In code, in queue names and before the dot of its programmes' codes."""
    title: Text
    also: tuple[Annotated[str, Field(min_length=1, max_length=100)], ...] = ()
    """Other names under which workbooks mention it; each counts from when the bureau agrees to it."""
