"""``/agency/matches``: whom an agency's helpers were matched with and why, accepted or declined by it."""

from typing import Annotated, Literal

from fastapi import Form, Query, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from hongzhu.errors import ConflictError, HongzhuError, InvalidError
from hongzhu_registry.access.policy import Principal
from hongzhu_registry.access.sight import in_sight
from hongzhu_registry.children.queries import names_in_sight as child_names
from hongzhu_registry.children.queries import schools_in_sight
from hongzhu_registry.pairings import queries, service
from hongzhu_registry.pairings.models import Pairing
from hongzhu_registry.rest import InTransaction, Page, Paging
from hongzhu_registry.schools.queries import names_in_sight as school_names
from hongzhu_registry.signed_in import Narrowing, Pages, Reading, see_other, show
from hongzhu_registry.supporters.models import Supporter

router = Pages()


class Filters(Narrowing):
    """What the list may be narrowed by, and what was done before it is shown."""

    state: Literal["proposed", "accepted"] | None = None
    done: Literal["accepted", "declined"] | None = None


@router.get("/agency/matches")
def list_matches(
    request: Request, session: InTransaction, reader: Reading, page: Paging, filters: Annotated[Filters, Query()]
) -> HTMLResponse:
    """Show whom an agency's helpers are tied to, the newest first, with the reason where it was kept."""
    reader.must_be("agency")
    return _shown(request, session, reader, page, filters)


@router.post("/agency/matches/{pairing_id}")
def answer_match(
    request: Request,
    session: InTransaction,
    reader: Reading,
    pairing_id: str,
    *,
    answer: Annotated[Literal["accept", "decline"] | None, Form()] = None,
    reason: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Accept a match, or decline it with the reason: it then never was, and somebody else is looked for."""
    reader.must_be("agency")
    try:
        with session.begin_nested():
            if answer is None:
                raise InvalidError("Choose one.", field="answer")
            if answer == "accept":
                service.accept(session, reader, pairing_id)
            elif reason.strip():
                service.withdraw(session, reader, pairing_id, reason.strip())
            else:
                raise InvalidError("Say why; it is kept sealed.", field="reason")
    except (ConflictError, InvalidError) as error:
        return _shown(request, session, reader, Page(50, None), Filters(), error=error, at=pairing_id)
    return see_other("/agency/matches", done="accepted" if answer == "accept" else "declined")


def _shown(
    request: Request,
    session: Session,
    reader: Principal,
    page: Page,
    filters: Filters,
    *,
    error: HongzhuError | None = None,
    at: str | None = None,
) -> HTMLResponse:
    statement = queries.visible(reader).where(Pairing.ended_on.is_(None))
    if filters.state is not None:
        proposed = Pairing.accepted_on.is_(None)
        statement = statement.where(proposed if filters.state == "proposed" else ~proposed)
    columns = Pairing.__table__.c
    found = page.of(session, statement, columns.began_on, columns.id, newest_first=True)
    helpers = select(Supporter.id, Supporter.name).where(
        in_sight("supporter", reader), Supporter.id.in_([each["supporter_id"] for each in found["items"]])
    )
    ids = [each["child_id"] for each in found["items"] if each["child_id"]]
    return show(
        request,
        "matches.html",
        status=error.status if error else 200,
        found=found,
        helpers={row.id: row.name for row in session.execute(helpers)},
        children=child_names(session, reader, ids),
        schools_of=schools_in_sight(session, reader, ids),
        schools=school_names(session, reader),
        done=filters.done,
        error=error,
        at=at,
    )
