"""The delivery log, which is also the send lock: one row a recipient, channel and cause."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Literal, NamedTuple

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from hongzhu.clock import now
from hongzhu.database import upsert
from hongzhu.messages import NoticeLine, NoticeSettled
from hongzhu.outbox import publish
from hongzhu_notifier.tables import delivery, outbox

Outcome = Literal["sent", "failed", "maybe_sent"]

LEASE = timedelta(minutes=5)
"""How long a send may take before its process counts as dead: longer than every time-out of a channel together."""


class Reservation(NamedTuple):
    """The right to tell a recipient over a channel what there is to be told for one cause: a day's digest, an urgent task."""

    recipient_id: str
    channel: str
    cause: str
    day: date

    @property
    def row(self) -> ColumnElement[bool]:
        """Where it stands in the log, as long as its outcome is open."""
        return (
            (delivery.c.recipient_id == self.recipient_id)
            & (delivery.c.channel == self.channel)
            & (delivery.c.cause == self.cause)
            & (delivery.c.status == "reserved")
        )


def reserve(session: Session, reservation: Reservation, lines: Iterable[NoticeLine]) -> bool:
    """Take a reservation; false when someone has or had it."""
    row = {
        **reservation._asdict(),
        "status": "reserved",
        "reserved_at": now(),
        "lines": [line.model_dump(mode="json") for line in lines],
    }
    result = session.execute(upsert(session, delivery).values(row).on_conflict_do_nothing())
    return bool(result.rowcount)  # type: ignore[attr-defined]  # an INSERT answers with a CursorResult


def renew(session: Session, reservation: Reservation) -> bool:
    """Begin the lease anew just before sending; false when the reservation was given up meanwhile."""
    result = session.execute(update(delivery).where(reservation.row).values(reserved_at=now()))
    return bool(result.rowcount)  # type: ignore[attr-defined]  # as above


def settle(session: Session, reservation: Reservation, outcome: Outcome) -> None:
    """Write down the outcome and tell it to the bus, unless the reservation was given up meanwhile."""
    _settle(session, outcome, reservation.row)


def give_up_stale(session: Session) -> int:
    """Call the reservations of processes that died maybe sent: nobody knows how far they came."""
    return _settle(session, "maybe_sent", (delivery.c.status == "reserved") & (delivery.c.reserved_at < now() - LEASE))


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
