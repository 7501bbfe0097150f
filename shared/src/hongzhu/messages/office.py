"""What the registry says about agencies, the city and facilities: whoever is owed something and is no child and no school."""

from typing import ClassVar

from pydantic import Field

from hongzhu.facts import AgencyFacts, CityFacts, FacilityFacts
from hongzhu.messages.base import BATCH, Message


class OfficeChanged(Message):
    """Agencies, the city or facilities came or changed; each carries its version, so that order does not matter."""

    topic: ClassVar = "office.changed.v1"

    agencies: tuple[AgencyFacts, ...] = Field(max_length=BATCH)
    cities: tuple[CityFacts, ...] = Field(max_length=1)
    facilities: tuple[FacilityFacts, ...] = Field(max_length=BATCH)
