"""Two times: the domain's day, which a demo or a rehearsal may set, and real time, which nobody may.

The offset between them is a file in the installation's home, so that every process stands on the same day.
"""

from datetime import UTC, date, datetime, timedelta

from hongzhu.settings import settings

FILE = "clock-offset-days"
"""Where the offset is kept, in HONGZHU_HOME."""


def now() -> datetime:
    """Return real UTC time, for security, audit, leases and expiry."""
    return datetime.now(UTC)


def offset() -> timedelta:
    """Return how far the domain's day is from the real one."""
    try:
        return timedelta(days=int((settings().home / FILE).read_text()))
    except FileNotFoundError:
        return timedelta()


def local_now() -> datetime:
    """Return the domain's day with the real time of day, in the installation's zone."""
    return now().astimezone(settings().zone) + offset()


def today() -> date:
    """Return the domain's day."""
    return local_now().date()


def stand_on(day: date) -> None:
    """Make `day` the domain's day from now on, for every process of this installation."""
    settings().home.mkdir(parents=True, exist_ok=True)
    days = (day - now().astimezone(settings().zone).date()).days
    temporary = settings().home / f".{FILE}"
    temporary.write_text(str(days))
    temporary.replace(settings().home / FILE)
