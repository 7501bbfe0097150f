"""A plugin hears every message that it has a hook for, each as an occasion of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import ModuleType
from typing import Any

import pytest

from hongzhu.agency import Agency
from hongzhu.errors import ConfigurationError
from hongzhu.hooks import hook
from hongzhu.i18n import ENGLISH, Text, language
from hongzhu.messages import TOPICS, TaskClosed, TaskDue, TaskOverdue
from hongzhu.plugin_worker import HEARD, PluginWorker
from hongzhu.testing.examples import MONDAY


class Registry:
    """A registry's client that remembers under which occasion it was asked."""

    def __init__(self) -> None:
        self.occasions: list[str] = []

    @contextmanager
    def because_of(self, occasion: str) -> Iterator[None]:
        self.occasions.append(occasion)
        yield


@pytest.fixture
def heard() -> list[str]:
    return []


@pytest.fixture
def plugin(heard: list[str]) -> ModuleType:
    made: Any = ModuleType("carers")

    @hook
    def agency() -> Agency:
        return Agency(name="carers", title=Text(zh="关爱会", en="Carers"))

    @hook
    def task_due(message: TaskDue) -> None:
        heard.append(message.topic)

    @hook
    def task_overdue(message: TaskOverdue, registry: Registry) -> None:
        assert registry.occasions
        heard.append(f"{message.topic} {message.step} {message.to}")

    @hook
    def task_closed(message: TaskClosed) -> None:
        heard.append(message.topic)

    made.agency, made.task_due, made.task_overdue, made.task_closed = agency, task_due, task_overdue, task_closed
    return made  # type: ignore[no-any-return]


def test_an_agency_without_a_hook_does_nothing_about_what_it_hears(plugin: Any) -> None:
    assert PluginWorker("carers", plugin).acts
    del plugin.task_due, plugin.task_overdue, plugin.task_closed
    assert not PluginWorker("carers", plugin).acts


def test_each_message_calls_its_hook_and_each_step_is_an_occasion_of_its_own(
    plugin: ModuleType, heard: list[str]
) -> None:
    task: dict[str, Any] = {"programme": "carers.talk", "period": "week:2020-11-23", "school_id": "s1"}
    task |= {"subjects": ("c1",), "period_start": MONDAY}
    sunday = MONDAY + timedelta(days=6)
    due = TaskDue(**task, version=1, opens_on=MONDAY, due_on=sunday)
    steps = [TaskOverdue(**task, version=1, due_on=sunday, step=step, to="bureau") for step in (1, 2)]
    closed = TaskClosed(**task, state="missed")
    registry: Any = Registry()
    worker = PluginWorker("carers", plugin)
    for message in (due, *steps, steps[0], closed):
        worker._call(registry, message)
    assert heard == [
        "task.due.v1",
        "task.overdue.v1 1 bureau",
        "task.overdue.v1 2 bureau",
        "task.overdue.v1 1 bureau",
        "task.closed.v1",
    ]
    assert len(set(registry.occasions)) == 4, "the same step again is the same occasion"


def test_every_message_that_is_addressed_to_an_agency_is_heard() -> None:
    assert set(HEARD) == {each for each in TOPICS.values() if each.addressed}


class Core:
    """A registry that knows its caller by the token, and answers what is declared."""

    def __init__(self, whose: str, *catalogue: dict[str, Any]) -> None:
        self.whose, self.catalogue = whose, catalogue

    def get(self, _path: str) -> dict[str, Any]:
        return {"agency": self.whose}

    def put(self, path: str, _body: dict[str, Any]) -> dict[str, Any]:
        return {"code": path.rpartition("/")[2], "status": "proposed"}

    def items(self, _path: str) -> tuple[dict[str, Any], ...]:
        return self.catalogue


def test_a_start_that_went_well_is_told_in_one_line_and_what_runs_undeclared_in_another(
    plugin: ModuleType, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "hongzhu.plugin_worker")
    row = {"agency": "carers", "status": "approved", "declared_at": "2020-11-01T00:00:00Z"}
    others = {**row, "agency": "others", "code": "others.talk"}, {**row, "code": "carers.added", "declared_at": None}
    registry: Any = Core("carers", {**row, "code": "carers.old"}, *others)
    language.set(ENGLISH)
    PluginWorker("carers", plugin)._introduce(registry)
    assert caplog.messages == [
        "carers.old runs on and is no longer declared; the bureau may suspend it.",
        "carers: 0 programmes declared, 0 wait for approval; it listens now.",
    ]


def test_a_token_of_another_agency_is_named(plugin: ModuleType) -> None:
    registry: Any = Core("police")
    language.set(ENGLISH)
    with pytest.raises(ConfigurationError, match="a token of police, and this is the plugin of carers"):
        PluginWorker("carers", plugin)._introduce(registry)
