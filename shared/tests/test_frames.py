from types import SimpleNamespace

import pytest
from amqp import Message
from amqp.method_framing import frame_writer
from amqp.serialization import dumps

from hongzhu import bus
from hongzhu.frames import published


def by_py_amqp(channel, frame_max, message_id, topic, routing_key, payload):
    """The same message as py-amqp itself puts it on the wire."""
    sent = []
    transport = SimpleNamespace(write=lambda data: sent.append(bytes(data)))
    headers, properties = bus.envelope(message_id, topic)
    message = Message(bus.body(payload), application_headers=headers, **properties)
    arguments = dumps("Bssbb", (0, bus.EXCHANGE.name, routing_key, True, False))
    connection = SimpleNamespace(frame_max=frame_max, transport=transport, bytes_sent=0)
    frame_writer(connection, transport)(1, channel, (60, 40), arguments, message)
    return b"".join(sent)


@pytest.mark.parametrize(
    "message_id", ["1", "~", "0a2089619d676adb6eafd733a6ddb7f0.s1.0", "红烛" * 6, "~stand~in~", "x" * 100]
)
@pytest.mark.parametrize("payload", ["{}", '{"subjects": ["红"]}', "x" * 300_000], ids=["empty", "small", "large"])
def test_ready_made_frames_are_what_py_amqp_writes(message_id, payload):
    arguments = {
        "message_id": message_id,
        "topic": "task.due.v1",
        "routing_key": "task.due.v1.police",
        "payload": payload,
    }
    assert published(3, 131072, **arguments) == by_py_amqp(3, 131072, **arguments)
