"""``/assessments``: dated test results."""

from datetime import date

from pydantic import Field

from hongzhu_registry.assessments.models import Assessment
from hongzhu_registry.assessments.service import keep_concern
from hongzhu_registry.days import not_to_come
from hongzhu_registry.resource import New, resource


class NewAssessment(New):
    """One child's mark in one subject on one day."""

    child_id: str
    tested_on: date
    term: str | None = Field(None, max_length=30)
    subject: str = Field(max_length=20)
    mark: float = Field(ge=0, le=300)

    def must_be_over(self) -> None:
        """The test was held."""
        not_to_come(tested_on=self.tested_on)


router = resource("/assessments", Assessment, NewAssessment, filters=("school_id", "child_id"), filed=keep_concern)
