"""``/mandatory_reports``: suspected harm is told, seen and answered by those alone whose office it is."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from hongzhu_registry.answers.once import OnlyOnce
from hongzhu_registry.mandatory_reports import service
from hongzhu_registry.mandatory_reports.models import MandatoryReport
from hongzhu_registry.rest import Asking, InTransaction, Paging, Router

router = Router(prefix="/mandatory_reports", tags=["mandatory reports"])


class NewReport(BaseModel):
    """What somebody saw or heard, of which child; it is kept sealed."""

    model_config = ConfigDict(extra="forbid")

    child_id: str
    what: str = Field(min_length=1, max_length=5000)


class Answer(BaseModel):
    """What became of it, and in words, which are kept sealed."""

    model_config = ConfigDict(extra="forbid")

    outcome: Literal["case_opened", "help_arranged", "unfounded"]
    note: str = Field(min_length=1, max_length=5000)


@router.post("", status_code=201)
def file_report(session: InTransaction, principal: Asking, once: OnlyOnce, report: NewReport) -> Any:
    """Report suspected harm to a child in sight; the answer is that it was received, and its number."""
    principal.must_be("bureau", "school", "teacher", "agency")
    return once(lambda: service.report(session, principal, report.child_id, report.what), report)


@router.get("")
def list_reports(session: InTransaction, principal: Asking, page: Paging) -> dict[str, Any]:
    """List the reports that it is one's office to see; everybody else's own, that they were received."""
    principal.must_be("bureau", "school", "teacher", "agency", "protection")
    return page.of(session, service.listed(principal), MandatoryReport.__table__.c.id)


@router.get("/{report_id}")
def show_report(session: InTransaction, principal: Asking, report_id: str) -> dict[str, Any]:
    """Open a report (the agency that must answer, the officers for protection); its reporter sees that it was received."""
    principal.must_be("bureau", "school", "teacher", "agency", "protection")
    return service.shown(session, principal, report_id)


@router.post("/{report_id}/answer")
def answer_report(session: InTransaction, principal: Asking, once: OnlyOnce, report_id: str, answer: Answer) -> Any:
    """File what became of a report (the agency that must answer, the officers for protection)."""
    principal.must_be("agency", "protection")
    return once(lambda: service.answer(session, principal, report_id, answer.outcome, answer.note), answer, 200)
