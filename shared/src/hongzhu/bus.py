"""The bus: one topic exchange, a queue for each consumer, a parked twin for what could not be handled.

The core declares; a plugin's worker only reads its own queue.  Settings and shapes follow what was measured with Celery 5.7
and RabbitMQ 3.10; docs/messages.md tells why.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from typing import Any

from celery import Celery
from kombu import Connection, Exchange, Producer, Queue
from kombu.exceptions import OperationalError

from hongzhu.bells import Bells
from hongzhu.errors import AwayError
from hongzhu.messages import TOPICS, Message

EXCHANGE = Exchange("hongzhu", type="topic", durable=True)
PARKED = Exchange("hongzhu.parked", type="direct", durable=True)
NOT_FOUND = 404
"""What the broker answers of a queue that is not there (AMQP 0-9-1, reply codes)."""
DELIVERY_LIMIT = 5
"""How often a message is tried again before it is parked."""
arrived = Bells()
"""Rung when something was put on queues of the memory broker, which itself wakes nobody."""

CELERY_SETTINGS: Mapping[str, Any] = {
    "accept_content": ["json"],
    "broker_connection_max_retries": None,
    "broker_connection_retry_on_startup": True,
    "broker_heartbeat": 0,
    "enable_utc": True,
    "task_acks_late": True,
    "task_acks_on_failure_or_timeout": False,
    "task_create_missing_queues": False,
    "task_default_queue_type": "quorum",
    "task_ignore_result": True,
    "task_reject_on_worker_lost": True,
    "worker_cancel_long_running_tasks_on_connection_loss": False,
    "worker_detect_quorum_queues": True,
    "worker_enable_remote_control": False,
    "worker_hijack_root_logger": False,
    "worker_prefetch_multiplier": 1,
    "worker_redirect_stdouts": False,
    "worker_send_task_events": False,
}


def connect(url: str) -> Connection:
    """Return a connection whose publishing waits for the broker's confirm, five seconds patient with a broker that is away.

    Without a confirm even a channel closed in good order loses now and then what it published last to a quorum queue.
    """
    options = {} if url.startswith("memory:") else {"confirm_publish": True}
    return Connection(url, connect_timeout=5, transport_options=options)


@contextmanager
def answering(url: str) -> Iterator[Connection]:
    """Open a connection for somebody who waits for the answer; raises `AwayError` soon when the broker is away."""
    with connect(url) as connection:
        away: tuple[type[BaseException], ...] = (OperationalError, *connection.connection_errors)
        try:
            connection.ensure_connection(max_retries=1, interval_start=0)
            yield connection
        except away as error:
            raise AwayError("The broker does not answer at the moment.") from error


def queue(name: str) -> Queue:
    """Describe a consumer's queue: quorum, bounded in tries, its dead letters kept in its parked twin."""
    return Queue(
        name,
        EXCHANGE,
        durable=True,
        queue_arguments={
            "x-queue-type": "quorum",
            "x-delivery-limit": DELIVERY_LIMIT,
            "x-dead-letter-exchange": PARKED.name,
            "x-dead-letter-routing-key": name,
            "x-dead-letter-strategy": "at-least-once",
            "x-overflow": "reject-publish",
        },
    )


def parked(name: str) -> Queue:
    """Describe the twin that holds what `name` could not handle, for as long as it takes."""
    # Each look at what is parked is a delivery, and RabbitMQ 4 drops after twenty of them unless told otherwise.
    arguments = {"x-queue-type": "quorum", "x-delivery-limit": 1_000_000_000}
    return Queue(f"{name}.parked", PARKED, routing_key=name, durable=True, queue_arguments=arguments)


def binding_keys(topics: Iterable[str], agency: str | None = None) -> list[str]:
    """Return the routing keys of `topics`: those of one agency, or everyone's."""
    return [f"{topic}.{agency or '*'}" if TOPICS[topic].addressed else topic for topic in topics]


def declare(connection: Connection, name: str, keys: Iterable[str]) -> None:
    """Declare the exchanges and one consumer's queue with its twin, and bind the queue to `keys`; safe to repeat."""
    with connection.channel() as channel:
        EXCHANGE.bind(channel).declare()
        PARKED.bind(channel).declare()
        parked(name).bind(channel).declare()
        own = queue(name).bind(channel)
        own.queue_declare()
        for key in keys:
            own.bind_to(EXCHANGE, routing_key=key)


def look_at(connection: Connection, name: str) -> tuple[int, int]:
    """Return how many messages wait in a consumer's queue, or a parked twin, and how many read it; it must be there."""
    with connection.channel() as channel:
        found: Any = queue(name).bind(channel).queue_declare(passive=True)
        return found.message_count, found.consumer_count


