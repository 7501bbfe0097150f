"""The one worker that serves every agency's plugin: reads the agency's own queue and calls the plugin's hooks.

It needs two things of the outside, the broker and the registry's API, and one right on the broker, to read its own queue.
"""

import logging
from collections.abc import Callable, Mapping
from functools import partial
from threading import Event
from types import ModuleType

import pluggy

from hongzhu import hooks, worker
from hongzhu.agency import Agency
from hongzhu.errors import ConfigurationError, HongzhuError, NotSignedInError
from hongzhu.i18n import _
from hongzhu.messages import Message, SupporterChanged, TaskClosed, TaskDue, TaskOverdue
from hongzhu.programme import Programme
from hongzhu.registry_client import RegistryClient, token_of
from hongzhu.settings import settings

log = logging.getLogger(__name__)

HOOKS_BY_TOPIC: Mapping[type[Message], str] = {
    TaskDue: "task_due",
    TaskOverdue: "task_overdue",
    TaskClosed: "task_closed",
}
"""Which hook each message calls: implementing the hook is all there is to subscribing."""
HEARD: tuple[type[Message], ...] = (*HOOKS_BY_TOPIC, SupporterChanged)
"""Everything that is addressed to an agency.  Of its supporters it hears so that `task_due` is called again for whoever waits."""


TRY_AGAIN = 5.0
"""Seconds between attempts to begin when the registry refuses."""


class PluginWorker:
    """One agency's plugin at work."""

    web = None

    def __init__(self, name: str, plugin: ModuleType) -> None:
        self.name = name
        self._plugin = pluggy.PluginManager("hongzhu")
        self._plugin.add_hookspecs(hooks)
        self._plugin.register(plugin, name)
        self._plugin.check_pending()

    @property
    def queue(self) -> str:
        """The agency's own queue."""
        return f"agency.{self.name}"

    def queues(self) -> list[str]:
        """Name its queue."""
        return [self.queue]

    def agency(self) -> Agency:
        """Return who the agency says it is."""
        return Agency.model_validate(self._plugin.hook.agency())

    def programmes(self) -> list[Programme]:
        """Return what the agency declares."""
        return [programme for declared in self._plugin.hook.programmes() for programme in declared]

    @property
    def acts(self) -> bool:
        """Whether it does anything about what it hears."""
        return any(getattr(self._plugin.hook, hook).get_hookimpls() for hook in HOOKS_BY_TOPIC.values())

    def migrate(self) -> None:
        """Need nothing: the core provisions an agency (`hongzhu agency add`)."""

    def count_tasks(self) -> None:
        """Keep no tasks: the registry's ledger is the truth."""

    def count_unheard(self) -> int:
        """Say nothing on the bus."""
        return 0

    def threads(self, stop: Event) -> list[Callable[[], None]]:
        """Return the worker, which first makes itself known and catches up."""
        return [partial(self._work, stop)]

    def _work(self, stop: Event) -> None:
        with RegistryClient(settings().registry_url, token_of(f"agency-{self.name}"), stop) as registry:
            self._begin(registry, stop)
            if not stop.is_set():
                handlers = {message: partial(self._handle, registry, stop) for message in HEARD}
                worker.run(worker.make_app(self.queue, settings().broker_url, handlers))

    def _begin(self, registry: RegistryClient, stop: Event) -> None:
        while not stop.is_set():
            try:
                self._introduce(registry)
                self._catch_up(registry)
            except HongzhuError as error:
                # A token that has ended or a programme that is refused is mended by people, and needs no restart here.
                log.error("%s cannot start yet: %s", self.name, error)
                stop.wait(TRY_AGAIN)
            else:
                return

    def _introduce(self, registry: RegistryClient) -> None:
        agency, whose = self.agency(), registry.get("/accounts/me")["agency"]
        if whose != agency.name:
            raise ConfigurationError(
                "HONGZHU_API_TOKEN is a token of {whose}, and this is the plugin of {name}: give it the token of its own env file.",
                whose=whose,
                name=agency.name,
            )
        registry.put(f"/agencies/{agency.name}", agency.model_dump(mode="json"))
        declared = [
            registry.put(f"/programmes/{programme.code}", programme.model_dump(mode="json", by_alias=True))
            for programme in self.programmes()
        ]
        codes = {each["code"] for each in declared}
        for each in registry.items("/programmes"):
            if (
                each["agency"] == agency.name
                and each["declared_at"]
                and each["status"] == "approved"
                and each["code"] not in codes
            ):
                log.warning(
                    _("{code} runs on and is no longer declared; the bureau may suspend it.", code=each["code"])
                )
        log.info(
            _(
                "{name}: {declared} programmes declared, {waiting} wait for approval; it listens now.",
                name=self.name,
                declared=len(declared),
                waiting=sum(each["status"] == "proposed" for each in declared),
            )
        )

    def _catch_up(self, registry: RegistryClient) -> None:
        # What came due while the agency was away is in the ledger, which is the truth; the queue may hold it too.
        for message in registry.tasks_due(self.name):
            try:
                self._call(registry, message)
            except Exception as error:  # the queue is worth reading whatever became of one old task
                log.warning("%s could not catch up with %s: %s", self.name, message.programme, type(error).__name__)

    def _serve_who_waits(self, registry: RegistryClient) -> None:
        # What the agency itself has to do, and could not as long as nobody was free to do it.
        for programme in self.programmes():
            if programme.assignee == "agency":
                for message in registry.tasks_due(self.name, programme.code):
                    self._call(registry, message)

    def _handle(
        self, registry: RegistryClient, stop: Event, message: TaskDue | TaskOverdue | TaskClosed | SupporterChanged
    ) -> None:
        while True:
            try:
                if isinstance(message, SupporterChanged):
                    self._serve_who_waits(registry)
                else:
                    self._call(registry, message)
            except NotSignedInError as error:
                # A suspended agency is let in again by people: its message is kept in hand and the others in the queue,
                # rather than all of them being tried until they are parked.
                log.error("%s is not let in, and waits: %s", self.name, error)
                if stop.wait(TRY_AGAIN):
                    raise
            else:
                return

    def _call(self, registry: RegistryClient, message: TaskDue | TaskOverdue | TaskClosed) -> None:
        hook = HOOKS_BY_TOPIC[type(message)]
        occasion = f"{hook}-{message.step}" if isinstance(message, TaskOverdue) else hook
        # The occasion and not the message's id: what is read when catching up comes under another id than it came live.
        with registry.because_of(f"{message.programme}/{message.period}/{message.school_id}/{occasion}"):
            getattr(self._plugin.hook, hook)(message=message, registry=registry)
