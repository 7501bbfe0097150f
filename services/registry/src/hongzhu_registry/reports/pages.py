"""``/reports`` as pages: the report of any days, two of them side by side, the rows behind a figure, closing and signing off."""

from datetime import date
from typing import Annotated, Any

from fastapi import Form, Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import Field
from sqlalchemy import select

from hongzhu.clock import today
from hongzhu.errors import ConflictError, HongzhuError, InvalidError
from hongzhu.i18n import _, speaking
from hongzhu_registry.agencies.queries import names_of_all as agency_names
from hongzhu_registry.programmes.queries import definitions
from hongzhu_registry.reports import formats, own, reading, service
from hongzhu_registry.reports.document import Figure, Report
from hongzhu_registry.reports.formats import MEDIA, Format
from hongzhu_registry.reports.heading import between, day
from hongzhu_registry.reports.models import ClosedReport
from hongzhu_registry.reports.queries import called
from hongzhu_registry.reports.rows import Period
from hongzhu_registry.reports.wording import numeral
from hongzhu_registry.rest import InTransaction, Paging
from hongzhu_registry.schools.queries import names as school_names
from hongzhu_registry.signed_in import Narrowing, Pages, Reading, see_other, show, with_query

router = Pages()

DOWNLOADS: tuple[Format, ...] = ("docx", "xlsx", "md")


class About(Narrowing):
    """What a report is about; this school year up to today unless told."""

    first: date | None = Field(None, alias="from")
    last: date | None = Field(None, alias="to")
    school_id: str | None = None
    agency: str | None = None

    @property
    def period(self) -> Period:
        """Return the days, the school and the agency; raises `InvalidError`."""
        first = self.first or _school_year()
        return service.period_of(first, self.last or max(first, today()), self.school_id, self.agency)


class AboutBoth(About):
    """What two reports that are compared are about; the one before is as long as the other unless told."""

    with_first: date | None = Field(None, alias="with_from")
    with_last: date | None = Field(None, alias="with_to")

    @property
    def before(self) -> Period:
        """Return the other days; raises `InvalidError`."""
        period = self.period
        last = self.with_last or date.fromordinal(period.first.toordinal() - 1)
        first = self.with_first or date.fromordinal(last.toordinal() - (period.last - period.first).days)
        return service.period_of(first, last, self.school_id, self.agency)


class AsFile(About):
    """Which report is to be written, and in which format."""

    as_: Format = Field("docx", alias="format")


@router.get("/reports")
def list_reports(request: Request, session: InTransaction, reader: Reading, page: Paging) -> HTMLResponse:
    """Show the reports that were closed, and ask for the days of another one."""
    reader.must_be("bureau")
    columns = ClosedReport.__table__.c
    shown = (columns[name] for name in ("id", "begins_on", "ends_on", "cut_off", "signed_on"))
    found = page.of(session, select(*shown, columns.content["dated"].as_string().label("dated")), columns.id)
    found["items"] = [each | {"dated": date.fromisoformat(each["dated"])} for each in found["items"]]
    return show(request, "reports.html", found=found, formats=DOWNLOADS, **_asking(session, About().period))


@router.get("/reports/preview")
def preview(
    request: Request, session: InTransaction, reader: Reading, about: Annotated[About, Query()]
) -> HTMLResponse:
    """Show the report of some days as things stand now."""
    reader.must_be("bureau")
    try:
        period = about.period
    except InvalidError as error:
        return show(request, "report.html", status=error.status, report=None, error=error, **_asking(session, about))
    return show(
        request,
        "report.html",
        **_paper(service.make(session, period)),
        downloads=[(each, with_query("/reports/download", {**_query(period), "format": each})) for each in DOWNLOADS],
        compare=with_query("/reports/compare", _query(period)),
        error=None,
        **_asking(session, period),
    )


@router.get("/reports/compare")
def compare(
    request: Request, session: InTransaction, reader: Reading, about: Annotated[AboutBoth, Query()]
) -> HTMLResponse:
    """Show the figures of two periods side by side."""
    reader.must_be("bureau")
    try:
        periods = (about.before, about.period)
    except InvalidError as error:
        return show(
            request, "reports-compared.html", status=error.status, periods=None, error=error, **_asking(session, about)
        )
    programmes = definitions(session, about.agency)
    before, after = (service.counted(session, each, programmes)[0] for each in periods)
    titles = {own.CODE: _("Children and schools")} | {each.code: str(each.name) for each in programmes}
    return show(
        request,
        "reports-compared.html",
        periods=periods,
        groups=_side_by_side(before, after, titles),
        change=reading.change,
        error=None,
        **_asking(session, periods[1]),
    )


@router.get("/reports/download")
def download(session: InTransaction, reader: Reading, about: Annotated[AsFile, Query()]) -> Response:
    """Write the report of some days, as things stand now, as a file."""
    reader.must_be("bureau")
    return _file(service.written(session, about.period, about.as_), about.as_)


