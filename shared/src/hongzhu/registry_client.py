"""The registry's API as a plugin sees it.

Every answer that a plugin gives carries an Idempotency-Key derived from the occasion (programme, period, school), the hook and
the answer itself, so that answering a message twice, or once as it came and once when catching up, is answering once.  A
registry that is away is waited for here, not by giving messages back to the queue.
"""

import hashlib
import json
import logging
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from itertools import groupby
from threading import Event
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import httpx

from hongzhu.calendar import NOT_ANNOUNCED
from hongzhu.errors import (
    ConfigurationError,
    ConflictError,
    HongzhuError,
    InvalidError,
    MissingError,
    NotSignedInError,
    StaleError,
    UnconditionalError,
)
from hongzhu.i18n import _
from hongzhu.messages import BATCH, TaskDue, TaskOverdue
from hongzhu.period import task_id
from hongzhu.settings import settings

log = logging.getLogger(__name__)

_ERRORS: Mapping[int, type[HongzhuError]] = {
    error.status: error
    for error in (NotSignedInError, MissingError, ConflictError, StaleError, InvalidError, UnconditionalError)
}
_AWAY = frozenset({429, 502, 503, 504})
_TRIES, _PAUSE = 300, 1.0
"""How often, and with how many seconds between, the ledger is asked for a task that it does not have yet."""
_PATIENCE = 3.0
"""Seconds after which it is said that the registry is away: one that is only starting is not worth a word."""

_because: ContextVar[str] = ContextVar("because", default="")


@cache
def _trusted() -> ssl.SSLContext:
    """Read once whose certificates are trusted: it takes longer than most questions do."""
    return httpx.create_ssl_context()


class RegistryClient:
    """The registry's API under one token.

    Raises the same `HongzhuError` the registry raised.  Waits for a registry that is away until it is back or `stop` is set.
    """

    def __init__(self, url: str, token: str, stop: Event | None = None) -> None:
        headers = {"Authorization": f"Bearer {token}", "Accept-Language": settings().language.replace("_", "-")}
        self._http = httpx.Client(base_url=f"{url}/api/v1", headers=headers, timeout=30, verify=_trusted())
        self._url, self._stop = url, stop or Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._http.close()

    @contextmanager
    def because_of(self, cause: str) -> Iterator[None]:
        """Derive the Idempotency-Keys of what is posted inside from `cause`."""
        before = _because.set(cause)
        try:
            yield
        finally:
            _because.reset(before)

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        """Read one thing."""
        return self._ask("GET", path, params=query)

    def items(self, path: str, **query: Any) -> Iterator[dict[str, Any]]:
        """Read a whole list, page by page."""
        cursor = None
        while True:
            page = self.get(path, **query, **({"cursor": cursor} if cursor else {}), limit=200)
            yield from page["items"]
            cursor = page["next"]
            if cursor is None:
                return

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Create something once, however often it is asked for with the same cause and body."""
        # Outside of any cause every call is an act of its own; only its retries share a key.
        cause = _because.get() or uuid4().hex
        key = hashlib.sha256(json.dumps([cause, path, body], sort_keys=True).encode()).hexdigest()
        return self._ask("POST", path, json=body, headers={"Idempotency-Key": key})

    def put(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Say how something is to be."""
        return self._ask("PUT", path, json=body)

    def patch(self, path: str, changes: Mapping[str, Any], version: int) -> dict[str, Any]:
        """Correct some fields of something that was read at a version; raises `StaleError` if somebody was quicker."""
        return self._ask("PATCH", path, json=changes, headers={"If-Match": f'"{version}"'})

    def tasks_due(self, agency: str, programme: str | None = None) -> Iterator[TaskDue]:
        """Read an agency's open tasks, due and overdue, or those of one programme, as the messages that announced them."""
        asked = {"agency": agency} | ({"programme": programme} if programme else {})
        open_tasks = [task for state in ("due", "overdue") for task in self.items("/tasks", **asked, state=state)]
        tasks = sorted(open_tasks, key=lambda task: (_batch(task), task["id"]))
        for _window, same in groupby(tasks, key=_batch):
            batch = list(same)
            for start in range(0, len(batch), BATCH):
                part = batch[start : start + BATCH]
                window = {name: part[0][name] for name in _WINDOW}
                # The ledger shows no day where the calendar does not reach; a message has the one that is after every other.
                window["due_on"] = window["due_on"] or NOT_ANNOUNCED
                yield TaskDue(
                    id=hashlib.sha256("\n".join(task["id"] for task in part).encode()).hexdigest(),
                    subjects=tuple(task["subject_id"] for task in part),
                    **window,
                )

    def still_owed(self, message: TaskDue | TaskOverdue) -> list[str]:
        """Return the subjects of a message whose tasks are open in the ledger.

        A message may be here before the ledger has its tasks, and an agency sees a child only by what the ledger owes it: so this
        waits; raises `MissingError` when they do not come.
        """
        begin = {"begins_after": message.period_start, "begins_before": message.period_start}
        listed = self.items("/tasks", programme=message.programme, school_id=message.school_id, **begin)
        states = {task["id"]: task["state"] for task in listed}
        asked = {each: task_id(message.programme, each, message.period) for each in message.subjects}
        return [each for each, task in asked.items() if (states.get(task) or self._state(task)) in {"due", "overdue"}]

    def _state(self, task: str) -> str:
        for _time in range(_TRIES):
            try:
                return str(self.get(f"/tasks/{task}")["state"])
            except MissingError:
                if self._stop.wait(_PAUSE):
                    break
        raise MissingError("The ledger does not have a task that fell due.")

    def _ask(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        pause, waited, told = 0.1, 0.0, False
        while True:
            try:
                response = self._http.request(method, path, **request)
            except httpx.TransportError as error:
                away = type(error).__name__
            else:
                if response.status_code not in _AWAY:
                    return _read(response)
                away = str(response.status_code)
            if self._stop.wait(pause):
                raise ConfigurationError("Stopped while the registry was away.")
            waited, pause = waited + pause, min(pause * 2, 5.0)
            if not told and waited >= _PATIENCE:
                told = True
                log.warning(
                    _("The registry at {url} does not answer ({reason}); waiting for it.", url=self._url, reason=away)
                )


_WINDOW = ("programme", "version", "period", "period_start", "school_id", "opens_on", "due_on", "grace_until")


def _batch(task: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(task[name]) for name in _WINDOW)


def _read(response: httpx.Response) -> dict[str, Any]:
    try:
        body: dict[str, Any] = response.json() if response.content else {}
    except ValueError:  # whoever answered, a proxy perhaps, does not speak for the registry
        raise _ERRORS.get(response.status_code, HongzhuError) from None
    if response.is_error:
        raise _ERRORS.get(response.status_code, HongzhuError)(body.get("detail"), field=body.get("field"))
    return body


def token_of(account: str) -> str:
    """Return the API token this process may use: the one in its environment, else the installation's for `account`."""
    own = settings().api_token
    if own:
        return own.get_secret_value()
    file = settings().secrets / f"{account}.env"
    if file.exists():
        for line in file.read_text().splitlines():
            name, _, value = line.partition("=")
            if name == "HONGZHU_API_TOKEN":
                return value
    raise ConfigurationError(
        "{account} has no API token: set HONGZHU_API_TOKEN, or run “hongzhu agency add” where the registry is.",
        account=account,
    )
