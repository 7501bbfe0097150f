"""One consumer's Celery worker, with the habits that lose nothing: acknowledged after the commit, parked if it cannot be.

It runs in a thread of the embedded process or alone in a process of its own; either way with one solo pool, and with no
right on the broker but to read its queue.
"""

import json
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, ClassVar, NoReturn

from celery import Celery, Task
from celery.bootsteps import RUN  # type: ignore[attr-defined]  # celery's stubs lack it
from celery.exceptions import Reject
from celery.platforms import EX_FAILURE
from celery.utils.collections import LimitedSet
from celery.worker import WorkController, state
from celery.worker.consumer import Consumer
from kombu import Producer
from pydantic import ValidationError

from hongzhu import bus
from hongzhu.errors import PoisonError
from hongzhu.messages import Message

log = logging.getLogger(__name__)
# Celery prints a rejected task's exception with its text, which may quote a dossier; we log only the kind of error.
logging.getLogger("celery.app.trace").setLevel(logging.CRITICAL)
logging.getLogger("celery.pool").setLevel(logging.INFO)  # at DEBUG it prints whole messages

Handler = Callable[[Message], None]

RETRY_PAUSE = 0.2
"""Seconds before a failed message is given back: enough for a passing fault, too short to hold the queue up."""


PATIENCE = 0.25
"""Seconds in which a worker with nothing to do notices that it is to stop."""


def _listen(
    consumer: Consumer, connection: Any, reader: Any, blueprint: Any, _hub: None, qos: Any, *_: Any, **__: Any
) -> None:
    """Take message after message until told to stop: Celery's blocking loop, which takes four seconds for that."""
    reader.on_message = consumer.create_task_handler()
    reader.consume()
    consumer.on_ready()
    with _waiting_for(connection, in_memory=_in_memory(consumer.app)) as take_one:
        while blueprint.state == RUN and consumer.connection:
            state.maybe_shutdown()
            if qos.prev != qos.value:
                qos.update()
            consumer.perform_pending_operations()
            take_one()


@contextmanager
def _waiting_for(connection: Any, *, in_memory: bool) -> Iterator[Callable[[], None]]:
    """Give what takes one message, or returns when none has come for a while."""

    def from_broker() -> None:
        with suppress(TimeoutError):
            connection.drain_events(timeout=PATIENCE)

    def from_memory() -> None:
        # The memory broker wakes nobody: kombu would look a hundred times a second, in every thread.
        try:
            connection.drain_events(timeout=0)
        except TimeoutError:
            bell.wait(PATIENCE)
            bell.clear()

    if not in_memory:
        yield from_broker
        return
    with bus.arrived.hanging() as bell:
        yield from_memory


class _Forgetting(LimitedSet):
    """What Celery remembers of messages that went well: nothing.

    Nobody asks it, and it is one for all workers of a process, though no two threads may write into it at once.
    """

    def add(self, item: object, now: float | None = None) -> None:
        """Forget it."""


state.successful_requests = _Forgetting()


class QuietConsumer(Consumer):
    """A Celery consumer that declares nothing and never prints or drops what it cannot read."""

    loop = staticmethod(_listen)

    class Blueprint(Consumer.Blueprint):  # type: ignore[valid-type,misc]  # Celery's stubs call it a variable
        """Only the steps that an account with one right, reading its own queue, can take."""

        default_steps: ClassVar = [
            "celery.worker.consumer.connection:Connection",
            "celery.worker.consumer.events:Events",
            "celery.worker.consumer.tasks:Tasks",
            "celery.worker.consumer.consumer:Evloop",
        ]

    def create_task_handler(self, *args: Any, **kwargs: Any) -> Callable[[Any], None]:
        """Look at each message before Celery does, which trips over a body that is not shaped like a task."""
        handle = super().create_task_handler(*args, **kwargs)

        def on_message(message: Any) -> None:
            if _is_task(message):
                handle(message)
            else:
                log.error("%s: parked a message that is no task of ours", self.app.main)
                park(self.app, message)

        return on_message

    def on_unknown_task(self, body: object, message: Any, exc: Exception) -> None:  # noqa: ARG002  # celery's signature
        """Park a topic that this consumer does not know; Celery itself would print the whole body."""
        log.error("%s: parked a message of an unknown topic", self.app.main)
        park(self.app, message)

    def on_decode_error(self, message: Any, exc: Exception) -> None:  # noqa: ARG002  # celery's signature
        """Park a message that cannot even be unpacked; Celery would print and drop it."""
        log.error("%s: parked a message that cannot be unpacked", self.app.main)
        park(self.app, message)

    def on_invalid_task(self, body: object, message: Any, exc: Exception) -> None:  # noqa: ARG002  # celery's signature
        """Park a message whose headers Celery cannot read; it would print the body of this one too."""
        log.error("%s: parked a message with headers that are no task's", self.app.main)
        park(self.app, message)


