"""``/children``."""

from functools import partial
from typing import Annotated, Any

from fastapi import Header, Query, Response

from hongzhu_registry.access.policy import Principal
from hongzhu_registry.answers.once import OnlyOnce
from hongzhu_registry.children import queries, service
from hongzhu_registry.children.filters import Filters
from hongzhu_registry.children.forms import Changes, NewChild
from hongzhu_registry.children.models import Child
from hongzhu_registry.children.opening import whole
from hongzhu_registry.direct_reads import read_directly
from hongzhu_registry.rest import Asking, InTransaction, Paging, Router, etag, must_match

router = Router(prefix="/children", tags=["children"])


@router.get("")
@read_directly
def list_children(
    session: InTransaction, principal: Asking, page: Paging, filters: Annotated[Filters, Query()]
) -> dict[str, Any]:
    """List the children in sight."""
    narrowing = filters.model_dump(exclude_none=True)
    if not narrowing and principal.role != "agency":
        return page.of_prepared(session, queries.listed(principal.role), principal.session)
    return page.of(session, queries.filtered(session, principal, narrowing), Child.__table__.c.id)


@router.post("", status_code=201)
def enter_child(session: InTransaction, principal: Asking, once: OnlyOnce, response: Response, child: NewChild) -> Any:
    """Open a dossier for a child (bureau, or a school for its own)."""
    principal.must_be("bureau", "school")

    def act() -> dict[str, Any]:
        return _shown(session, principal, response, service.enter(session, principal, child.values()))

    return once(act, child)


@router.get("/{child_id}")
@read_directly
def show_child(session: InTransaction, principal: Asking, response: Response, child_id: str) -> dict[str, Any]:
    """Show one child, with what is sealed of it opened for those who may read it."""
    child = whole(session, principal, child_id)
    response.headers["ETag"] = etag(child["version"])
    return child


@router.patch("/{child_id}")
def change_child(
    child_id: str,
    changes: Changes,
    response: Response,
    *,
    session: InTransaction,
    principal: Asking,
    if_match: Annotated[str | None, Header()] = None,
) -> dict[str, Any]:
    """Correct some fields of a child."""
    expect = partial(must_match, if_match)
    service.change(session, principal, child_id, changes.model_dump(exclude_unset=True), expect)
    return _shown(session, principal, response, child_id)


def _shown(session: InTransaction, principal: Principal, response: Response, child_id: str) -> dict[str, Any]:
    child = queries.shown(session, principal, child_id)
    response.headers["ETag"] = etag(child["version"])
    return child
