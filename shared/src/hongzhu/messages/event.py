"""What the registry says has happened to subjects."""

from datetime import date
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from hongzhu.messages.base import BATCH, Message

ANSWERS = ("mandatory_report_answered",)
"""The kinds of evidence that answer one event: with its id they resolve the task it brought about, and no other of the subject."""


class Happened(BaseModel):
    """One subject that an event happened to."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    subject_id: str
    amount: float | None = None
    """The event's number, if it has one: by how many points a mark dropped."""


class SubjectEvent(Message):
    """Something happened on one day: an assessment drop, a referral, an enrolment, a changed roster.

    Said again for a subject, only a larger amount changes anything.
    """

    topic: ClassVar = "subject.event.v1"

    event: str = Field(max_length=40)
    """The event's id, by which the period of what it brings about is named; what happens to many at once has one id."""
    kind: str = Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=30)
    occurred_on: date
    subjects: tuple[Happened, ...] = Field(min_length=1, max_length=BATCH)
