"""What the registry says about evidence of every kind."""

from datetime import date
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from hongzhu.messages.base import BATCH, Message


class _OfSubject(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    kind: str
    subject_id: str
    version: int = 1
    """Counts what was said of this evidence for this subject; an older version never overwrites a newer one."""


class Evidence(_OfSubject):
    """Something that was done for one subject on one day: a talk, a pairing, an activity attended …"""

    done_on: date
    """The day it was done on, not the day it was typed in."""


class Withdrawn(_OfSubject):
    """Something that does not count for one subject any more."""


class EvidenceFiled(Message):
    """Evidence was filed, or corrected; one topic carries all kinds."""

    topic: ClassVar = "evidence.filed.v1"

    evidence: tuple[Evidence, ...] = Field(max_length=BATCH)


class EvidenceWithdrawn(Message):
    """Evidence was taken back: it was an error, or never happened."""

    topic: ClassVar = "evidence.withdrawn.v1"

    evidence: tuple[Withdrawn, ...] = Field(max_length=BATCH)
