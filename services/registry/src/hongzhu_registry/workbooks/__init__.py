"""Workbooks read: any county's rosters and records in, typed rows out."""

from .reasons import Finding, Language, Reason, UnreadableWorkbook, say
from .rows import (
    Activity,
    AnyRow,
    Attendance,
    CalendarEntry,
    Child,
    Document,
    Enrolment,
    Facility,
    Guardian,
    Leader,
    Parent,
    Record,
    Referral,
    School,
    Score,
    Source,
    Staff,
    Subsidy,
    Supporter,
)
from .sandbox import Opened
from .sheet import Sheet
from .titles import Title
from .workbook import Workbook, opened, read, understood

__all__ = [
    "Activity",
    "AnyRow",
    "Attendance",
    "CalendarEntry",
    "Child",
    "Document",
    "Enrolment",
    "Facility",
    "Finding",
    "Guardian",
    "Language",
    "Leader",
    "Opened",
    "Parent",
    "Reason",
    "Record",
    "Referral",
    "School",
    "Score",
    "Sheet",
    "Source",
    "Staff",
    "Subsidy",
    "Supporter",
    "Title",
    "UnreadableWorkbook",
    "Workbook",
    "opened",
    "read",
    "say",
    "understood",
]
