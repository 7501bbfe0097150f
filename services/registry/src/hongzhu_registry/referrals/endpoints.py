"""``/referrals``: a child passed on to an agency for counselling."""

from datetime import date

from pydantic import Field

from hongzhu_registry.days import not_to_come
from hongzhu_registry.referrals.models import Referral
from hongzhu_registry.referrals.service import file_counselling, settled
from hongzhu_registry.resource import New, resource


class NewReferral(New):
    """A child passed on to an agency."""

    child_id: str
    organisation: str = Field(max_length=100)
    cause: str | None = Field(None, max_length=200)
    referred_on: date
    accepted_on: date | None = None
    counselled_on: date | None = None

    def must_be_over(self) -> None:
        """Each step was taken that has a day."""
        not_to_come(referred_on=self.referred_on, accepted_on=self.accepted_on, counselled_on=self.counselled_on)


router = resource(
    "/referrals", Referral, NewReferral, filters=("school_id", "child_id"), filed=file_counselling, settled=settled
)
