"""``/facilities``: places of care outside the classroom."""

from typing import Literal

from pydantic import Field

from hongzhu_registry.facilities.models import Facility
from hongzhu_registry.resource import New, resource


class NewFacility(New):
    """A place of care: selected, built, planned or closed."""

    organisation: str = Field("", max_length=100)
    kind: str = Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=30)
    name: str = Field(max_length=100)
    town: str | None = Field(None, max_length=50)
    status: Literal["selected", "planned", "built", "closed"] | None = None


def settled(_facility: Facility) -> tuple[str, ...]:
    """Name what the activities that took place there stand on: they know it by its name."""
    return ("name",)


router = resource("/facilities", Facility, NewFacility, filters=("kind",), settled=settled)
