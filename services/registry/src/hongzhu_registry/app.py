"""The registry's web application: the API under ``/api/v1``, the pages, and what operators probe."""

import logging
import traceback
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import PlainTextResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles
from sqlalchemy import text
from sqlalchemy.exc import DataError, IntegrityError, InterfaceError, OperationalError
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from hongzhu import direct, i18n
from hongzhu.database import CONNECTIONS
from hongzhu.errors import AwayError, ConflictError, HongzhuError, InvalidError, NotSignedInError
from hongzhu.settings import settings
from hongzhu_registry import json_bodies, pages, rest, signed_in
from hongzhu_registry.access.endpoints import router as access
from hongzhu_registry.accounts.desk import router as account_pages
from hongzhu_registry.accounts.endpoints import router as accounts
from hongzhu_registry.accounts.pages import router as own_accounts
from hongzhu_registry.accounts.sessions import router as sessions
from hongzhu_registry.activities.endpoints import router as activities
from hongzhu_registry.agencies.endpoints import router as agencies
from hongzhu_registry.agencies.own_pages import router as own_agency
from hongzhu_registry.agencies.pages import router as agency_pages
from hongzhu_registry.assessments.endpoints import router as assessments
from hongzhu_registry.audit.endpoints import router as audit
from hongzhu_registry.audit.pages import router as audit_pages
from hongzhu_registry.body_size import LimitedBodies
from hongzhu_registry.calendar.endpoints import router as calendar
from hongzhu_registry.calendar.pages import router as calendar_pages
from hongzhu_registry.children.endpoints import router as children
from hongzhu_registry.children.pages import router as child_pages
from hongzhu_registry.conflicts.endpoints import router as conflicts
from hongzhu_registry.conflicts.pages import router as conflict_pages
from hongzhu_registry.consents.endpoints import router as consents
from hongzhu_registry.copies.endpoints import router as copies
from hongzhu_registry.copies.pages import router as guardians
from hongzhu_registry.database import database
from hongzhu_registry.direct_reads import POOL, DirectReads
from hongzhu_registry.documents.endpoints import router as documents
from hongzhu_registry.enrolments.endpoints import router as enrolments
from hongzhu_registry.excuses.endpoints import pauses
from hongzhu_registry.excuses.endpoints import router as excuses
from hongzhu_registry.facilities.endpoints import router as facilities
from hongzhu_registry.imports.endpoints import router as imports
from hongzhu_registry.imports.pages import router as import_pages
from hongzhu_registry.leadership.endpoints import router as leaders
from hongzhu_registry.mandatory_reports.endpoints import router as mandatory_reports
from hongzhu_registry.moves.endpoints import router as moves
from hongzhu_registry.notices.endpoints import router as notices
from hongzhu_registry.pairings.endpoints import router as pairings
from hongzhu_registry.pairings.pages import router as match_pages
from hongzhu_registry.parked.endpoints import router as parked
from hongzhu_registry.parked.pages import router as parked_pages
from hongzhu_registry.photos.endpoints import router as photos
from hongzhu_registry.photos.pages import router as photo_pages
from hongzhu_registry.programmes.endpoints import router as programmes
from hongzhu_registry.programmes.pages import router as programme_pages
from hongzhu_registry.records.endpoints import router as records
from hongzhu_registry.referrals.endpoints import router as referrals
from hongzhu_registry.reports.endpoints import router as reports
from hongzhu_registry.reports.pages import router as report_pages
from hongzhu_registry.schools.endpoints import router as schools
from hongzhu_registry.schools.pages import router as own_school
from hongzhu_registry.stats.endpoints import router as stats
from hongzhu_registry.stats.pages import router as overview
from hongzhu_registry.subsidies.endpoints import router as subsidies
from hongzhu_registry.supporters.endpoints import router as supporters
from hongzhu_registry.supporters.pages import router as helper_pages
from hongzhu_registry.tasks.endpoints import router as tasks
from hongzhu_registry.tasks.pages import router as task_pages
from hongzhu_registry.timeline.endpoints import router as timeline
from hongzhu_registry.weeks.pages import router as weeks

log = logging.getLogger(__name__)

API = (
    access,
    accounts,
    activities,
    agencies,
    assessments,
    audit,
    calendar,
    children,
    conflicts,
    consents,
    copies,
    documents,
    enrolments,
    excuses,
    facilities,
    imports,
    leaders,
    mandatory_reports,
    moves,
    notices,
    pairings,
    parked,
    pauses,
    photos,
    programmes,
    records,
    referrals,
    reports,
    schools,
    stats,
    subsidies,
    supporters,
    tasks,
    timeline,
)
PAGES = (guardians, own_accounts, weeks)
"""Those that a signed link opens."""
DESKS = (
    account_pages,
    agency_pages,
    audit_pages,
    calendar_pages,
    child_pages,
    conflict_pages,
    helper_pages,
    import_pages,
    match_pages,
    overview,
    own_agency,
    own_school,
    parked_pages,
    photo_pages,
    programme_pages,
    report_pages,
    sessions,
    task_pages,
)
"""Those of whoever signs in."""


