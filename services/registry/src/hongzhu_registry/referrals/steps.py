"""The steps of a referral: which there are, who may take them, and what a referral has come to.  Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal, Protocol

from hongzhu_registry.access.policy import Role

State = Literal["offered", "accepted", "done", "declined", "withdrawn"]
StepName = Literal["accept", "decline", "done", "withdraw"]


class Days(Protocol):
    """The days on which a referral's steps were taken, as far as they were."""

    accepted_on: date | None
    declined_on: date | None
    counselled_on: date | None
    withdrawn_on: date | None


@dataclass(frozen=True)
class Step:
    """One step: from where it can be taken, by whom, and the field that keeps its day."""

    of: tuple[State, ...]
    by: tuple[Role, ...]
    day: str
    wants_reason: bool = False


STEPS: Mapping[StepName, Step] = {
    "accept": Step(("offered",), ("bureau", "agency"), "accepted_on"),
    "decline": Step(("offered",), ("bureau", "agency"), "declined_on", wants_reason=True),
    "done": Step(("accepted",), ("bureau", "agency"), "counselled_on"),
    # Of what was done, withdrawing takes back that it was: an error, by whoever filed it.
    "withdraw": Step(("offered", "accepted", "done"), ("bureau", "school"), "withdrawn_on", wants_reason=True),
}
"""The agency that a child went to answers and helps; the school that offered may take it back; the bureau stands in for both."""


def state_of(days: Days) -> State:
    """Say what a referral has come to."""
    if days.withdrawn_on is not None:
        return "withdrawn"
    if days.declined_on is not None:
        return "declined"
    if days.counselled_on is not None:
        return "done"
    return "offered" if days.accepted_on is None else "accepted"


def possible(state: State) -> list[StepName]:
    """Name the steps that can be taken from a state."""
    return [name for name, step in STEPS.items() if state in step.of]
