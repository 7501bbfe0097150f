"""``/parked`` as a page: what could not be handled, and giving it back to its queue."""

from itertools import groupby
from operator import attrgetter

from fastapi import Request
from fastapi.responses import HTMLResponse, Response

from hongzhu.errors import AwayError, MissingError
from hongzhu.i18n import _
from hongzhu_registry.agencies.queries import names_of_all
from hongzhu_registry.parked import service
from hongzhu_registry.rest import InTransaction
from hongzhu_registry.signed_in import Pages, Reading, see_other, show

router = Pages()


@router.get("/parked")
def list_parked(
    request: Request, session: InTransaction, reader: Reading, queue: str | None = None, replayed: int | None = None
) -> HTMLResponse:
    """Show what is parked, queue by queue: which message and why, never what is in it."""
    reader.must_be("admin")
    error: AwayError | None = None
    try:
        found = service.look(session, queue)
    except AwayError as away:
        found, error = [], away
    return show(
        request,
        "parked.html",
        status=error.status if error else 200,
        error=error,
        replayed=replayed,
        queues=[(name, list(messages)) for name, messages in groupby(found, attrgetter("queue"))],
        most=service.MOST,
        titles=_titles(session),
        reasons={
            "rejected": _("It cannot be read, or says what can never be handled"),
            "delivery_limit": _("It failed each time it was tried"),
        },
    )


@router.post("/parked/{queue}/replay")
def replay_queue(session: InTransaction, reader: Reading, queue: str) -> Response:
    """Give everything parked for a queue back to it."""
    reader.must_be("admin")
    return _given_back(session, queue)


@router.post("/parked/{queue}/{message_id}/replay")
def replay_message(session: InTransaction, reader: Reading, queue: str, message_id: str) -> Response:
    """Give one parked message back to its queue."""
    reader.must_be("admin")
    return _given_back(session, queue, message_id)


def _given_back(session: InTransaction, queue: str, message_id: str | None = None) -> Response:
    try:
        count = service.replay(session, queue, message_id)
    except MissingError:  # somebody else gave it back since the list was read
        count = 0
    return see_other("/parked", replayed=count)


def _titles(session: InTransaction) -> dict[str, str]:
    """Say whose queue it is: a service's of ours, or an agency's."""
    own = {"registry": _("Registry"), "scheduler": _("Scheduler"), "notifier": _("Notifier")}
    return own | {f"agency.{name}": title for name, title in names_of_all(session).items()}