def make_app() -> FastAPI:
    """Put the registry's doors together."""
    app = FastAPI(
        title="红烛暖心 hongzhu registry",
        version="1",
        docs_url=None,
        redoc_url=None,
        lifespan=_with_direct_reads,
        # What somebody asks for stands in the address, and no collector of traces is to have it.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    for noun in API:
        # Each by itself: what is included in what is included is looked for again at every level.
        app.include_router(noun, prefix=rest.API, responses=rest.PROBLEMS, dependencies=[Depends(json_bodies.storable)])
    for router in PAGES:
        app.include_router(
            router, dependencies=[Depends(pages.from_our_own_page), Depends(rest.opened, scope="function")]
        )
    for router in DESKS:
        app.include_router(router)
    for router in (_front_door(), _probes()):
        app.include_router(router)
    app.mount("/static", GZipMiddleware(_Static(directory=pages.STATIC)), name="static")
    app.add_middleware(LimitedBodies)
    app.add_middleware(_InReadersLanguage)
    app.add_middleware(DirectReads, routers=API)
    if settings().trusted_proxies:
        app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=settings().trusted_proxies)
    for kind, meaning in ERRORS.items():
        app.exception_handler(kind)(partial(_tell, meaning=meaning))
    return app


@asynccontextmanager
async def _with_direct_reads(_app: FastAPI) -> AsyncIterator[Mapping[str, Any]]:
    async with direct.pool(database.url, CONNECTIONS) as pool:
        yield {POOL: pool}


ERRORS: Mapping[type[Exception], Callable[[Any], HongzhuError]] = {
    HongzhuError: lambda error: error,
    RequestValidationError: rest.first_fault,
    HTTPException: rest.in_our_words,
    # The database has the last word on what collides and what fits; it must not sound like a fault of ours.
    IntegrityError: lambda _error: ConflictError(),
    DataError: lambda _error: InvalidError(),
    # What JSON can say and a database cannot be told: half a character, a number without end.
    UnicodeEncodeError: lambda _error: InvalidError(),
    OverflowError: lambda _error: InvalidError(),
    OperationalError: lambda _error: AwayError(),
    InterfaceError: lambda _error: AwayError(),
}
"""What each kind of error that may come up means to whoever asked."""


class _InReadersLanguage:
    """Answers in the reader's language, and tells of what nobody foresaw without a word that could be about a child."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        i18n.language.set(pages.language_of(request))
        begun = False

        async def sending(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception as error:
            # Where and what kind, but neither the text of the error nor the address: both may speak of a child.
            *_, place = traceback.extract_tb(error.__traceback__)
            route = getattr(scope.get("route"), "path", "?")
            log.error("%s %s: %s in %s:%s", request.method, route, type(error).__name__, place.filename, place.lineno)
            if not begun:
                await _tell(request, HongzhuError(), meaning=lambda told: told)(scope, receive, send)


def _tell(request: Request, error: Exception, *, meaning: Callable[[Any], HongzhuError]) -> Response:
    told = meaning(error)
    # Whoever is told what is wrong may learn from it what there is.  A breakdown is no refusal, and may be the database's own.
    if told.status < HongzhuError.status:
        rest.note_refusal(request)
    if request.url.path.startswith("/api/"):
        return rest.problem(request, told)
    if isinstance(told, NotSignedInError) and request.method == "GET":
        return _to_sign_in(request)
    page = pages.render(request, "problem.html", status=told.status, error=told)
    page.headers.update(told.headers)
    return page


def _to_sign_in(request: Request) -> Response:
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    if "hx-request" in request.headers:  # a part of a page that is open: the whole of it leaves
        return Response(headers={"HX-Redirect": "/sign-in"})
    return RedirectResponse(signed_in.with_query("/sign-in", {"next": here}), status_code=303)


class _Static(StaticFiles):
    """Styles, scripts and pictures.

    A page asks for each by what is in it (`pages.static`), and what is asked for so never changes.
    """

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Say how long the file may be kept."""
        response = await super().get_response(path, scope)
        kept_for_good = b"v=" in scope["query_string"]
        response.headers["Cache-Control"] = "max-age=31536000, immutable" if kept_for_good else "max-age=300"
        return response


def _front_door() -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    def welcome(request: Request) -> Response:
        """Say what this is and where to go from here."""
        return pages.render(request, "welcome.html")

    return router


def _probes() -> APIRouter:
    router = APIRouter(include_in_schema=False, route_class=rest.Route)

    @router.get("/healthz")
    def alive() -> Response:
        """Answer as long as the process runs."""
        return PlainTextResponse("ok")

    @router.get("/readyz")
    def ready(session: rest.InTransaction) -> Response:
        """Answer once the database does."""
        session.execute(text("SELECT 1"))
        return PlainTextResponse("ok")

    return router