def clear(connection: Connection, name: str) -> None:
    """Throw away what waits in a consumer's queue, which must be there; its parked twin keeps what it has."""
    with connection.channel() as channel:
        queue(name).bind(channel).purge()


def envelope(message_id: str, topic: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return headers and properties that make a body a Celery task of the name `topic` (Celery message protocol 2)."""
    headers = {
        "lang": "py",
        "task": topic,
        "id": message_id,
        "root_id": message_id,
        "parent_id": None,
        "group": None,
        "retries": 0,
        "eta": None,
        "expires": None,
        "timelimit": [None, None],
        "argsrepr": "",
        "kwargsrepr": "",
        "ignore_result": True,
    }
    properties = {
        "content_type": "application/json",
        "content_encoding": "utf-8",
        "correlation_id": message_id,
        "message_id": message_id,
        "delivery_mode": 2,
    }
    return headers, properties


_BODY_TAIL = '],{},{"callbacks":null,"errbacks":null,"chain":null,"chord":null}]'


def body(payload: str) -> bytes:
    """Wrap a message's JSON as the body of a Celery task with that one argument."""
    return f"[[{payload}{_BODY_TAIL}".encode()


def publish(producer: Producer, message_id: str, topic: str, routing_key: str, payload: str) -> None:
    """Publish one message with kombu; used on the memory broker and for replaying, where no pipelining is needed."""
    headers, properties = envelope(message_id, topic)
    producer.publish(
        body(payload), exchange=EXCHANGE, routing_key=routing_key, headers=headers, serializer=None, **properties
    )


def payload_of(message: Message) -> str:
    """Return a message as the JSON that travels."""
    return message.model_dump_json(by_alias=True)


def parked_messages(connection: Connection, name: str, most: int | None = None) -> list[Any]:
    """Return the messages parked for a consumer, at most so many, which stay where they are; none when it has no queue."""
    try:
        with connection.channel() as channel:
            messages = list(islice(_take_parked(channel, name), most))
            for message in messages:
                message.requeue()
    except connection.channel_errors as error:
        if getattr(error, "reply_code", NOT_FOUND) != NOT_FOUND:  # to be refused is not to find nothing
            raise
        return []
    return messages


def parked_id(message: Any) -> str:
    """Return by what a parked message is told: its id, or where it has none that can be one, what is the same of its body."""
    found = message.headers.get("id") or message.properties.get("message_id")
    if isinstance(found, str) and re.fullmatch(r"[!-~]{1,100}", found):
        return found
    return hashlib.sha256(bytes(_body(message))).hexdigest()[:16]


def replay_parked(connection: Connection, name: str, message_id: str | None = None) -> int:
    """Put a consumer's parked messages, or one of them, back on its own queue; return how many."""
    count = 0
    with connection.channel() as channel:
        producer = Producer(channel)
        # All are taken before the first goes back, so that one which is parked again at once is not replayed again.
        for message in list(_take_parked(channel, name)):
            if message_id not in (None, parked_id(message)):
                message.requeue()
                continue
            # Through the default exchange to this queue alone: nobody else needs to hear it again.
            producer.publish(message.body, routing_key=name, serializer=None, **_as_it_came(message))
            message.ack()
            count += 1
    return count


def park(channel: Any, name: str, message: Any) -> None:
    """Put a message that `name` cannot handle into its parked twin, where the broker does not do it itself."""
    producer = Producer(channel)
    producer.publish(message.body, exchange=PARKED, routing_key=name, serializer=None, **_as_it_came(message))


def _take_parked(channel: Any, name: str) -> Iterator[Any]:
    # Not by kombu's own `get`, which trips over a message that says it is compressed and is not.
    while (raw := channel.basic_get(parked(name).name)) is not None:
        yield channel.message_to_python(raw)


def _body(message: Any) -> bytes:
    return message.body if isinstance(message.body, bytes) else str(message.body).encode()


def _as_it_came(message: Any) -> dict[str, Any]:
    kept = {name: message.properties[name] for name in ("correlation_id", "message_id") if name in message.properties}
    return {
        # What the broker wrote on it while it went round is not the message's own.
        "headers": {key: value for key, value in message.headers.items() if not key.startswith("x-")},
        "content_type": message.content_type,
        "content_encoding": message.content_encoding,
        "delivery_mode": 2,
        **kept,
    }


def celery_app(name: str, broker_url: str) -> Celery:
    """Make the Celery application of one consumer; it reads the queue `name` and declares nothing."""
    app = Celery(name, broker=broker_url, set_as_current=False, fixups=[])
    memory = broker_url.startswith("memory:")
    app.conf.update(
        CELERY_SETTINGS,
        broker_transport_options={} if memory else {"confirm_publish": True},
        task_default_queue=name,
        task_queues=[Queue(name, no_declare=True, queue_arguments={"x-queue-type": "quorum"})],
    )
    return app
