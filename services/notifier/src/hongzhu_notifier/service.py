"""The notifier: who is told, how, and once."""

from hongzhu.messages import ProgrammeChanged, TaskClosed, TaskDue
from hongzhu.service import Service, Tick
from hongzhu.settings import settings
from hongzhu_notifier import channels, consumers, ticks
from hongzhu_notifier.tables import database


def _check_channels() -> None:
    channels.installed(settings().channels)


service = Service(
    name="notifier",
    database=database,
    consumers={
        ProgrammeChanged: consumers.programme_changed,
        TaskClosed: consumers.task_closed,
        TaskDue: consumers.task_due,
    },
    ticks=(Tick("tell", 1, ticks.tell), Tick("forget_old", 3600, ticks.forget_old)),
    after_migrate=_check_channels,
)
