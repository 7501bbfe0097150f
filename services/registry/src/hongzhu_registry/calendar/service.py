"""The bureau announces its calendar; the scheduler hears of it."""

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from hongzhu.calendar import SchoolCalendar
from hongzhu.database import take_turns
from hongzhu.messages import CalendarChanged
from hongzhu_registry.calendar.models import CalendarVersion
from hongzhu_registry.calendar.rules import must_hold_together
from hongzhu_registry.database import publish


def latest(session: Session) -> CalendarVersion | None:
    """Return the calendar as it was last announced."""
    return session.scalar(select(CalendarVersion).order_by(CalendarVersion.version.desc()).limit(1))


def announce(session: Session, calendar: SchoolCalendar) -> bool:
    """Keep a calendar and say it on the bus; false when it is the one there is.  Raises `InvalidError` for one that cannot be."""
    must_hold_together(calendar)
    take_turns(session, "calendar")
    before = latest(session)
    content = calendar.model_dump(mode="json")
    if before is not None and before.calendar == content:
        return False
    session.add(CalendarVersion(version=before.version + 1 if before else 1, calendar=content))
    session.flush()
    announce_again(session)
    return True


def announce_again(session: Session) -> None:
    """Say the calendar, if there is one, on the bus."""
    version = latest(session)
    if version is not None:
        calendar = SchoolCalendar.model_validate(version.calendar)
        publish(session, CalendarChanged(version=version.version, calendar=calendar))


def current(session: Session) -> SchoolCalendar | None:
    """Return the calendar as people ask it questions, if there is one."""
    version = latest(session)
    return SchoolCalendar.model_validate(version.calendar) if version else None


def term_start(session: Session, day: date) -> date:
    """Return the first day of the term that `day` is in, or `day` itself outside terms."""
    version = latest(session)
    term = SchoolCalendar.model_validate(version.calendar).term_of(day) if version else None
    return term.first if term else day
