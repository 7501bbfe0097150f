"""Every message on the bus, one class a topic."""

from hongzhu.messages.base import BATCH, TOPICS, Message, batches
from hongzhu.messages.calendar import CalendarChanged
from hongzhu.messages.child import ChildChanged
from hongzhu.messages.event import Happened, SubjectEvent
from hongzhu.messages.evidence import Evidence, EvidenceFiled
from hongzhu.messages.notice import NoticeLine, NoticeSettled
from hongzhu.messages.programme import ProgrammeChanged
from hongzhu.messages.school import SchoolChanged
from hongzhu.messages.task import TaskClosed, TaskDue

__all__ = [
    "BATCH",
    "TOPICS",
    "CalendarChanged",
    "ChildChanged",
    "Evidence",
    "EvidenceFiled",
    "Happened",
    "Message",
    "NoticeLine",
    "NoticeSettled",
    "ProgrammeChanged",
    "SchoolChanged",
    "SubjectEvent",
    "TaskClosed",
    "TaskDue",
    "batches",
]
