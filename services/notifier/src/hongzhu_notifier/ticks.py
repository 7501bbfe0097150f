"""The rounds: what is urgent is told at once, and once a day, when it is time, everybody what else there is, each in one digest."""

import logging
from collections.abc import Iterable, Sequence
from datetime import date, time, timedelta
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from hongzhu import clock
from hongzhu.database import take_turns
from hongzhu.i18n import language
from hongzhu.messages import batches
from hongzhu.registry_client import RegistryClient
from hongzhu.settings import settings
from hongzhu_notifier import channels, deliveries, recipients, waiting
from hongzhu_notifier.channels import Channel, SendFailedError
from hongzhu_notifier.deliveries import Outcome, Reservation
from hongzhu_notifier.digest import Digest, Owed, Recipient, at_once, digests, of_group
from hongzhu_notifier.tables import database

log = logging.getLogger(__name__)

_ONE_DAY = timedelta(days=1)
_PLACES_AT_ONCE = 40
"""Places whose waiting rows one statement reads."""


class Sending(NamedTuple):
    """A notice that is reserved and is now to be sent."""

    digest: Digest
    channel: Channel
    tells: tuple[Owed, ...]
    """What is told by it, and has to be another time if it certainly does not go out."""


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


def forget_told() -> None:
    """Keep the table of what is owed small."""
    with database.transaction() as session:
        waiting.forget_told(session)


def _round(today: date, *, urgent: bool) -> None:
    with database.transaction() as session:
        is_time = urgent or waiting.settled(session, today)
        places = waiting.places(session, today, urgent=urgent) if is_time else []
    if not places:
        return
    language.set(settings().language)
    ways = channels.installed(settings().channels)
    with recipients.registry() as registry:
        for some in batches(places, _PLACES_AT_ONCE):
            with database.reading() as session:
                found = waiting.of_places(session, some, today, urgent=urgent)
            for place, asked in found.items():
                for sending in _reserve(registry, place, asked, today, ways, urgent=urgent):
                    _send(sending, today)


def _reserve(
    registry: RegistryClient, place: str, asked: Sequence[Owed], today: date, ways: Sequence[Channel], *, urgent: bool
) -> list[Sending]:
    told = recipients.ask(registry, place, asked)  # no transaction is open while the registry is asked
    people, groups = [way for way in ways if not way.group], [way for way in ways if way.group and not urgent]
    group = Recipient(place, None, settings().public_url or settings().registry_url)
    with database.transaction() as session:
        if not _their_turn(session, groups, group):
            return []  # what is owed here waits as it is
        # Under the lock shows what was closed meanwhile, or told by another notifier.
        owed = set(asked).intersection(waiting.of_places(session, [place], today, urgent=urgent, lock=True)[place])
        wanted: list[Sending] = []
        waits: set[Owed] = set()
        for digest in at_once(owed, told) if urgent else digests(owed, told, today):
            if _their_turn(session, people, digest.recipient, wanted):
                wanted += [Sending(digest, way, digest.owed) for way in people if way.reaches(digest.recipient)]
            else:
                waits.update(digest.owed)
        # Whoever is told themselves is told by that: the group only hears how much it is.
        nobodys = tuple(owed - waits - _told_by(wanted))
        for digest in of_group(owed, group, today) if groups else ():
            wanted += [Sending(digest, way, nobodys) for way in groups if way.reaches(group)]
        free = deliveries.reserve(session, {_reservation(each, today): each.digest.lines for each in wanted})
        reserved = [each for each in wanted if _reservation(each, today) in free]
        said = _told_by(reserved)
        waiting.mark_told(session, said)
        kept = [_reservation(each, today) for each in reserved if not each.channel.external]
        deliveries.settle(session, kept, "sent")
        # Nobody to tell, no way to reach them, or they had today's digest before.
        _later(session, owed - waits - said, today, urgent=urgent)
    return [each for each in reserved if each.channel.external]


def _told_by(sendings: Iterable[Sending]) -> set[Owed]:
    return {each for sending in sendings for each in sending.tells}


def _their_turn(
    session: Session, ways: Iterable[Channel], recipient: Recipient, about_to: Sequence[Sending] = ()
) -> bool:
    """Say whether none of the ways that reach a recipient would be told more than it takes, after what it is about to be told."""
    for way in ways:
        if way.limits and way.reaches(recipient):
            take_turns(session, f"the limits of {way.name}")
            sharing = way.sharing(recipient)
            soon = sum(each.channel is way and each.digest.recipient.recipient_id in sharing for each in about_to)
            if any(
                soon + deliveries.lately(session, way.name, sharing, each.within) >= each.most for each in way.limits
            ):
                return False
    return True


def _send(sending: Sending, today: date) -> None:
    digest, reservation = sending.digest, _reservation(sending, today)
    with database.transaction() as session:
        if not deliveries.renew(session, reservation):
            return
    outcome = _outcome(sending)
    with database.transaction() as session:
        deliveries.settle(session, [reservation], outcome)
        if not deliveries.reached(session, digest.recipient.recipient_id, digest.cause):
            _later(session, sending.tells, today, urgent=digest.urgent, state="told")


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
    digest, channel, _ = sending
    return Reservation(digest.recipient.recipient_id, channel.name, digest.cause, today)
