"""The AMQP 0-9-1 frames of a message (sections 2.3.5 and 4.2), made from a template: many times faster than one by one.

py-amqp encodes some twenty properties anew for each message; between two messages of one topic only the id differs.
"""

from functools import lru_cache
from struct import pack
from typing import Any

from amqp import Message as AMQPMessage

from hongzhu import bus

_METHOD, _HEADER, _BODY, _END = 1, 2, 3, b"\xce"
_BASIC, _PUBLISH, _MANDATORY = 60, 40, 1
_OVERHEAD = 8
_STAND_IN = "~stand~in~"


def published(channel: int, frame_max: int, *, message_id: str, topic: str, routing_key: str, payload: str) -> bytes:
    """Return the frames that publish a message to the bus, mandatory and persistent."""
    body = bus.body(payload)
    header = pack(">HHQ", _BASIC, 0, len(body)) + _properties(topic, message_id)
    largest = frame_max - _OVERHEAD
    parts = [body[start : start + largest] for start in range(0, len(body), largest)]
    return b"".join(
        [
            _frame(_METHOD, channel, _method(routing_key)),
            _frame(_HEADER, channel, header),
            *(_frame(_BODY, channel, part) for part in parts),
        ]
    )


def _frame(kind: int, channel: int, payload: bytes) -> bytes:
    return pack(">BHI", kind, channel, len(payload)) + payload + _END


@lru_cache(1000)
def _method(routing_key: str) -> bytes:
    exchange, key = bus.EXCHANGE.name.encode(), routing_key.encode()
    names = pack(f">B{len(exchange)}sB{len(key)}s", len(exchange), exchange, len(key), key)
    return pack(">HHH", _BASIC, _PUBLISH, 0) + names + pack(">B", _MANDATORY)


def _properties(topic: str, message_id: str) -> bytes:
    own_id = message_id.encode()
    if len(own_id) < len(_STAND_IN):  # too short to be told apart from what surrounds it
        return _encoded(topic, message_id)
    stand_in = _STAND_IN.ljust(len(own_id), "~")
    return _template(topic, stand_in).replace(stand_in.encode(), own_id)


@lru_cache(1000)
def _template(topic: str, stand_in: str) -> bytes:
    return _encoded(topic, stand_in)


def _encoded(topic: str, message_id: str) -> bytes:
    headers, properties = bus.envelope(message_id, topic)
    message: Any = AMQPMessage("", application_headers=headers, **properties)  # its stubs leave the method out
    encoded: bytes = message._serialize_properties()
    return encoded
