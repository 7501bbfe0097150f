"""The hooks an agency's plugin may implement.  Implementing one is subscribing: nothing else is to be configured."""

from typing import TYPE_CHECKING

import pluggy

from hongzhu.agency import Agency
from hongzhu.messages import TaskClosed, TaskDue, TaskOverdue
from hongzhu.programme import Programme

if TYPE_CHECKING:
    from hongzhu.registry_client import RegistryClient

hookspec = pluggy.HookspecMarker("hongzhu")
hook = pluggy.HookimplMarker("hongzhu")
"""Write ``@hook`` over a function of the same name as a hook below to implement it."""


@hookspec(firstresult=True)
def agency() -> Agency:  # type: ignore[empty-body]  # pluggy calls the implementations, never the specification
    """Say who you are: your name in code and your titles as people write them."""


@hookspec
def programmes() -> list[Programme]:  # type: ignore[empty-body]  # as above
    """Declare the programmes you run; the bureau approves each before anything falls due."""


@hookspec
def task_due(message: TaskDue, registry: "RegistryClient") -> None:
    """Your tasks fell due.  May be called again for the same tasks: answer through the registry, which drops what it has."""


@hookspec
def task_overdue(message: TaskOverdue, registry: "RegistryClient") -> None:
    """Your tasks are past their day: `message.step` of your programme's escalation has come, which tells `message.to`."""


@hookspec
def task_closed(message: TaskClosed, registry: "RegistryClient") -> None:
    """Your tasks came to their end."""
