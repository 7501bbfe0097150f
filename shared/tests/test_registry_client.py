"""The registry's API as a plugin sees it: waits for a registry that is away, and does once what it is asked twice."""

from collections.abc import Callable, Iterator
from threading import Event
from typing import Any

import httpx
import pytest

from hongzhu.calendar import NOT_ANNOUNCED
from hongzhu.errors import (
    ConfigurationError,
    ConflictError,
    HongzhuError,
    InvalidError,
    MissingError,
    NotSignedInError,
    StaleError,
)
from hongzhu.messages import TaskDue
from hongzhu.period import task_id
from hongzhu.registry_client import RegistryClient
from hongzhu.testing.databases import Configure
from hongzhu.testing.examples import MONDAY


class Wire:
    """What a client sends, and what it is answered."""

    def __init__(self, *answers: Any) -> None:
        self.asked: list[httpx.Request] = []
        self._answers: Iterator[Any] = iter(answers)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = next(self._answers)
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, httpx.Response) else httpx.Response(200, json=answer)

    @property
    def keys(self) -> list[str]:
        return [request.headers["Idempotency-Key"] for request in self.asked]


@pytest.fixture
def client_of() -> Iterator[Callable[[Wire], RegistryClient]]:
    made = []

    def make(wire: Wire, stop: Event | None = None) -> RegistryClient:
        client = RegistryClient("http://registry", "secret", stop)
        client._http.close()
        client._http = httpx.Client(
            base_url="http://registry/api/v1", transport=httpx.MockTransport(wire), headers=client._http.headers
        )
        made.append(client)
        return client

    yield make
    for client in made:
        client.__exit__(None, None, None)


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Event, "wait", lambda self, _timeout=None: self.is_set())


def test_it_asks_under_its_token(client_of: Any) -> None:
    wire = Wire({"id": "c1"})
    assert client_of(wire).get("/children/c1", school_id="s1") == {"id": "c1"}
    assert str(wire.asked[0].url) == "http://registry/api/v1/children/c1?school_id=s1"
    assert wire.asked[0].headers["Authorization"] == "Bearer secret"


@pytest.mark.parametrize(
    "away", [httpx.ConnectError("no"), httpx.ReadTimeout("slow"), *(httpx.Response(n) for n in (429, 502, 503, 504))]
)
def test_a_registry_that_is_away_is_waited_for_and_asked_again_with_the_same_key(client_of: Any, away: Any) -> None:
    wire = Wire(away, away, {"id": "p1"})
    assert client_of(wire).post("/pairings", {"a": 1}) == {"id": "p1"}
    assert len(wire.asked) == 3
    assert len(set(wire.keys)) == 1


def test_whoever_is_told_to_stop_does_not_wait(client_of: Any) -> None:
    stop = Event()
    stop.set()
    with pytest.raises(ConfigurationError):
        client_of(Wire(httpx.ConnectError("no")), stop).get("/children")


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, NotSignedInError),
        (404, MissingError),
        (409, ConflictError),
        (412, StaleError),
        (422, InvalidError),
        (500, HongzhuError),
    ],
)
def test_an_error_is_raised_as_the_registry_raised_it(client_of: Any, status: int, error: type[HongzhuError]) -> None:
    told = {"title": "t", "detail": "the sentence {with} braces", "field": "kind", "status": status}
    with pytest.raises(error) as raised:
        client_of(Wire(httpx.Response(status, json=told))).get("/x")
    assert (str(raised.value), raised.value.field) == ("the sentence {with} braces", "kind")
    with pytest.raises(error):  # from somebody in between who does not speak JSON
        client_of(Wire(httpx.Response(status, text="<html>"))).get("/x")


def test_the_same_answer_to_the_same_cause_has_the_same_key_and_every_other_one_its_own(client_of: Any) -> None:
    wire = Wire(*[{}] * 8)
    client = client_of(wire)
    for cause, path, body in [
        ("m1/task_due", "/pairings", {"a": 1, "b": 2}),
        ("m1/task_due", "/pairings", {"b": 2, "a": 1}),
        ("m2/task_due", "/pairings", {"a": 1, "b": 2}),
        ("m1/task_closed", "/pairings", {"a": 1, "b": 2}),
        ("m1/task_due", "/records", {"a": 1, "b": 2}),
        ("m1/task_due", "/pairings", {"a": 1, "b": 3}),
    ]:
        with client.because_of(cause):
            client.post(path, body)
    # Outside of any cause, as from a command, each is an act of its own.
    client.post("/pairings", {"a": 1})
    client.post("/pairings", {"a": 1})
    assert wire.keys[0] == wire.keys[1]
    assert len(set(wire.keys)) == 7


