"""An agency gone bad: what its broker account can do to the others, tried one by one on the wire."""

import socket
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import NamedTuple
from urllib.parse import urlsplit

from amqp import Channel, Connection, Message
from amqp.exceptions import AMQPError, NotAllowed

EXCHANGE = "hongzhu"
SERVICES = ("registry", "scheduler", "notifier")

Try = Callable[[Channel], object]


def _published(channel: Channel, exchange: str, key: str, message: Message | None = None) -> None:
    # Waits for the broker's word: without it a refusal would come too late to be seen.
    channel.basic_publish_confirm(message or Message("{}"), exchange, key)


def against_itself(own: str) -> Mapping[str, Try]:
    """Return what an agency must not do with its own queue, nor to the bus."""
    topic = f"task.due.v1.{own.removeprefix('agency.')}"
    return {
        "take from its own parked twin": lambda c: c.basic_get(f"{own}.parked"),
        "speak on the bus": lambda c: _published(c, EXCHANGE, topic),
        "slip a message into its own queue": lambda c: _published(c, "", own),
        "declare a queue": lambda c: c.queue_declare("agency.spy", durable=True, auto_delete=False),
        "declare a nameless queue": lambda c: c.queue_declare(exclusive=True),
        "declare an exchange": lambda c: c.exchange_declare("spy", "fanout"),
        "hear more than its own topics": lambda c: c.queue_bind(own, EXCHANGE, "#"),
        "cut its queue off the bus": lambda c: c.queue_unbind(own, EXCHANGE, topic),
        "bind an exchange to the bus": lambda c: c.exchange_bind("amq.topic", EXCHANGE, "#"),
        "delete its own queue": lambda c: c.queue_delete(own),
        "delete the exchange": lambda c: c.exchange_delete(EXCHANGE),
    }


def against_other(own: str, other: str) -> Mapping[str, Try]:
    """Return what an agency must not do to another agency, or to a service."""
    topic = f"task.due.v1.{other.removeprefix('agency.')}"
    copied = Message("{}", application_headers={"CC": [other], "BCC": [f"{other}.parked"]})
    return {
        f"read the queue {other}": lambda c: c.basic_consume(other),
        f"take one message from {other}": lambda c: c.basic_get(other),
        f"take from {other}.parked": lambda c: c.basic_get(f"{other}.parked"),
        f"speak on the bus to {other}": lambda c: _published(c, EXCHANGE, topic),
        f"slip a message into {other}": lambda c: _published(c, "", other),
        f"speak with copies to {other}": lambda c: _published(c, EXCHANGE, f"task.due.v1.{own}", copied),
        f"park a message for {other}": lambda c: _published(c, "hongzhu.parked", other),
        f"hear {other}'s topics": lambda c: c.queue_bind(own, EXCHANGE, topic),
        f"cut {other} off the bus": lambda c: c.queue_unbind(other, EXCHANGE, topic),
        f"delete {other}": lambda c: c.queue_delete(other),
        f"empty {other}": lambda c: c.queue_purge(other),
        f"empty {other}.parked": lambda c: c.queue_purge(f"{other}.parked"),
    }


class Outcome(NamedTuple):
    """What the broker let pass, by name; the rest was denied."""

    tried: int
    allowed: list[str]

    def __str__(self) -> str:
        return f"tried={self.tried} denied={self.tried - len(self.allowed)}"

    def __add__(self, other: object) -> "Outcome":
        assert isinstance(other, Outcome)
        return Outcome(self.tried + other.tried, self.allowed + other.allowed)


def attack(
    url: str, own: str, others: Iterable[str], vhosts: Iterable[str] = ("/",), services: Iterable[str] = SERVICES
) -> Outcome:
    """Try everything with the account in `url` of the agency `own`, each on a connection of its own.

    It is tried against itself, against each of the agencies `others`, the services, and to enter other virtual hosts.
    """
    home = urlsplit(url).path.removeprefix("/")
    queue = f"agency.{own}"
    tries: dict[tuple[str, str], Try] = {(home, name): each for name, each in against_itself(queue).items()}
    for other in (*(f"agency.{each}" for each in others), *services):
        tries |= {(home, name): each for name, each in against_other(queue, other).items()}
    tries |= {(vhost, "enter"): lambda c: None for vhost in vhosts}
    allowed = [
        f"{own}: {name} {vhost}" for (vhost, name), hostile in tries.items() if not _refused(url, vhost, hostile)
    ]
    return Outcome(len(tries), allowed)


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
