"""``/subsidies``: teachers' transport and meals for home teaching."""

from datetime import date

from pydantic import Field

from hongzhu_registry.days import not_to_come
from hongzhu_registry.resource import New, resource
from hongzhu_registry.subsidies.models import Subsidy

MOST = 100_000
"""Yuan that no visit costs: a slip of the keys."""


class NewSubsidy(New):
    """Money for one home-teaching visit, in yuan."""

    child_id: str
    teacher: str = Field(max_length=50)
    taught_on: date
    transport: float = Field(ge=0, le=MOST)
    meals: float = Field(ge=0, le=MOST)
    paid: bool = False

    def must_be_over(self) -> None:
        """The visit was made."""
        not_to_come(taught_on=self.taught_on)


router = resource("/subsidies", Subsidy, NewSubsidy, filters=("school_id", "child_id"))
