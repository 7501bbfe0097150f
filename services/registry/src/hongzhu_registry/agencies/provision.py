"""Everything an agency needs of the core: an account, a token, a queue of its own and the one right to read it."""

from urllib.parse import quote, urlsplit

import httpx
from kombu import Connection
from pydantic import SecretStr
from sqlalchemy import update
from sqlalchemy.orm import Session

from hongzhu import bus
from hongzhu.errors import ConfigurationError
from hongzhu.installation import new_password, rights
from hongzhu.plugin_worker import HEARD
from hongzhu.settings import settings
from hongzhu_registry.access import service as access
from hongzhu_registry.agencies.models import OPEN, Agency


def declare_queue(connection: Connection, agency: str) -> None:
    """Declare an agency's queue, bound to every topic that can be addressed to it."""
    keys = bus.binding_keys((message.topic for message in HEARD), agency)
    bus.declare(connection, f"agency.{agency}", keys)


def provision(
    session: Session, agency: str, *, registry_url: str | None = None, broker: str | None = None
) -> dict[str, str]:
    """Open an agency's account and its place on the broker; return the variables of its env file.

    `registry_url` and `broker` are the addresses under which its machine reaches them, where they are others than from here.
    An agency that is there already gets a new token and a new broker password; its old ones end.
    """
    account = access.open_account(session, f"agency-{agency}", "agency", agency=agency)
    account.disabled = False
    session.execute(update(Agency).where(Agency.name == agency).values(standing=OPEN))
    access.revoke_tokens(session, account.id)
    variables = {
        "HONGZHU_REGISTRY_URL": registry_url or settings().public_url or settings().registry_url,
        "HONGZHU_API_TOKEN": access.issue_token(session, account.id, access.MACHINE_TOKEN),
        "HONGZHU_BROKER_URL": _broker_account(agency, broker),
    }
    with bus.connect(settings().broker_url) as connection:
        declare_queue(connection, agency)
    return variables


def _broker_account(agency: str, reached_at: str | None) -> str:
    """Make the agency's account on RabbitMQ through its management API; return the URL it signs in with."""
    admin = settings().broker_admin_url
    if admin is None:
        raise ConfigurationError(
            "HONGZHU_BROKER_ADMIN_URL is not set, so no broker account can be made: give the address of RabbitMQ's management "
            "API with an administrator’s name and password, as in http://admin:password@rabbitmq:15672."
        )
    account, password = f"agency.{agency}", new_password()
    broker = urlsplit(settings().broker_url)
    vhost = broker.path.removeprefix("/") or "/"
    with _management(admin) as management:
        for path, body in (
            (f"/api/users/{account}", {"password": password, "tags": ""}),
            (f"/api/permissions/{quote(vhost, safe='')}/{account}", rights(account)),
        ):
            management.put(path, json=body).raise_for_status()
    place = urlsplit(reached_at or settings().broker_url)
    port = place.port or (5671 if place.scheme == "amqps" else 5672)
    return f"{place.scheme}://{account}:{password}@{place.hostname}:{port}/{vhost}"


def end_broker_account(agency: str) -> bool:
    """Remove an agency's account on RabbitMQ, which also closes its connections; false where that cannot be done from here."""
    admin = settings().broker_admin_url
    if admin is None:
        return False
    try:
        with _management(admin) as management:
            answer = management.delete(f"/api/users/agency.{agency}")
    except httpx.TransportError:
        return False
    return answer.is_success or answer.status_code == httpx.codes.NOT_FOUND


def _management(admin: SecretStr) -> httpx.Client:
    return httpx.Client(base_url=admin.get_secret_value(), timeout=10)
