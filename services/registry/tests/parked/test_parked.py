"""An administrator sees what is parked, never what is in it, and lets it go again."""

import pytest
from county import County
from kombu import Connection, Producer

from hongzhu import bus
from hongzhu.testing.databases import Configure
from hongzhu_registry.agencies.provision import declare_queue
from hongzhu_registry.database import database
from hongzhu_registry.parked import service

QUEUE, NAME = "agency.lawyers", "金丝雀"


def park(connection: Connection, message_id: str | None, topic: str) -> None:
    headers, properties = bus.envelope(message_id or "", topic)
    body = bus.body(f'{{"name": "{NAME}"}}')
    with connection.channel() as channel:
        producer = Producer(channel)
        if message_id is None:
            headers, properties = {}, {"content_type": "text/plain", "content_encoding": "utf-8"}
        producer.publish(body, exchange=bus.PARKED, routing_key=QUEUE, headers=headers, serializer=None, **properties)


def emptied(connection: Connection) -> None:
    with connection.channel() as channel:
        for queue in (bus.queue(QUEUE), bus.parked(QUEUE)):
            queue.bind(channel).purge()


def test_what_is_parked_is_listed_without_what_is_in_it_and_goes_again(
    sqlite_county: County, configure: Configure, broker_url: str
) -> None:
    configure(broker_url=broker_url)
    with bus.connect(broker_url) as connection:
        declare_queue(connection, "lawyers")
        emptied(connection)
        park(connection, "a", "task.due.v1")
        park(connection, "b", "task.due.v1")
        park(connection, f"{NAME} {NAME}", NAME)
        park(connection, None, "")
        answer = sqlite_county.ask("admin", "GET", f"/parked?queue={QUEUE}")
        found = {each["id"]: each for each in answer.json()["items"]}
        assert NAME not in answer.text
        assert len(found) == 3, "two that say nothing of themselves are the same by their bodies"
        assert {each["topic"] for each in found.values()} == {"task.due.v1", None}
        assert {"a", "b"} <= found.keys()

        for who in ("bureau", "lawyers", "auditor"):
            assert sqlite_county.ask(who, "POST", f"/parked/{QUEUE}/replay").status_code == 404
        one = sqlite_county.ask("admin", "POST", f"/parked/{QUEUE}/a/replay", Idempotency_Key="one")
        assert (one.status_code, one.json()) == (200, {"queue": QUEUE, "replayed": 1})
        again = sqlite_county.ask("admin", "POST", f"/parked/{QUEUE}/a/replay", Idempotency_Key="one")
        assert again.json() == one.json()
        assert bus.look_at(connection, QUEUE)[0] == 1
        assert sqlite_county.ask("admin", "POST", f"/parked/{QUEUE}/a/replay").status_code == 404
        assert sqlite_county.ask("admin", "POST", "/parked/nowhere/replay").status_code == 404
        assert sqlite_county.ask("admin", "POST", f"/parked/{QUEUE}/replay").json()["replayed"] == 3
        assert sqlite_county.get("admin", f"/parked?queue={QUEUE}")["items"] == []
        emptied(connection)


@pytest.mark.usefixtures("sqlite_county")
def test_the_queues_of_services_and_of_all_agencies_are_looked_into() -> None:
    with database.transaction() as session:
        found = service.queues(session)
    assert {"registry", "scheduler", "notifier", "agency.carers", "agency.lawyers"} == set(found)
