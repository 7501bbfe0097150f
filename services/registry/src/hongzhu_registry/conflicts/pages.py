"""``/conflicts`` as a page: both rosters side by side, the proposed answer, and one button that settles it."""

from typing import Annotated

from fastapi import Form, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from hongzhu.errors import HongzhuError, InvalidError, MissingError
from hongzhu_registry.access.policy import Principal
from hongzhu_registry.children.queries import names_in_sight
from hongzhu_registry.conflicts import queries, service
from hongzhu_registry.rest import InTransaction, Page, Paging
from hongzhu_registry.schools.queries import names_in_sight as school_names
from hongzhu_registry.signed_in import Pages, Reading, see_other, show

router = Pages()

LATELY = 30


@router.get("/conflicts")
def list_conflicts(
    request: Request, session: InTransaction, reader: Reading, page: Paging, settled: str | None = None
) -> HTMLResponse:
    """Show who stands on two schools' rosters, and what was settled lately."""
    reader.must_be("bureau")
    return _shown(request, session, reader, page, settled=settled)


@router.post("/conflicts/{child_id}/settle")
def settle(
    request: Request,
    session: InTransaction,
    reader: Reading,
    child_id: str,
    school_id: Annotated[str, Form(max_length=36)] = "",
) -> Response:
    """Say which school a child is at; what somebody settled meanwhile is no longer there to settle."""
    reader.must_be("bureau")
    try:
        with session.begin_nested():
            service.settle(session, reader, child_id, school_id)
    except MissingError:
        return see_other("/conflicts")
    except InvalidError as error:
        return _shown(request, session, reader, Page(), error=error)
    return see_other("/conflicts", settled=child_id)


def _shown(
    request: Request,
    session: Session,
    reader: Principal,
    page: Page,
    *,
    settled: str | None = None,
    error: HongzhuError | None = None,
) -> HTMLResponse:
    found = page.of(session, queries.in_conflict(), queries.child_column)
    conflicts = queries.proposals(session, [each["child_id"] for each in found["items"]])
    done = queries.settled_lately(session, LATELY)
    ids = {each["child"] for each in conflicts} | {each.child_id for each in done} | ({settled} if settled else set())
    return show(
        request,
        "conflicts.html",
        status=error.status if error else 200,
        conflicts=conflicts,
        sides=queries.sides(session, conflicts),
        found=found,
        done=done,
        settled=settled,
        names=names_in_sight(session, reader, sorted(ids)),
        schools=school_names(session, reader),
        error=error,
    )
