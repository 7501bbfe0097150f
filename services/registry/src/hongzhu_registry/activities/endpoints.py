"""``/activities``: collective events."""

from datetime import date

from pydantic import Field

from hongzhu_registry.activities.models import Activity
from hongzhu_registry.activities.service import file_held, shows
from hongzhu_registry.days import not_to_come
from hongzhu_registry.resource import New, resource

MOST = 1_000_000
"""Of people, brochures and gifts: more than the county has."""


class NewActivity(New):
    """A collective event: held, or planned for a day to come."""

    code: str | None = Field(None, max_length=50)
    organisation: str | None = Field(None, max_length=100)
    school_id: str | None = None
    kind: str = Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=30)
    name: str = Field(max_length=100)
    held_on: date
    ends_on: date | None = None
    place: str | None = Field(None, max_length=100)
    attendance: int | None = Field(None, ge=0, le=MOST)
    brochures: int | None = Field(None, ge=0, le=MOST)
    gifts: int | None = Field(None, ge=0, le=MOST)
    planned: bool = False
    note: str | None = Field(None, max_length=200)

    def must_be_over(self) -> None:
        """It was held, unless it is planned."""
        if not self.planned:
            not_to_come(held_on=self.held_on)


router = resource("/activities", Activity, NewActivity, filters=("school_id", "kind"), filed=file_held, shows=shows)
