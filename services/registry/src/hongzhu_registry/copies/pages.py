"""``/g/…``: the page behind a guardian's link.  It shows the copy of one child's dossier, and that it was shown is on record."""

from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from hongzhu_registry.access.policy import Principal
from hongzhu_registry.copies import links, looks, service, words
from hongzhu_registry.pages import render
from hongzhu_registry.rest import InTransaction, on_record

router = APIRouter(include_in_schema=False)


def _guardian(request: Request, session: InTransaction, token: str) -> Iterator[Principal]:
    child_id, made_at = links.read(token)
    guardian = Principal("guardian", "guardian", child_id=child_id)
    with on_record(request, session, guardian):
        service.see_open(session, child_id, made_at)
        yield guardian


Guardian = Annotated[Principal, Depends(_guardian, scope="function")]
"""Who holds the link to which child."""


@router.get("/g/{token}")
def show_copy(request: Request, session: InTransaction, token: str, guardian: Guardian) -> HTMLResponse:
    """Show what is held on the child, why, and who looked."""
    copy = service.copy_of(session, guardian, str(guardian.child_id))
    return render(
        request,
        "copy.html",
        parts=service.tables(session, copy),
        looks=[(service.local(look.at), look) for look in looks.merged(copy["seen_by"])],
        nothing=words.NOTHING,
        token=token,
    )


@router.get("/g/{token}/dossier.xlsx")
def take_copy(session: InTransaction, guardian: Guardian) -> Response:
    """Give the copy as a file."""
    copy = service.copy_of(session, guardian, str(guardian.child_id))
    return Response(service.workbook(session, copy), headers=service.AS_FILE)
