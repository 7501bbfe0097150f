"""The rounds: what is urgent is told at once, and once a day, when it is time, everybody what else there is, each in one digest."""

import logging
from collections.abc import Iterable, Sequence
from datetime import date, time, timedelta
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from hongzhu import clock
from hongzhu.i18n import language
from hongzhu.registry_client import RegistryClient
from hongzhu.settings import settings
from hongzhu_notifier import channels, deliveries, recipients, waiting
from hongzhu_notifier.channels import Channel, SendFailedError
from hongzhu_notifier.deliveries import Outcome, Reservation
from hongzhu_notifier.digest import Digest, Owed, at_once, digests
from hongzhu_notifier.tables import database

log = logging.getLogger(__name__)

_ONE_DAY = timedelta(days=1)


class Sending(NamedTuple):
    """A notice that is reserved and is now to be sent."""

    digest: Digest
    channel: Channel


def tell() -> None:
    """Tell at once what is urgent, and the rest if it is time and nothing more is coming in; settle what dead processes left.

    Where there is nothing to do, one statement finds out.
    """
    moment = clock.local_now()
    today, is_time = moment.date(), moment.time() >= time.fromisoformat(settings().digest_at)
    with database.reading() as session:
        stale, urgent, rest = session.execute(
            select(deliveries.is_stale(), waiting.is_there(today, urgent=True), waiting.is_there(today, urgent=False))
        ).one()
    if stale:
        with database.transaction() as session:
            given_up = deliveries.give_up_stale(session)
        log.warning("%d digests may have been sent or not: their process died", given_up)
    if urgent:
        _round(today, urgent=True)
    if rest and is_time:
        _round(today, urgent=False)


def forget_old() -> None:
    """Keep the table of what is owed small."""
    with database.transaction() as session:
        waiting.forget_old(session)


def _round(today: date, *, urgent: bool) -> None:
    with database.transaction() as session:
        is_time = urgent or waiting.settled(session, today)
        places = waiting.places(session, today, urgent=urgent) if is_time else []
    if not places:
        return
    language.set(settings().language)
    ways = channels.installed(settings().channels)
    with recipients.registry() as registry:
        for place in places:
            for sending in _reserve(registry, place, today, ways, urgent=urgent):
                _send(sending, today)


def _reserve(
    registry: RegistryClient, place: str, today: date, ways: Sequence[Channel], *, urgent: bool
) -> list[Sending]:
    with database.transaction() as session:
        asked = waiting.of_place(session, place, today, urgent=urgent)
    told = recipients.ask(registry, place, asked)  # no transaction is open while the registry is asked
    with database.transaction() as session:
        # Under the lock shows what was closed meanwhile, or told by another notifier.
        owed = set(asked).intersection(waiting.of_place(session, place, today, urgent=urgent, lock=True))
        made = at_once(owed, told) if urgent else digests(owed, told, today)
        wanted = [Sending(digest, way) for digest in made for way in ways if way.reaches(digest.recipient)]
        free = deliveries.reserve(session, {_reservation(each, today): each.digest.lines for each in wanted})
        reserved = [each for each in wanted if _reservation(each, today) in free]
        said = {each for sending in reserved for each in sending.digest.owed}
        waiting.mark_told(session, said)
        kept = [_reservation(each, today) for each in reserved if not each.channel.external]
        deliveries.settle(session, kept, "sent")
        # Nobody to tell, no way to reach them, or they had today's digest before.
        _later(session, owed - said, today, urgent=urgent)
    return [each for each in reserved if each.channel.external]


def _send(sending: Sending, today: date) -> None:
    digest, reservation = sending.digest, _reservation(sending, today)
    with database.transaction() as session:
        if not deliveries.renew(session, reservation):
            return
    outcome = _outcome(sending)
    with database.transaction() as session:
        deliveries.settle(session, [reservation], outcome)
        if not deliveries.reached(session, digest.recipient.recipient_id, digest.cause):
            _later(session, digest.owed, today, urgent=digest.urgent, state="told")


def _later(session: Session, rows: Iterable[Owed], today: date, *, urgent: bool, state: str = "waiting") -> None:
    if urgent:
        waiting.try_again(session, rows, state=state)
    else:
        waiting.put_off(session, rows, today + _ONE_DAY, state=state)


def _outcome(sending: Sending) -> Outcome:
    try:
        sending.channel.send(sending.digest, sending.digest.recipient)
    except SendFailedError as error:
        log.warning("%s: %s", sending.channel.name, error)
        return "failed"
    except Exception as error:  # whatever else went wrong in a channel, it may have sent by then
        log.warning("%s: a digest may have been sent or not: %s", sending.channel.name, type(error).__name__)
        return "maybe_sent"
    return "sent"


def _reservation(sending: Sending, today: date) -> Reservation:
    digest, channel = sending
    return Reservation(digest.recipient.recipient_id, channel.name, digest.cause, today)
