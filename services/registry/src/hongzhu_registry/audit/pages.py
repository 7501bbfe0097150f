"""``/audit`` as a page: who read or wrote what, the newest first, and whether the seals hold."""

from collections.abc import Collection
from datetime import date
from typing import Annotated, Literal

from fastapi import Query, Request
from fastapi.responses import HTMLResponse
from sqlalchemy.orm import Session

from hongzhu.i18n import _
from hongzhu_registry.access import titles
from hongzhu_registry.access.policy import Principal
from hongzhu_registry.agencies import queries as agencies
from hongzhu_registry.audit import queries, service, words
from hongzhu_registry.children import queries as children
from hongzhu_registry.programmes import queries as programmes
from hongzhu_registry.rest import InTransaction
from hongzhu_registry.schools import queries as schools
from hongzhu_registry.signed_in import Narrowing, Pages, Reading, show

router = Pages()

AT_ONCE = 50


class Filters(Narrowing):
    """What the list may be narrowed by, and after which entry it goes on."""

    who: str | None = None
    """A user name."""
    about: str | None = None
    """A part of an address that says what was read or written."""
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
    ids = {each.subject_id for each in entries if each.subject_id}
    return show(
        request,
        "audit.html",
        entries=entries[:AT_ONCE],
        next=entries[AT_ONCE - 1].id if len(entries) > AT_ONCE else None,
        narrowing=narrowing,
        roles=titles.of_roles() | {"clock": _("The system itself"), "nobody": _("Nobody who is known")},
        subjects=words.subjects(),
        names=_names(session, reader, ids),
        spoken=words.spoken,
    )


def _names(session: Session, reader: Principal, ids: Collection[str]) -> dict[str, str]:
    """Read what is called by a name that the reader sees."""
    return {
        **(children.names_in_sight(session, reader, sorted(ids)) if reader.sees("child") else {}),
        **(schools.names_to_show(session, reader, ids) if reader.sees("school") else {}),
        **programmes.names(session),
        **agencies.names_of_all(session),
    }


@router.get("/audit/seals")
def check_seals(request: Request, session: InTransaction, reader: Reading) -> HTMLResponse:
    """Work the chain of seals out again, and say whether it holds."""
    reader.must_be("bureau", "auditor")
    return show(request, "audit-seals.html", verdict=service.held(session))