def test_causes_nest_and_end(client_of: Any) -> None:
    wire = Wire(*[{}] * 3)
    client = client_of(wire)
    with client.because_of("outer"):
        client.post("/x", {})
        with client.because_of("inner"):
            client.post("/x", {})
        client.post("/x", {})
    assert wire.keys[0] == wire.keys[2] != wire.keys[1]


def test_a_list_is_read_page_by_page_to_its_end(client_of: Any) -> None:
    wire = Wire({"items": [{"id": 1}], "next": "1"}, {"items": [], "next": "2"}, {"items": [{"id": 3}], "next": None})
    assert list(client_of(wire).items("/children", school_id="s")) == [{"id": 1}, {"id": 3}]
    assert [dict(request.url.params) for request in wire.asked] == [
        {"school_id": "s", "limit": "200"},
        {"school_id": "s", "limit": "200", "cursor": "1"},
        {"school_id": "s", "limit": "200", "cursor": "2"},
    ]


def test_open_tasks_are_read_as_the_messages_that_announced_them(client_of: Any) -> None:
    window = {"period_start": "2020-11-23", "opens_on": "2020-11-23", "due_on": "2020-11-29", "grace_until": None}
    task = {"programme": "carers.talk", "version": 1, "period": "week:2020-11-23", "school_id": "s1", **window}
    tasks = [{**task, "id": f"t{n:03}", "subject_id": f"c{n:03}"} for n in range(150)]
    tasks += [{**task, "id": "other", "subject_id": "c000", "school_id": "s2"}]
    due, overdue = {"items": tasks[20:], "next": None}, {"items": tasks[:20], "next": None}
    wire = Wire(due, overdue)
    messages = list(client_of(wire).tasks_due("carers"))
    assert [request.url.params["state"] for request in wire.asked] == ["due", "overdue"]
    assert [(each.school_id, len(each.subjects)) for each in messages] == [("s1", 100), ("s1", 50), ("s2", 1)]
    assert len({each.id for each in messages}) == 3
    again = client_of(Wire(overdue, due)).tasks_due("carers")
    assert [each.id for each in again] == [each.id for each in messages]


def test_an_open_task_whose_day_is_not_announced_is_read_like_the_message_that_announced_it(client_of: Any) -> None:
    task = {"programme": "carers.camp", "version": 1, "period": "holiday:2021-summer", "period_start": str(MONDAY)}
    task |= {"id": "t1", "subject_id": "c1", "school_id": "s1", "opens_on": str(MONDAY)}
    wire = Wire({"items": [task | {"due_on": None, "grace_until": None}], "next": None}, {"items": [], "next": None})
    assert [each.due_on for each in client_of(wire).tasks_due("carers")] == [NOT_ANNOUNCED]


def test_what_is_still_owed_of_a_message_is_read_at_once_and_what_moved_away_by_itself(client_of: Any) -> None:
    week = {"programme": "carers.talk", "period": "week:2020-11-23", "period_start": MONDAY}
    message = TaskDue(**week, version=1, school_id="s1", subjects=("a", "b", "c"), opens_on=MONDAY, due_on=MONDAY)
    task = {each: task_id(message.programme, each, message.period) for each in message.subjects}
    listed = [{"id": task["a"], "state": "overdue"}, {"id": task["b"], "state": "done"}]
    # The ledger does not have the third yet, and then has it at another school.
    wire = Wire({"items": listed, "next": None}, httpx.Response(404, json={}), {"state": "due"})
    assert client_of(wire).still_owed(message) == ["a", "c"]
    assert [request.url.path for request in wire.asked[1:]] == [f"/api/v1/tasks/{task['c']}"] * 2


def test_a_registry_that_stays_away_is_told_of_once(client_of: Any, caplog: pytest.LogCaptureFixture) -> None:
    client_of(Wire(*[httpx.ConnectError("no")] * 30, {})).get("/children")
    assert caplog.messages == ["登记服务http://registry没有应答（ConnectError），正在等待。"]


def test_it_asks_in_the_language_of_its_installation(client_of: Any, configure: Configure) -> None:
    configure(language="en")
    wire = Wire({})
    client_of(wire).get("/children")
    assert wire.asked[0].headers["Accept-Language"] == "en"
