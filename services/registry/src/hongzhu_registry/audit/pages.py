"""``/audit`` as a page: who read or wrote what, the newest first, and whether the seals hold."""

from datetime import date
from typing import Annotated, Literal

from fastapi import Query, Request
from fastapi.responses import HTMLResponse

from hongzhu_registry.access import titles
from hongzhu_registry.audit import queries, service, words
from hongzhu_registry.rest import InTransaction
from hongzhu_registry.signed_in import Narrowing, Pages, Reading, show

router = Pages()

AT_ONCE = 50


class Filters(Narrowing):
    """What the list may be narrowed by, and after which entry it goes on."""

    who: str | None = None
    """A user name."""
    action: str | None = None
    subject_id: str | None = None
    on: date | None = None
    outcome: Literal["done", "denied"] | None = None
    cursor: int | None = None


@router.get("/audit")
def list_entries(
    request: Request, session: InTransaction, reader: Reading, filters: Annotated[Filters, Query()]
) -> HTMLResponse:
    """Show what was done and what was refused."""
    reader.must_be("bureau", "auditor")
    narrowing = filters.model_dump(exclude={"cursor"})
    statement = queries.newest(reader, **narrowing, before=filters.cursor).limit(AT_ONCE + 1)
    entries = session.execute(statement).all()
    return show(
        request,
        "audit.html",
        entries=entries[:AT_ONCE],
        next=entries[AT_ONCE - 1].id if len(entries) > AT_ONCE else None,
        narrowing=narrowing,
        roles=titles.of_roles(),
        spoken=words.spoken,
    )


@router.get("/audit/seals")
def check_seals(request: Request, session: InTransaction, reader: Reading) -> HTMLResponse:
    """Work the chain of seals out again, and say whether it holds."""
    reader.must_be("bureau", "auditor")
    return show(request, "audit-seals.html", verdict=service.held(session))
