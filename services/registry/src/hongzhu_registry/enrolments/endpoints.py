"""``/enrolments``: a child's place in something offered."""

from datetime import date

from pydantic import Field

from hongzhu_registry.days import not_to_come
from hongzhu_registry.enrolments.models import Enrolment
from hongzhu_registry.enrolments.service import file_place, settled, shows
from hongzhu_registry.resource import New, resource


class NewEnrolment(New):
    """A child's place."""

    child_id: str
    kind: str = Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=30)
    starts_on: date | None = None
    free: bool | None = None
    note: str | None = Field(None, max_length=200)

    def must_be_over(self) -> None:
        """The place was taken."""
        not_to_come(starts_on=self.starts_on)


router = resource(
    "/enrolments",
    Enrolment,
    NewEnrolment,
    filters=("school_id", "child_id", "kind"),
    filed=file_place,
    settled=settled,
    shows=shows,
)
