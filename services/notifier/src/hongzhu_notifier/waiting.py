"""What is waiting to be told: the rows of `owed` that the day's digest may hold."""

from collections.abc import Collection, Iterable
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, delete, exists, func, or_, select, update
from sqlalchemy.orm import Session

from hongzhu.clock import now
from hongzhu.database import among
from hongzhu.i18n import Text
from hongzhu.settings import settings
from hongzhu_notifier.digest import Owed
from hongzhu_notifier.tables import WAITING, owed, programme

SETTLE = timedelta(seconds=2)
"""How long nothing new may have come before digests are made, so that one day's tasks are in one digest."""

RETRY = timedelta(minutes=5)
"""How long what cannot wait waits all the same when it could not be told: nobody there, or nothing went out."""

KEPT = timedelta(days=90)
"""How long a row outlives its being told or closed: far longer than a message can be late."""


def settled(session: Session, today: date) -> bool:
    """Say whether the tasks to be told today have stopped coming in."""
    fresh = select(owed.c.programme).where(_ready(today), owed.c.noted_at > now() - SETTLE / settings().pace)
    return not session.scalar(select(exists(fresh)))


def is_left(session: Session, today: date) -> bool:
    """Say whether anything is still to be told today."""
    return bool(session.scalar(select(or_(*(is_there(today, urgent=each) for each in (True, False))))))


def is_there(today: date, *, urgent: bool) -> ColumnElement[bool]:
    """Say in SQL whether anything is to be told today, or at once."""
    return _to_tell(select(owed.c.place), today, urgent=urgent).exists()


def places(session: Session, today: date, *, urgent: bool = False) -> list[str]:
    """Name the places with something to be told today, in no order: so notifiers rarely meet, and a school that the
    registry cannot answer for does not hold up the others for ever."""
    named = _to_tell(select(owed.c.place), today, urgent=urgent).group_by(owed.c.place).order_by(func.random())
    return list(session.scalars(named))


def of_places(
    session: Session, places: Collection[str], today: date, *, urgent: bool = False, lock: bool = False
) -> dict[str, list[Owed]]:
    """Read what is to be told today, or at once, in some places; `lock` keeps everyone else from telling or closing it
    meanwhile."""
    columns = owed, programme.c.name_zh, programme.c.name_en, _ASSIGNEE.label("tell")
    statement = _to_tell(select(*columns), today, urgent=urgent).where(among(session, owed.c.place, places))
    statement = statement.order_by(*owed.primary_key.columns)
    if lock:
        # This waits for the other notifier rather than skip what it has locked: two that split a school between them
        # would each tell a teacher half of the day's tasks.
        statement = statement.with_for_update(of=owed)
    found: dict[str, list[Owed]] = {each: [] for each in places}
    for row in session.execute(statement):
        found[row.place].append(
            Owed(
                programme=row.programme,
                period=row.period,
                subject_id=row.subject_id,
                due_on=row.due_on or row.tell_on,
                name=Text(zh=row.name_zh, en=row.name_en),
                assignee=row.tell,
                step=row.step,
                passed=row.passed,
                tries=row.tries,
            )
        )
    return found


def mark_told(session: Session, rows: Iterable[Owed]) -> None:
    """Note that these are told, or about to be: no other digest holds them."""
    _change(session, rows, "waiting", {"state": "told"})


def put_off(session: Session, rows: Iterable[Owed], day: date, *, state: str = "waiting") -> None:
    """Leave these, waiting or told in vain, to the digest of `day`."""
    _change(session, rows, state, {"state": "waiting", "tell_on": day})


def try_again(session: Session, rows: Iterable[Owed], *, state: str = "waiting") -> None:
    """Leave these, which cannot wait for a digest, for another try in a while."""
    _change(session, rows, state, {"state": "waiting", "tries": owed.c.tries + 1, "noted_at": now()})


def forget_told(session: Session) -> None:
    """Drop rows that were told or closed so long ago that no message about them can still come."""
    session.execute(delete(owed).where(owed.c.state != "waiting", owed.c.noted_at < now() - KEPT))


_ASSIGNEE = func.coalesce(owed.c.assignee, programme.c.assignee)


def _to_tell(asked: Select[Any], today: date, *, urgent: bool) -> Select[Any]:
    of_programme = asked.join(programme, programme.c.code == owed.c.programme)
    return of_programme.where(_ready(today), _told(urgent))


def _told(urgent: bool) -> ColumnElement[bool]:
    """Say whether it is told at once, and if so whether it is time; or in the digest.  Agencies are not told here at all."""
    # An agency's programme has rows only when they came before the word that it is one: they are about to be dropped.
    at_once = programme.c.urgent & ~owed.c.passed
    time = (owed.c.tries == 0) | (owed.c.noted_at < now() - RETRY / settings().pace)
    return (_ASSIGNEE != "agency") & (at_once & time if urgent else ~at_once)


def _ready(today: date) -> ColumnElement[bool]:
    return WAITING & (owed.c.tell_on <= today)


def _change(session: Session, rows: Iterable[Owed], state: str, values: dict[str, object]) -> None:
    keys = [{f"key_{key.name}": getattr(row, key.name) for key in owed.primary_key.columns} for row in rows]
    if keys:
        which = [key == bindparam(f"key_{key.name}") for key in owed.primary_key.columns]
        session.connection().execute(update(owed).where(*which, owed.c.state == state).values(values), keys)
