"""An agency gone bad: what its broker account can do to the others, tried one by one on the wire."""

import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import NamedTuple
from urllib.parse import urlsplit

from amqp import Channel, Connection, Message
from amqp.exceptions import AMQPError, NotAllowed

OWN, OTHER, SERVICE = "agency.legal_aid", "agency.education_bureau", "scheduler"
EXCHANGE = "hongzhu"

Try = Callable[[Channel], object]


def _with_copy(channel: Channel) -> None:
    headers = {"CC": [OTHER], "BCC": [SERVICE]}
    _published(channel, EXCHANGE, "task.due.v1.legal_aid", Message("{}", application_headers=headers))


def _published(channel: Channel, exchange: str, key: str, message: Message | None = None) -> None:
    # Waits for the broker's word: without it a refusal would come too late to be seen.
    channel.basic_publish_confirm(message or Message("{}"), exchange, key)


HOSTILE: Mapping[str, Try] = {
    "read another agency's queue": lambda c: c.basic_consume(OTHER),
    "take one message from another agency's queue": lambda c: c.basic_get(OTHER),
    "read a service's queue": lambda c: c.basic_consume(SERVICE),
    "take from its own parked twin": lambda c: c.basic_get(f"{OWN}.parked"),
    "take from another's parked twin": lambda c: c.basic_get(f"{OTHER}.parked"),
    "speak on the bus": lambda c: _published(c, EXCHANGE, "task.due.v1.education_bureau"),
    "slip a message into another's queue": lambda c: _published(c, "", OTHER),
    "slip a message into its own queue": lambda c: _published(c, "", OWN),
    "speak with copies to others": _with_copy,
    "park a message of its own making": lambda c: _published(c, "hongzhu.parked", SERVICE),
    "declare a queue": lambda c: c.queue_declare("agency.spy", durable=True, auto_delete=False),
    "declare a nameless queue": lambda c: c.queue_declare(exclusive=True),
    "declare an exchange": lambda c: c.exchange_declare("spy", "fanout"),
    "hear more than its own topics": lambda c: c.queue_bind(OWN, EXCHANGE, "#"),
    "cut its queue off the bus": lambda c: c.queue_unbind(OWN, EXCHANGE, "task.due.v1.legal_aid"),
    "cut another's queue off the bus": lambda c: c.queue_unbind(OTHER, EXCHANGE, "task.due.v1.education_bureau"),
    "bind an exchange to the bus": lambda c: c.exchange_bind("amq.topic", EXCHANGE, "#"),
    "delete its own queue": lambda c: c.queue_delete(OWN),
    "delete another's queue": lambda c: c.queue_delete(OTHER),
    "delete the exchange": lambda c: c.exchange_delete(EXCHANGE),
    "empty another's queue": lambda c: c.queue_purge(OTHER),
    "empty a service's queue": lambda c: c.queue_purge(SERVICE),
}
"""Tried with the account of the agency legal_aid."""


class Outcome(NamedTuple):
    """What the broker let pass, by name; the rest was denied."""

    tried: int
    allowed: list[str]

    def __str__(self) -> str:
        return f"tried={self.tried} denied={self.tried - len(self.allowed)}"


def attack(url: str, vhosts: tuple[str, ...] = ("/",)) -> Outcome:
    """Try everything with the account in `url`, each on a connection of its own; also to enter other virtual hosts."""
    own = urlsplit(url).path.removeprefix("/")
    allowed = [name for name, hostile in HOSTILE.items() if not _refused(url, own, hostile)]
    allowed += [f"enter {vhost}" for vhost in vhosts if not _refused(url, vhost, lambda c: None)]
    return Outcome(len(HOSTILE) + len(vhosts), allowed)


def _refused(url: str, vhost: str, hostile: Try) -> bool:
    where = urlsplit(url)
    connection = Connection(
        f"{where.hostname}:{where.port}", where.username or "", where.password or "", virtual_host=vhost,
        connect_timeout=10, read_timeout=10,
    )  # fmt: skip
    try:
        connection.connect()
        hostile(connection.channel())
    except AMQPError as error:
        # 403 for what an account may not do, 530 for a virtual host it may not enter; all else is no refusal.
        if error.reply_code in (403, 530) or isinstance(error, NotAllowed):
            return True
        raise
    finally:
        with suppress(AMQPError, OSError, socket.timeout):
            connection.close()
    return False
