"""The notifier: who is told, how, and once."""

from hongzhu.clock import today
from hongzhu.messages import ProgrammeChanged, TaskClosed, TaskDue, TaskOverdue
from hongzhu.service import Service, Tick
from hongzhu.settings import settings
from hongzhu_notifier import channels, consumers, ticks, waiting
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
        TaskOverdue: consumers.task_overdue,
    },
    ticks=(Tick("tell", 1, ticks.tell), Tick("forget-told", 3600, ticks.forget_told)),
    busy=lambda session: waiting.is_left(session, today()),
    after_migrate=_check_channels,
)