@router.get("/reports/figures/{key}/rows")
def figure_rows(
    request: Request,
    session: InTransaction,
    reader: Reading,
    key: str,
    page: Paging,
    about: Annotated[About, Query()],
) -> HTMLResponse:
    """Show what a figure counts, row by row."""
    reader.must_be("bureau")
    period = about.period
    statement = service.rows(session, key, period)
    found = page.of(session, statement, statement.selected_columns.id)
    kind, title = _what(session, key)
    ids = [each["id"] for each in found["items"]]
    return show(
        request,
        "report-rows.html",
        title=title,
        period=period,
        found=found,
        called=called(session, reader, kind, ids),
        schools=school_names(session),
        between=between,
        preview=with_query("/reports/preview", _query(period)),
    )


@router.post("/reports")
def close(
    request: Request,
    session: InTransaction,
    reader: Reading,
    *,
    first: Annotated[str, Form(alias="from", max_length=10)] = "",
    last: Annotated[str, Form(alias="to", max_length=10)] = "",
) -> Response:
    """Close the report of some days: made again, it says the same."""
    reader.must_be("bureau")
    try:
        period = service.period_of(_day(first, "from"), _day(last, "to"))
    except InvalidError as error:
        asked = _asking(session, About().period)
        return show(request, "report.html", status=error.status, report=None, error=error, **asked)
    return see_other(f"/reports/{service.close(session, reader, period).id}", done="closed")


@router.get("/reports/{report_id}")
def show_report(
    request: Request, session: InTransaction, reader: Reading, report_id: str, done: str | None = None
) -> HTMLResponse:
    """Show a closed report again, as it stood."""
    reader.must_be("bureau")
    return _closed(request, service.closed_report(session, report_id), done=done)


@router.get("/reports/{report_id}/download")
def download_again(
    session: InTransaction, reader: Reading, report_id: str, as_: Annotated[Format, Query(alias="format")] = "docx"
) -> Response:
    """Write a closed report again as a file."""
    reader.must_be("bureau")
    return _file(service.again(service.closed_report(session, report_id), as_), as_)


@router.post("/reports/{report_id}/sign")
def sign(request: Request, session: InTransaction, reader: Reading, report_id: str) -> Response:
    """Sign a closed report off."""
    reader.must_be("bureau")
    try:
        service.sign(session, reader, report_id)
    except ConflictError as error:
        return _closed(request, service.closed_report(session, report_id), error=error)
    return see_other(f"/reports/{report_id}", done="signed")


def _closed(
    request: Request, closed: ClosedReport, *, done: str | None = None, error: HongzhuError | None = None
) -> HTMLResponse:
    links = [(each, f"/reports/{closed.id}/download?format={each}") for each in DOWNLOADS]
    return show(
        request,
        "report-closed.html",
        status=422 if error else 200,
        closed=closed,
        **_paper(formats.read(closed.content)),
        downloads=links,
        done=done,
        error=error,
        **_READING,
    )


_READING: dict[str, Any] = {
    "pieces": reading.pieces,
    "rows_page": reading.rows_page,
    "drawn": reading.drawn,
    "numeral": numeral,
    "day": day,
    "between": between,
}


def _paper(report: Report) -> dict[str, Any]:
    """Return a report, and the days above and below it in the language that it is written in."""
    with speaking(report.language):
        return {"report": report, "days": between(report.begins_on, report.ends_on), "dated": day(report.dated)}


def _asking(session: InTransaction, about: Period | About) -> dict[str, Any]:
    """Return what the form that asks for days, school and agency is filled with."""
    return {"about": about, "schools": school_names(session), "agencies": agency_names(session), **_READING}


def _query(period: Period) -> dict[str, object]:
    return {"from": period.first, "to": period.last, "school_id": period.school_id, "agency": period.agency}


def _side_by_side(
    before: dict[str, Figure], after: dict[str, Figure], titles: dict[str, str]
) -> list[tuple[str, list[tuple[Figure | None, Figure]]]]:
    """Put the figures of two periods beside each other, programme by programme, without those that are nothing in both."""
    groups: dict[str, list[tuple[Figure | None, Figure]]] = {}
    for key, figure in after.items():
        earlier = before.get(key)
        if figure.value or (earlier and earlier.value):
            groups.setdefault(key.rpartition(".")[0], []).append((earlier, figure))
    return [(titles.get(code, code), groups[code]) for code in titles if code in groups]


def _what(session: InTransaction, key: str) -> tuple[str, str]:
    """Say of what kind the rows behind a figure are, and what it is called."""
    name = key.removeprefix(f"{own.CODE}.")
    for kind, some in (("schools", own.LARGEST), ("children", own.SHARES)):
        if name in some:
            title: Any = some[name]
            return kind, str(title[0] if isinstance(title, tuple) else title)
    if name in own.COVERAGE:
        return "tasks", str(own.COVERAGE[name][0])
    asked = service.asked(session, key)
    if asked is None:  # it was shown in a closed report, and its programme has ended since
        return "", key
    per = {"child": "children", "school": "schools"}
    return per.get(asked.figure.distinct or "", asked.figure.of), str(asked.figure.title)


def _school_year() -> date:
    day = today()
    return date(day.year if day.month >= 9 else day.year - 1, 9, 1)


def _day(text: str, field: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidError("{where} is not as it should be.", field=field, where=field) from None


def _file(content: bytes, as_: Format) -> Response:
    return Response(content, media_type=MEDIA[as_], headers=formats.headers(as_))
