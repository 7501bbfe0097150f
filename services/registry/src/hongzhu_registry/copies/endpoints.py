"""``/children/{id}/export`` and ``/guardian-link``: the guardian's copy of a dossier."""

from typing import Annotated, Any, Literal

from fastapi import Query, Response

from hongzhu_registry.answers.once import OnlyOnce
from hongzhu_registry.children.queries import require, require_open
from hongzhu_registry.copies import service
from hongzhu_registry.exports import AS_XLSX
from hongzhu_registry.rest import Asking, InTransaction, Router

router = Router(prefix="/children/{child_id}", tags=["children"])


@router.get("/export", response_model=None, responses=AS_XLSX)
def export_child(
    session: InTransaction,
    principal: Asking,
    child_id: str,
    as_: Annotated[Literal["json", "xlsx"], Query(alias="format")] = "json",
) -> Response | dict[str, Any]:
    """Make the copy that a guardian may ask for: what is held and what for, what happened, who looked (bureau, school)."""
    principal.must_be("bureau", "school")
    require(session, principal, [child_id])
    copy = service.copy_of(session, principal, child_id)
    if as_ == "json":
        return dict(copy)
    return Response(service.workbook(session, copy), headers=service.AS_FILE)


@router.post("/guardian-link", status_code=201)
def give_link(session: InTransaction, principal: Asking, once: OnlyOnce, child_id: str) -> Any:
    """Give a link with which a guardian opens the copy for seven days (bureau, school)."""
    principal.must_be("bureau", "school")
    require_open(session, principal, [child_id])
    return once(lambda: service.link(child_id), None)


@router.delete("/guardian-link", status_code=204)
def call_back_links(session: InTransaction, principal: Asking, child_id: str) -> None:
    """Call back every link that was given for the child (bureau, school)."""
    principal.must_be("bureau", "school")
    require(session, principal, [child_id])
    service.call_back(session, child_id)
