"""What people would do in a trial: open accounts, approve programmes; and waiting until everything has run its course."""

import secrets
import time

import httpx

from hongzhu import bus, runtime
from hongzhu.calendar import SchoolCalendar
from hongzhu.clock import today
from hongzhu.errors import ConfigurationError
from hongzhu.registry_client import RegistryClient, token_of
from hongzhu.service import Service
from hongzhu.settings import settings
from hongzhu_registry.access import service as access
from hongzhu_registry.database import database
from hongzhu_registry.schools import queries as schools

PATIENCE = 300.0
"""Seconds in which a trial must have run its course."""
STILL = 4.0
"""Seconds without any news after which it has: longer than a digest waits for the last of a day's tasks."""

Accounts = dict[str, dict[str, str]]


def open_accounts() -> Accounts:
    """Open an account for the bureau and for each school; return them with the agencies' tokens."""
    accounts: Accounts = {}
    with database.transaction() as session:
        people = {"bureau": None, **{f"school:{each.id}": each.id for each in schools.facts(session)}}
        for name, school in people.items():
            password = secrets.token_urlsafe(12)
            username = school or name
            access.open_account(
                session, username, "school" if school else "bureau", password=password, school_id=school
            )
            accounts[name] = {"username": username, "password": password}
    for agency in runtime.agencies():
        accounts[f"agency:{agency.name}"] = {"token": token_of(f"agency-{agency.name}")}
    return accounts


def approve_programmes(bureau: dict[str, str]) -> None:
    """Sign in as the bureau and approve what the agencies declare, once they all have, from the first day of the term on."""
    expected = {programme.code for agency in runtime.agencies() for programme in agency.programmes()}
    with RegistryClient(settings().registry_url, _sign_in(bureau)) as registry:
        deadline = time.monotonic() + PATIENCE
        while True:
            declared = {each["code"]: each for each in registry.items("/programmes")}
            if expected <= declared.keys():
                break
            _wait_or_give_up(deadline)
        term = _calendar(registry).term_of(today())
        approval = {"effective_from": str(term.first)} if term else {}
        for code, programme in declared.items():
            if programme["status"] == "proposed":
                registry.post(f"/programmes/{code}/approve", approval)


def _sign_in(account: dict[str, str]) -> str:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            answer = httpx.post(f"{settings().registry_url}/api/v1/token", data=account, timeout=10)
            return str(answer.raise_for_status().json()["access_token"])
        except httpx.TransportError:  # the web server is still starting
            _wait_or_give_up(deadline)


def wait_until_settled() -> None:
    """Return when nothing has been said for a while, everything said has been sent, and every queue is empty."""
    deadline = time.monotonic() + PATIENCE
    services = [each for each in runtime.services() if isinstance(each, Service)]
    queues = [each.name for each in services] + [each.queue for each in runtime.agencies()]
    before, still_since = None, time.monotonic()
    while True:
        state = [each.outbox_state() for each in services]
        if state != before or any(unpublished for _, unpublished in state) or _messages_in(queues):
            before, still_since = state, time.monotonic()
        elif time.monotonic() - still_since > STILL:
            return
        _wait_or_give_up(deadline)


def _messages_in(queues: list[str]) -> int:
    with bus.connect(settings().broker_url) as connection:
        return sum(bus.look_at(connection, name)[0] for name in queues)


def _wait_or_give_up(deadline: float) -> None:
    if time.monotonic() > deadline:
        raise ConfigurationError("The trial did not come to rest in {seconds} seconds.", seconds=int(PATIENCE))
    time.sleep(0.25)  # between two looks, until the caller's deadline


def _calendar(registry: RegistryClient) -> SchoolCalendar:
    announced = registry.get("/calendar")
    return SchoolCalendar.model_validate({name: announced[name] for name in SchoolCalendar.model_fields})
