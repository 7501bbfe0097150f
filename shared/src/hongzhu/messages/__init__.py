"""Every message on the bus, one class a topic."""

from hongzhu.messages.base import BATCH, TOPICS, Message, batches
from hongzhu.messages.calendar import CalendarChanged
from hongzhu.messages.child import ChildChanged
from hongzhu.messages.event import ANSWERS, Happened, SubjectEvent
from hongzhu.messages.evidence import Evidence, EvidenceFiled, EvidenceWithdrawn, Withdrawn
from hongzhu.messages.excuse import Excuse, TaskExcused
from hongzhu.messages.notice import NoticeLine, NoticeSettled
from hongzhu.messages.office import OfficeChanged
from hongzhu.messages.overdue import TaskOverdue
from hongzhu.messages.programme import ProgrammeChanged
from hongzhu.messages.school import SchoolChanged
from hongzhu.messages.supporter import SupporterChanged
from hongzhu.messages.task import TaskClosed, TaskDue

__all__ = [
    "ANSWERS",
    "BATCH",
    "TOPICS",
    "CalendarChanged",
    "ChildChanged",
    "Evidence",
    "EvidenceFiled",
    "EvidenceWithdrawn",
    "Excuse",
    "Happened",
    "Message",
    "NoticeLine",
    "NoticeSettled",
    "OfficeChanged",
    "ProgrammeChanged",
    "SchoolChanged",
    "SubjectEvent",
    "SupporterChanged",
    "TaskClosed",
    "TaskDue",
    "TaskExcused",
    "TaskOverdue",
    "Withdrawn",
    "batches",
]
