"""Every topic travels: as JSON, as the body of a Celery task, to whom it is addressed, and never with a name in it."""

import json
from datetime import date
from typing import Any

import pytest
from celery.worker.request import Request
from hypothesis import given
from hypothesis import strategies as st
from kombu.message import Message as KombuMessage
from pydantic import ValidationError

from hongzhu import bus
from hongzhu.facts import AgencyFacts, CityFacts, FacilityFacts
from hongzhu.messages import (
    BATCH,
    TOPICS,
    CalendarChanged,
    ChildChanged,
    Evidence,
    EvidenceFiled,
    EvidenceWithdrawn,
    Excuse,
    Happened,
    Message,
    NoticeLine,
    NoticeSettled,
    OfficeChanged,
    ProgrammeChanged,
    SchoolChanged,
    SubjectEvent,
    SupporterChanged,
    TaskClosed,
    TaskDue,
    TaskExcused,
    TaskOverdue,
    Withdrawn,
    batches,
)
from hongzhu.task_state import Window
from hongzhu.testing.examples import CALENDAR, MONDAY, child, programme, school

TASK: dict[str, Any] = {
    "programme": "carers.talk",
    "period": "week:2020-11-23",
    "school_id": "s",
    "subjects": ("c1", "c2"),
}
OFFICE: dict[str, Any] = {"version": 1, "school_id": "city", "entered_on": MONDAY, "present": True}
EXAMPLES: list[Message] = [
    CalendarChanged(version=2, calendar=CALENDAR),
    ChildChanged(children=(child("c1", boarding=True), child("c2"))),
    EvidenceFiled(evidence=(Evidence(id="e", kind="talk", subject_id="c1", done_on=MONDAY),)),
    EvidenceWithdrawn(evidence=(Withdrawn(id="e", kind="talk", subject_id="c1", version=2),)),
    TaskExcused(excuses=(Excuse(id="x", subject_id="c1", first=MONDAY),)),
    NoticeSettled(
        recipient_id="t",
        channel="smtp",
        day=MONDAY,
        outcome="sent",
        urgent=False,
        lines=(NoticeLine(programme="carers.talk", period="week:2020-11-23", count=2, due_on=MONDAY),),
    ),
    ProgrammeChanged(version=1, programme=programme(), effective_from=MONDAY, suspended=True, because="m1"),
    SchoolChanged(schools=(school("s", urban=True),)),
    OfficeChanged(
        agencies=(AgencyFacts(**OFFICE, id="carers", places_short=True),),
        cities=(CityFacts(**OFFICE, id="city", sites_missing=False, has_leading_group=True),),
        facilities=(FacilityFacts(**OFFICE, id="home", kind="swallow_home", built=True),),
    ),
    SubjectEvent(
        event="drop-2020-11-23",
        kind="assessment_drop",
        occurred_on=MONDAY,
        subjects=(Happened(subject_id="c1", amount=16.5), Happened(subject_id="c2")),
    ),
    SupporterChanged(agency="carers"),
    TaskClosed(**TASK, period_start=MONDAY, state="late"),
    TaskDue(**TASK, version=1, period_start=MONDAY, opens_on=MONDAY, due_on=MONDAY),
    TaskOverdue(**TASK, version=1, period_start=MONDAY, due_on=MONDAY, step=1, to="bureau"),
]
EACH = pytest.mark.parametrize("message", EXAMPLES, ids=lambda message: str(message.topic))


def test_every_topic_is_tried_here() -> None:
    assert {message.topic for message in EXAMPLES} == set(TOPICS)
    assert {topic: type(message) for message in EXAMPLES for topic in [message.topic]} == TOPICS


@EACH
def test_a_message_is_the_same_after_it_has_travelled(message: Message) -> None:
    assert type(message).model_validate_json(bus.payload_of(message)) == message
    assert type(message).model_validate(json.loads(bus.payload_of(message))) == message


@EACH
def test_a_messages_body_is_a_task_of_the_topics_name_for_celery_itself(message: Message) -> None:
    app = bus.celery_app("test", "memory://localhost/")

    @app.task(name=message.topic, shared=False)
    def handle(payload: Any) -> None:
        raise AssertionError

    headers, properties = bus.envelope(message.id, message.topic)
    came = KombuMessage(
        bus.body(bus.payload_of(message)),
        headers=headers,
        properties=properties,
        delivery_info={},
        accept={"application/json"},
        content_type=properties["content_type"],
        content_encoding=properties["content_encoding"],
    )
    request = Request(came, app=app, task=handle)
    args, kwargs, embed = request._payload
    assert (request.task_name, request.id, kwargs) == (message.topic, message.id, {})
    assert [type(message).model_validate(each) for each in args] == [message]
    assert set(embed.values()) == {None}
    assert request.eta is None
    assert properties["delivery_mode"] == 2


@EACH
def test_what_a_message_does_not_know_is_refused(message: Message) -> None:
    payload = json.loads(bus.payload_of(message))
    with pytest.raises(ValidationError):
        type(message).model_validate({**payload, "surprise": 1})
    for name in [
        each for each in payload if each not in ("id", "occurred_at", "because", "suspended", "changes", "grace_until")
    ]:
        with pytest.raises(ValidationError):
            type(message).model_validate({key: value for key, value in payload.items() if key != name})


@EACH
def test_a_message_is_never_changed(message: Message) -> None:
    with pytest.raises(ValidationError):
        message.id = "other"  # type: ignore[misc]


@EACH
def test_a_message_goes_to_its_topic_and_an_addressed_one_to_its_agency(message: Message) -> None:
    addressed = message.topic.startswith(("supporter.", "task.")) and message.topic != "task.excused.v1"
    assert message.routing_key == message.topic + (".carers" if addressed else "")
    [everyones] = bus.binding_keys([message.topic])
    [the_carers] = bus.binding_keys([message.topic], "carers")
    assert everyones == message.topic + (".*" if addressed else "")
    assert the_carers == message.routing_key


def test_each_message_has_an_id_of_its_own_and_the_hour_it_was_said() -> None:
    one, other = (ChildChanged(children=()) for _ in range(2))
    assert one.id != other.id
    assert one.occurred_at.utcoffset() is not None


def test_a_task_message_knows_its_window() -> None:
    due = TaskDue(**TASK, version=1, period_start=MONDAY, opens_on=MONDAY, due_on=MONDAY, grace_until=date(2020, 12, 6))
    assert due.window == Window(MONDAY, MONDAY, date(2020, 12, 6))
    assert due.agency == "carers"


@given(st.integers(0, 350))
def test_batches_hold_everything_once_in_order_and_fit_into_messages(number: int) -> None:
    cut = list(batches(range(number)))
    assert [each for part in cut for each in part] == list(range(number))
    assert all(0 < len(part) <= BATCH for part in cut)
    assert len(cut) == -(-number // BATCH)


def test_no_message_is_larger_than_a_batch() -> None:
    with pytest.raises(ValidationError):
        ChildChanged(children=tuple(child(str(n)) for n in range(BATCH + 1)))
    with pytest.raises(ValidationError):
        TaskDue(
            **TASK | {"subjects": tuple(map(str, range(BATCH + 1)))},
            version=1,
            period_start=MONDAY,
            opens_on=MONDAY,
            due_on=MONDAY,
        )


def test_two_messages_never_claim_one_topic() -> None:
    with pytest.raises(AssertionError, match="two messages claim"):

        class Imposter(Message):
            topic = "child.changed.v1"

    assert TOPICS["child.changed.v1"] is ChildChanged
