"""``/reports``: the implementation report, the rows behind its figures, and reports that were closed and signed off."""

from datetime import date
from typing import Annotated, Any

from fastapi import Query, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select

from hongzhu_registry.answers.once import OnlyOnce
from hongzhu_registry.reports import service
from hongzhu_registry.reports.formats import MEDIA, Format, headers
from hongzhu_registry.reports.models import ClosedReport
from hongzhu_registry.rest import Asking, InTransaction, Paging, Router

router = Router(prefix="/reports", tags=["reports"])

From = Annotated[date, Query(alias="from")]
To = Annotated[date, Query(alias="to")]
As = Annotated[Format, Query(alias="format")]
_WRITTEN: dict[int | str, dict[str, Any]] = {
    200: {"description": "The report.", "content": {media.partition(";")[0]: {} for media in MEDIA.values()}}
}
_SHOWN = ("id", "begins_on", "ends_on", "cut_off", "closed_at", "signed_on")


class NewReport(BaseModel):
    """Which days a report that is to be closed is about."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    first: date = Field(alias="from")
    last: date = Field(alias="to")


@router.get("/implementation", response_model=None, responses=_WRITTEN)
def implementation_report(
    session: InTransaction,
    principal: Asking,
    first: From,
    last: To,
    as_: As = "json",
    school_id: str | None = None,
    agency: str | None = None,
) -> Response:
    """Make the implementation report of some days, of one school or of one agency's programmes if asked (bureau)."""
    principal.must_be("bureau")
    return _file(service.written(session, service.period_of(first, last, school_id, agency), as_), as_)


@router.get("/figures/{key}/rows")
def figure_rows(
    session: InTransaction,
    principal: Asking,
    key: str,
    page: Paging,
    first: From,
    last: To,
    school_id: str | None = None,
    agency: str | None = None,
) -> dict[str, Any]:
    """List what a figure of the report counts: what each is, where and when it was, and how much it counts (bureau)."""
    principal.must_be("bureau")
    statement = service.rows(session, key, service.period_of(first, last, school_id, agency))
    return page.of(session, statement, statement.selected_columns.id)


@router.get("")
def list_reports(session: InTransaction, principal: Asking, page: Paging) -> dict[str, Any]:
    """List the reports that were closed (bureau)."""
    principal.must_be("bureau")
    columns = ClosedReport.__table__.c
    return page.of(session, select(*(columns[name] for name in _SHOWN)), columns.id)


@router.post("", status_code=201)
def close_report(session: InTransaction, principal: Asking, once: OnlyOnce, report: NewReport) -> Any:
    """Close the report of some days at today's entries: made again, it is the same (bureau)."""
    principal.must_be("bureau")
    return once(lambda: _shown(service.close(session, principal, service.period_of(report.first, report.last))), report)


@router.get("/{report_id}", response_model=None, responses=_WRITTEN)
def show_report(session: InTransaction, principal: Asking, report_id: str, as_: As = "json") -> Response:
    """Write a closed report again, in any of its formats (bureau)."""
    principal.must_be("bureau")
    return _file(service.again(service.closed_report(session, report_id), as_), as_)


@router.post("/{report_id}/sign")
def sign_report(session: InTransaction, principal: Asking, once: OnlyOnce, report_id: str) -> Any:
    """Sign a closed report off, which is evidence that the bureau reported (bureau)."""
    principal.must_be("bureau")
    return once(lambda: _shown(service.sign(session, principal, report_id)), None, status=200)


def _shown(closed: ClosedReport) -> dict[str, Any]:
    return {name: getattr(closed, name) for name in _SHOWN}


def _file(content: bytes, as_: Format) -> Response:
    return Response(content, media_type=MEDIA[as_], headers=headers(as_))
