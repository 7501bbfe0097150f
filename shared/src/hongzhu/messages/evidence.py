"""What the registry says about evidence of every kind."""

from datetime import date
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from hongzhu.messages.base import BATCH, Message


class Evidence(BaseModel):
    """Something that was done for one subject on one day: a talk, a pairing, an activity attended …"""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    kind: str
    subject_id: str
    done_on: date
    """The day it was done on, not the day it was typed in."""


class EvidenceFiled(Message):
    """Evidence was filed; one topic carries all kinds."""

    topic: ClassVar = "evidence.filed.v1"

    evidence: tuple[Evidence, ...] = Field(max_length=BATCH)
