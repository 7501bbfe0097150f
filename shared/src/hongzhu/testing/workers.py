"""A fixture: a plugin's worker that needs no broker."""

from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, TypeAlias

import pytest

if TYPE_CHECKING:
    from hongzhu.plugin_worker import PluginWorker

MakeWorker: TypeAlias = "Callable[[ModuleType], PluginWorker]"


@pytest.fixture
def plugin_worker(monkeypatch: pytest.MonkeyPatch) -> MakeWorker:
    """Make the worker of a plugin, given its module; it leaves off where it would begin to listen to the broker."""
    from hongzhu.plugin_worker import PluginWorker

    monkeypatch.setattr("hongzhu.worker.run", lambda _app: None)

    def make(plugin: ModuleType) -> PluginWorker:
        return PluginWorker(plugin.agency().name, plugin)

    return make
