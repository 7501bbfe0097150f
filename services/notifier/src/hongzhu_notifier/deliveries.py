"""The delivery log, which is also the send lock: one row a recipient, channel and cause."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Literal, NamedTuple

from sqlalchemy import ColumnElement, and_, func, select, tuple_, update
from sqlalchemy.orm import Session

from hongzhu.clock import now
from hongzhu.database import upsert
from hongzhu.messages import NoticeLine, NoticeSettled
from hongzhu.outbox import publish
from hongzhu_notifier.tables import RESERVED, delivery, outbox

Outcome = Literal["sent", "failed", "maybe_sent"]

LEASE = timedelta(minutes=5)
"""How long a send may take before its process counts as dead: longer than every time-out of a channel together."""


class Reservation(NamedTuple):
    """The right to tell a recipient over a channel what there is to be told for one cause: a day's digest, an urgent task."""

    recipient_id: str
    channel: str
    cause: str
    day: date


def reserve(session: Session, wanted: Mapping[Reservation, Sequence[NoticeLine]]) -> set[Reservation]:
    """Take reservations, each with what is said; return those that nobody has or had."""
    if not wanted:
        return set()
    common = {"status": "reserved", "reserved_at": now()}
    rows = [
        {**reservation._asdict(), **common, "lines": [line.model_dump(mode="json") for line in lines]}
        for reservation, lines in sorted(wanted.items())  # in one order, so that nobody waits in a ring
    ]
    taken = upsert(session, delivery).values(rows).on_conflict_do_nothing()
    columns = [delivery.c[name] for name in Reservation._fields]
    return {Reservation(*row) for row in session.execute(taken.returning(*columns))}


def lately(session: Session, channel: str, recipients: Iterable[str], within: timedelta) -> int:
    """Count what was sent to these over a channel in the last while."""
    statement = select(func.count()).where(
        delivery.c.channel == channel,
        delivery.c.recipient_id.in_(list(recipients)),
        delivery.c.reserved_at > now() - within,
    )
    return session.scalar(statement) or 0


def renew(session: Session, reservation: Reservation) -> bool:
    """Begin the lease anew just before sending; false when the reservation was given up meanwhile."""
    result = session.execute(update(delivery).where(_open([reservation])).values(reserved_at=now()))
    return bool(result.rowcount)  # type: ignore[attr-defined]  # an UPDATE answers with a CursorResult


def settle(session: Session, reservations: Collection[Reservation], outcome: Outcome) -> None:
    """Write down the outcome and tell it to the bus, but of reservations that were given up meanwhile."""
    if reservations:
        _settle(session, outcome, _open(reservations))


def is_stale() -> ColumnElement[bool]:
    """Say in SQL whether there are reservations of processes that died."""
    return select(delivery).where(_stale()).exists()


def give_up_stale(session: Session) -> int:
    """Call the reservations of processes that died maybe sent: nobody knows how far they came."""
    return _settle(session, "maybe_sent", _stale())


def reached(session: Session, recipient_id: str, cause: str) -> bool:
    """Say whether what was to be told for a cause went to the recipient, may have, or still may, over any channel."""
    statement = select(delivery.c.channel).where(
        delivery.c.recipient_id == recipient_id, delivery.c.cause == cause, delivery.c.status != "failed"
    )
    return session.execute(statement.limit(1)).first() is not None


def counts(session: Session) -> list[tuple[date, str, str, int]]:
    """Count the log by day, channel and status, the newest day first."""
    by = delivery.c.day, delivery.c.channel, delivery.c.status
    statement = select(*by, func.count()).group_by(*by).order_by(by[0].desc(), *by[1:])
    return [(day, channel, status, count) for day, channel, status, count in session.execute(statement)]


def _stale() -> ColumnElement[bool]:
    return and_(RESERVED, delivery.c.reserved_at < now() - LEASE)


def _open(reservations: Collection[Reservation]) -> ColumnElement[bool]:
    """Choose where reservations stand in the log, as long as their outcome is open."""
    keys = [(each.recipient_id, each.channel, each.cause) for each in reservations]
    named = tuple_(delivery.c.recipient_id, delivery.c.channel, delivery.c.cause).in_(keys)
    return and_(named, RESERVED)


def _settle(session: Session, outcome: Outcome, which: ColumnElement[bool]) -> int:
    statement = (
        update(delivery)
        .where(which)
        .values(status=outcome, settled_at=now())
        .returning(delivery.c.recipient_id, delivery.c.channel, delivery.c.cause, delivery.c.day, delivery.c.lines)
    )
    settled = [
        NoticeSettled(
            id=f"{recipient_id}/{channel}/{cause}",
            recipient_id=recipient_id,
            channel=channel,
            day=day,
            outcome=outcome,
            urgent=cause != day.isoformat(),
            lines=tuple(NoticeLine.model_validate(line) for line in lines),
        )
        for recipient_id, channel, cause, day, lines in session.execute(statement)
    ]
    publish(session, outbox, settled)
    return len(settled)
