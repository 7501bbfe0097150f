"""``/stats``: figures for pages, by school, programme and week."""

from datetime import date
from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel, Field

from hongzhu_registry.rest import Asking, InTransaction, Router
from hongzhu_registry.stats import queries, service
from hongzhu_registry.tallies.service import catch_up

router = Router(prefix="/stats", tags=["stats"])


class Asked(BaseModel):
    """What coverage is told apart by, and in which days the periods begin that count; the school year so far unless said."""

    by: queries.By = "programme"
    first: date | None = Field(None, alias="from")
    last: date | None = Field(None, alias="to")


@router.get("/overview")
def show_overview(session: InTransaction, principal: Asking) -> dict[str, Any]:
    """Tell how the city stands (bureau)."""
    principal.must_be("bureau")
    return service.overview(session, principal)


@router.get("/coverage")
def show_coverage(session: InTransaction, principal: Asking, asked: Annotated[Asked, Query()]) -> dict[str, Any]:
    """Tell how what is owed in sight was done: each programme, by school, by the period it is for, or as a whole."""
    principal.must_be("bureau", "school", "agency")
    span = service.so_far()
    first, last = asked.first or span.first, asked.last or span.last
    catch_up(session)
    items = queries.coverage(session, principal, asked.by, first, last)
    return {"from": first, "to": last, "items": items}
