"""``/calendar``: terms, holidays, make-up days and schools' exceptions."""

from typing import Any

from hongzhu.calendar import SchoolCalendar
from hongzhu.errors import MissingError
from hongzhu_registry.calendar import service
from hongzhu_registry.rest import Asking, InTransaction, Router

router = Router(prefix="/calendar", tags=["calendar"])


@router.get("")
def show_calendar(session: InTransaction, principal: Asking) -> dict[str, Any]:
    """Show the calendar as it was last announced."""
    principal.must_see("calendar_version")
    version = service.latest(session)
    if version is None:
        raise MissingError
    return {"version": version.version, **version.calendar}


@router.put("")
def announce_calendar(session: InTransaction, principal: Asking, calendar: SchoolCalendar) -> dict[str, Any]:
    """Announce a calendar (bureau)."""
    principal.must_be("bureau")
    service.announce(session, calendar)
    return show_calendar(session, principal)