def _is_task(message: Any) -> bool:
    """Say whether a message is what `bus.envelope` and `bus.body` make: a task with one argument, which is an object."""
    try:
        arguments, options, _embedded = message.payload
    except Exception:  # whatever it is that cannot be decoded, it is no task
        return False
    named = all(isinstance(message.headers.get(name), str) for name in ("task", "id"))
    # One that has run out Celery drops, and one for later it keeps in hand: ours are said when they are due.
    at_once = all(message.headers.get(name) is None for name in ("eta", "expires"))
    one = isinstance(arguments, list) and len(arguments) == 1 and isinstance(arguments[0], dict)
    return named and at_once and one and options == {}


def park(app: Celery, message: Any) -> None:
    """Refuse a message for good: RabbitMQ moves it to the parked twin, on the memory broker we do."""
    if _in_memory(app):
        bus.park(message.channel, app.main, message)
    message.reject()


def _in_memory(app: Celery) -> bool:
    return str(app.conf.broker_url).startswith("memory:")


class _Topic(Task):  # type: ignore[type-arg]  # celery's Task is generic only in stubs
    """Handles one topic: a message that fails is given back until the delivery limit parks it."""

    abstract = True
    message_class: type[Message]
    handler: Callable[..., None]
    tries: Counter[str]

    def run(self, payload: Mapping[str, Any]) -> None:
        """Validate and handle one message."""
        tried = str(self.request.id)
        try:
            message = self.message_class.model_validate(payload)
            type(self).handler(message)
        except (ValidationError, PoisonError) as error:
            log.error("%s: parked %s: %s", self.app.main, self.name, type(error).__name__)
            self._give_up(payload, error)
        except Exception as error:
            # Only the kind of error is logged: its text may quote what the message or the database holds.
            log.warning("%s: %s failed, to be tried again: %s", self.app.main, self.name, type(error).__name__)
            if _in_memory(self.app):  # RabbitMQ counts deliveries itself, across processes; the memory broker does not
                self.tries[tried] += 1
                if self.tries[tried] > bus.DELIVERY_LIMIT:
                    self._give_up(payload, error)
            time.sleep(RETRY_PAUSE)
            raise Reject(error, requeue=True) from error
        self.tries.pop(tried, None)

    def _give_up(self, payload: Mapping[str, Any], error: Exception) -> NoReturn:
        self.tries.pop(str(self.request.id), None)
        if _in_memory(self.app):
            headers, properties = bus.envelope(str(self.request.id), self.name)
            with self.app.connection_for_write() as connection:
                Producer(connection.channel(), exchange=bus.PARKED, routing_key=self.app.main).publish(
                    bus.body(json.dumps(payload)), headers=headers, serializer=None, **properties
                )
        raise Reject(error, requeue=False) from error


def make_app(name: str, broker_url: str, handlers: Mapping[type[Message], Handler]) -> Celery:
    """Make the Celery application that reads the queue `name` and hands each topic to its handler."""
    app = bus.celery_app(name, broker_url)
    tries: Counter[str] = Counter()
    for message_class, handler in handlers.items():
        attributes = {
            "name": message_class.topic,
            "message_class": message_class,
            "handler": staticmethod(handler),
            "tries": tries,
            "__module__": __name__,
        }
        app.register_task(type("Topic", (_Topic,), attributes)())
    app.finalize()
    return app


def run(app: Celery) -> None:
    """Work until `stop` is called; returns when the worker has let its connection go, raises when it broke down."""
    app.set_current()  # Celery finds the application of a running task by thread
    controller = WorkController(
        app=app,
        pool_cls="solo",
        concurrency=1,
        hostname=f"{app.main}@hongzhu",
        consumer_cls=QuietConsumer,
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
        use_eventloop=False,  # it is one for the whole process, and would hand messages to other threads' workers
    )
    controller.start()
    if controller.exitcode == EX_FAILURE:  # Celery has said why, and would leave the queue unread for good
        raise RuntimeError(f"the worker of {app.main} broke down")


def stop() -> None:
    """Ask every worker of this process to stop after the message in hand."""
    state.should_stop = 0  # type: ignore[assignment]  # an exit status or None, as Celery's own signal handlers set it


def stopping() -> bool:
    """Say whether the workers of this process have been asked to stop."""
    return state.should_stop is not None


def resume() -> None:
    """Let workers of this process work again after a `stop`."""
    state.should_stop = None
