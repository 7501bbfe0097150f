"""The scheduler as a service: what it listens to and what it does by the clock."""

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from hongzhu.clock import today
from hongzhu.messages import (
    CalendarChanged,
    ChildChanged,
    EvidenceFiled,
    EvidenceWithdrawn,
    OfficeChanged,
    ProgrammeChanged,
    SchoolChanged,
    SubjectEvent,
    TaskExcused,
)
from hongzhu.service import Service, Tick
from hongzhu_scheduler import consumers
from hongzhu_scheduler.closing import close_missed, is_over
from hongzhu_scheduler.escalating import escalate, is_waiting
from hongzhu_scheduler.lapsing import hold_all, is_ruled_anew
from hongzhu_scheduler.ledger import ledger
from hongzhu_scheduler.models import database
from hongzhu_scheduler.planner import is_left, plan


def tick() -> None:
    """Hold what is open against what rules, issue what has fallen due, close what is over, say what is overdue.

    Where there is nothing to do, one statement finds out.
    """
    day = today()
    with database.reading() as session:
        asked = select(is_ruled_anew(day), is_left(day), is_over(day), is_waiting(day))
        ruled_anew, left, over, waiting = session.execute(asked).one()
    if ruled_anew:
        hold_all(database, day)
    try:
        if left:
            plan(database, day)
    finally:  # what could not be planned holds up nothing else
        if left or over:  # what is planned late may be over by then
            close_missed(database, day)
        if left or waiting:
            escalate(database, day)


def is_busy(session: Session) -> bool:
    """Say whether the tick finds something to do today."""
    day = today()
    return bool(session.scalar(select(or_(is_ruled_anew(day), is_left(day), is_over(day), is_waiting(day)))))


service = Service(
    name="scheduler",
    database=database,
    consumers={
        ChildChanged: consumers.child_changed,
        SchoolChanged: consumers.school_changed,
        OfficeChanged: consumers.office_changed,
        ProgrammeChanged: consumers.programme_changed,
        CalendarChanged: consumers.calendar_changed,
        EvidenceFiled: consumers.evidence_filed,
        EvidenceWithdrawn: consumers.evidence_withdrawn,
        TaskExcused: consumers.task_excused,
        SubjectEvent: consumers.subject_event,
    },
    ticks=(Tick("plan", 0.5, tick),),
    ledger=ledger,
    busy=is_busy,
)
