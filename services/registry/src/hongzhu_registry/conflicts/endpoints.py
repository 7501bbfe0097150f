"""``/conflicts``: children on two schools' rosters, for the bureau to settle."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from hongzhu_registry.answers.once import OnlyOnce
from hongzhu_registry.conflicts import queries, service
from hongzhu_registry.rest import Asking, InTransaction, Paging, Router

router = Router(prefix="/conflicts", tags=["imports"])


class Settlement(BaseModel):
    """The school that the child is at."""

    model_config = ConfigDict(extra="forbid")

    school_id: str = Field(max_length=36)


@router.get("")
def list_conflicts(session: InTransaction, principal: Asking, page: Paging) -> dict[str, Any]:
    """List the children on several schools' rosters (bureau), each with the rosters and a proposed answer."""
    principal.must_be("bureau")
    found = page.of(session, queries.in_conflict(), queries.child_column)
    proposals = queries.proposals(session, [each["child_id"] for each in found["items"]])
    return {"items": proposals, "next": found["next"]}


@router.post("/{child_id}/settle", status_code=201)
def settle_conflict(
    session: InTransaction, principal: Asking, once: OnlyOnce, child_id: str, settlement: Settlement
) -> Any:
    """Say which school a child is at (bureau); if it is the other one, the child is transferred."""

    def act() -> dict[str, Any]:
        service.settle(session, principal, child_id, settlement.school_id)
        return {"child": child_id, "school_id": settlement.school_id}

    return once(act, settlement)
