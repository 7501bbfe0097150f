"""``/referrals``: a child passed on to an agency for counselling, step by step."""

from datetime import date
from typing import Annotated, Any

from fastapi import Body
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import case

from hongzhu_registry.answers.once import Once, OnlyOnce
from hongzhu_registry.days import not_to_come
from hongzhu_registry.referrals import service
from hongzhu_registry.referrals.models import Referral
from hongzhu_registry.referrals.steps import StepName
from hongzhu_registry.resource import New, resource, visible
from hongzhu_registry.rest import Asking, InTransaction


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


class Taken(BaseModel):
    """On which day a step was taken, today unless told, and why; a reason is kept sealed."""

    model_config = ConfigDict(extra="forbid")

    on: date | None = None
    reason: str | None = Field(None, min_length=1, max_length=500)


STATE = case(
    (Referral.withdrawn_on.is_not(None), "withdrawn"),
    (Referral.declined_on.is_not(None), "declined"),
    (Referral.counselled_on.is_not(None), "done"),
    (Referral.accepted_on.is_not(None), "accepted"),
    else_="offered",
).label("state")
"""What a referral has come to: `referrals.steps.state_of` in SQL, and a test holds the two together."""

router = resource(
    "/referrals",
    Referral,
    NewReferral,
    filters=("school_id", "child_id"),
    filed=service.file_steps,
    settled=service.settled,
    shows=service.shows,
    withdraws=False,
    may_say=service.may_say,
    derived=(STATE,),
    opened={"reason": service.reason_of},
)

Sent = Annotated[Taken | None, Body()]


@router.post("/{row_id}/accept")
def accept(session: InTransaction, principal: Asking, once: OnlyOnce, row_id: str, taken: Sent = None) -> Any:
    """Take a child on (the agency it went to)."""
    return _take(session, principal, once, row_id, "accept", taken)


@router.post("/{row_id}/decline")
def decline(session: InTransaction, principal: Asking, once: OnlyOnce, row_id: str, taken: Sent = None) -> Any:
    """Decline to take a child on, with the reason (the agency it went to)."""
    return _take(session, principal, once, row_id, "decline", taken)


@router.post("/{row_id}/done")
def done(session: InTransaction, principal: Asking, once: OnlyOnce, row_id: str, taken: Sent = None) -> Any:
    """File that the child was helped (the agency it went to)."""
    return _take(session, principal, once, row_id, "done", taken)


@router.post("/{row_id}/withdraw", status_code=201)
def withdraw(session: InTransaction, principal: Asking, once: OnlyOnce, row_id: str, taken: Sent = None) -> Any:
    """Take an offer back, with the reason (the school); or that it was done, which was an error (also the agency)."""
    return _take(session, principal, once, row_id, "withdraw", taken, 201)


def _take(
    session: InTransaction,
    principal: Asking,
    once: Once,
    row_id: str,
    name: StepName,
    taken: Taken | None,
    status: int = 200,
) -> Any:
    principal.must_be("bureau", "school", "agency")

    def act() -> dict[str, Any]:
        sent = taken or Taken()
        service.take(session, principal, row_id, name, sent.on, sent.reason)
        found = session.execute(visible(Referral, principal, (STATE,)).where(Referral.id == row_id)).mappings().one()
        return dict(found)

    return once(act, taken, status)
