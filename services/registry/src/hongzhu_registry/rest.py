"""The conventions every endpoint keeps: who asks, one transaction, problems (RFC 9457), keyset pages, idempotency, ETags."""

from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from functools import cached_property, update_wrapper
from inspect import signature
from typing import Annotated, Any

from anyio import CapacityLimiter
from anyio.lowlevel import RunVar
from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Query, Request, Response, params
from fastapi.dependencies.utils import get_flat_params
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from fastapi.security import OAuth2PasswordBearer
from pydantic import BaseModel
from sqlalchemy import ColumnElement, Select, tuple_
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import Match
from starlette.types import Scope

from hongzhu import i18n, on_the_loop
from hongzhu.database import CONNECTIONS
from hongzhu.direct import Direct, IndirectError, Prepared
from hongzhu.errors import (
    HongzhuError,
    InvalidError,
    MissingError,
    NotSignedInError,
    StaleError,
    TooLargeError,
    UnconditionalError,
)
from hongzhu.i18n import _
from hongzhu_registry.access.policy import TOKENS, Principal
from hongzhu_registry.access.service import principal_of
from hongzhu_registry.audit import service as audit
from hongzhu_registry.audit.service import Asked
from hongzhu_registry.database import database, narrow

API = "/api/v1"
"""The address under which the API is found."""

MOST = 200
"""The most items one page of a list holds."""
LONGEST = 200
"""The most characters of a cursor."""

bearer = OAuth2PasswordBearer(tokenUrl="/api/v1/token")


# Going to a thread and back costs more than most statements, and so does each thing that the framework leaves to a thread of
# its own: a request goes there once, or not at all.  Those who wait for a connection wait before they go.
_PLACES = RunVar[CapacityLimiter]("places")


def _places() -> CapacityLimiter:
    # One for each event loop, as anyio wants it; never more than there are connections.
    if (found := _PLACES.get(None)) is None:
        _PLACES.set(found := CapacityLimiter(CONNECTIONS))
    return found


def in_place(call: Callable[..., Any]) -> Callable[..., Any]:
    """Make of a function, or a class, what the framework calls where it stands instead of in one more thread."""

    async def called(*args: Any, **values: Any) -> Any:
        return call(*args, **values)

    update_wrapper(called, call, updated=())
    del called.__wrapped__  # type: ignore[attr-defined]  # or the framework would look through it
    called.__signature__ = signature(call)  # type: ignore[attr-defined]
    return called


class Route(APIRoute):
    """A route whose requests are each one transaction, in one place: who asks, the act, its answer, the audit, the commit.

    What is read as rows goes through on the event loop, while what is written, rendered or made into a file has a thread.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **more: Any) -> None:
        super().__init__(path, in_place(endpoint), **more)
        self.act = endpoint
        """The endpoint as it was written."""
        self._reads_rows = self.methods == {"GET"} and self.response_field is not None

    @cached_property
    def query_names(self) -> frozenset[str]:
        """The query parameters that the route knows."""
        elsewhere = params.Path | params.Header | params.Cookie  # the fields of a model are of none of these
        fields = get_flat_params(self.dependant)
        return frozenset(each.alias for each in fields if not isinstance(each.field_info, elsewhere))

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Make what answers a request."""
        handle = super().get_route_handler()
        read = Request.form if self.body_field and isinstance(self.body_field.field_info, params.Form) else Request.body

        async def answer(request: Request) -> Response:
            try:
                await read(request)
            except ClientDisconnect as gone:
                raise HTTPException(400) from gone
            if self._reads_rows and database.waits_on_the_loop:
                async with _places():
                    return await on_the_loop.run(_carry_out, handle, request)
            return await run_sync(_carry_out, handle, request, limiter=_places())

        return answer


class Router(APIRouter):
    """The routes of one noun of the API."""

    def __init__(self, **more: Any) -> None:
        super().__init__(route_class=Route, **more)
        self._begins_with = API + self.prefix.partition("{")[0]

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Tell whether a request is for one of the routes; most are for another noun's."""
        return super().matches(scope) if scope["path"].startswith(self._begins_with) else (Match.NONE, {})


def _carry_out(handle: Callable[[Request], Coroutine[Any, Any, Response]], request: Request) -> Response:
    with database.unseeing() as session:
        request.state.session = session
        response = _run(handle(request))
        if asked := session.info.pop(_ASKED, None):
            # A page shows what it refuses beside the form that was sent.
            audit.write(session, asked, "denied" if response.status_code >= 400 else "done")
    return response


def _run(waits_for_nothing: Coroutine[Any, Any, Response]) -> Response:
    # The body has been read, and everything else is called in place: it goes through to its end like a function.
    try:
        waits_for_nothing.send(None)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]
    waits_for_nothing.close()
    raise RuntimeError("a route of the API waited for something else than its body")


async def opened(request: Request) -> AsyncIterator[None]:
    """Open the transaction of a page, which reads its form only when the link is known; it commits before the answer goes out."""
    transaction = database.unseeing()
    request.state.session = transaction.__enter__()  # nothing is said to the database yet
    try:
        yield
    except BaseException as error:
        await run_sync(transaction.__exit__, type(error), error, error.__traceback__, limiter=CapacityLimiter(1))
        raise
    await run_sync(transaction.__exit__, None, None, None, limiter=CapacityLimiter(1))


_ASKED = "asked"


async def transaction(request: Request) -> Session:
    """Return the request's transaction, which sees nobody's rows yet."""
    session: Session = request.state.session
    return session


InTransaction = Annotated[Session, Depends(transaction)]


@contextmanager
def on_record(request: Request, session: Session, principal: Principal) -> Iterator[None]:
    """Narrow the session to who asks, and write what is done inside into the audit, in the act's own transaction.

    `note_refusal` writes what is refused; what is refused beside a form that was sent, the page says itself (`pages.render`).
    """
    _begin(request, session, principal)
    yield
    audit.write(session, request.state.asked, "denied" if getattr(request.state, "refused", False) else "done")


def _begin(request: Request, session: Session | Direct, principal: Principal) -> None:
    narrow(session, principal.session)
    request.state.asked = Asked(
        principal=principal,
        action=f"{request.method} {request.scope['route'].path}",
        # What stands in the address of a page behind a link is the link itself.
        subject_id=principal.child_id
        if principal.role in ("guardian", "link")
        else next(iter(request.path_params.values()), None),
    )


def note_refusal(request: Request) -> None:
    """Write into the audit that somebody known was refused, once the act's transaction is rolled back."""
    asked: Asked | None = getattr(request.state, "asked", None)
    if asked is not None:
        with database.transaction() as session:
            audit.write(session, asked, "denied")


def refuse_unknown(request: Request) -> None:
    """Refuse query parameters that the route does not know: a filter that was misspelt must not show everything."""
    if not request.query_params:
        return
    if unknown := sorted(request.query_params.keys() - request.scope["route"].query_names):
        names = ", ".join(unknown)[:100]
        raise InvalidError("There is no query parameter {names} here.", field=unknown[0][:100], names=names)


async def asking(request: Request, session: InTransaction, token: Annotated[str, Depends(bearer)]) -> Principal:
    """Find out who is asking by a bearer token."""
    return come_in(request, session, token)


def come_in(request: Request, session: Session | Direct, token: str) -> Principal:
    """Return who a token stands for, and keep on record what is asked: the entry goes with the transaction's end."""
    principal = principal_of(session, token)
    principal.must_be(*TOKENS)
    _begin(request, session, principal)
    refuse_unknown(request)
    session.info[_ASKED] = request.state.asked
    return principal


Asking = Annotated[Principal, Depends(asking)]


class Page:
    """Where a reader of a list stands: how many items, and after which one."""

    def __init__(
        self,
        limit: Annotated[int, Query(ge=1, le=MOST)] = 50,
        cursor: Annotated[str | None, Query(max_length=LONGEST)] = None,
    ) -> None:
        self.limit = limit
        self.cursor = cursor

    @classmethod
    def plain(cls, query: Mapping[str, str]) -> "Page":
        """Read a query that says no more than the page; raises `IndirectError` where it says anything else."""
        limit, cursor = query.get("limit", "50"), query.get("cursor")
        said = (
            query.keys() <= {"limit", "cursor"}
            and limit.isascii()
            and limit.isdecimal()
            and len(limit) <= len(str(MOST))
        )
        if not said or not 1 <= int(limit) <= MOST or len(cursor or "") > LONGEST:
            raise IndirectError
        return cls(int(limit), cursor)

    def of(
        self, session: Session, statement: Select[Any], *key: ColumnElement[Any], newest_first: bool = False
    ) -> dict[str, Any]:
        """Answer one page of `statement` in the order of `key`, its columns that together are unique, each text or a day.

        Never OFFSET, so page 1000 is as fast as 1.
        """
        if self.cursor is not None:
            here, last = tuple_(*key), tuple_(*self._last(key))
            statement = statement.where(here < last if newest_first else here > last)
        order = (each.desc() if newest_first else each for each in key)
        # By the connection itself, which is asked with every list: the session would look for objects among the rows.
        found = session.connection().execute(statement.order_by(*order).limit(self.limit + 1))
        names = found.keys()
        return self._answer([dict(zip(names, row, strict=True)) for row in found], *(str(each.key) for each in key))

    def of_prepared(self, session: Session | Direct, listed: Prepared, who: Mapping[str, Any]) -> dict[str, Any]:
        """Answer one page of a list in the order of ``id`` that takes ``after`` and ``most``, beside who asks."""
        rows = listed.rows(session, {**who, "after": self.cursor or "", "most": self.limit + 1})
        return self._answer(rows, "id")

    def _answer(self, rows: Sequence[dict[str, Any]], *key: str) -> dict[str, Any]:
        items = rows[: self.limit]
        more = len(rows) > self.limit
        return {"items": items, "next": " ".join(str(items[-1][each]) for each in key) if more else None}

    def _last(self, key: Sequence[ColumnElement[Any]]) -> list[Any]:
        """Read the cursor: what the last item of the page before says of the key."""
        said = str(self.cursor).split(" ", len(key) - 1)
        try:
            return [
                date.fromisoformat(value) if each.type.python_type is date else value
                for each, value in zip(key, said, strict=True)
            ]
        except ValueError as error:
            raise InvalidError("{where} is not as it should be.", field="cursor", where="cursor") from error


Paging = Annotated[Page, Depends(in_place(Page))]


def etag(version: int) -> str:
    """Write a version as a strong entity tag (RFC 9110 8.8.3)."""
    return f'"{version}"'


def must_match(if_match: str | None, version: int) -> None:
    """See that a change was made to the version it was read at; raises `UnconditionalError` and `StaleError`."""
    if if_match is None:
        raise UnconditionalError(None, field="If-Match")
    if if_match not in (etag(version), "*"):
        raise StaleError


def problem(request: Request, error: HongzhuError) -> JSONResponse:
    """Tell an error as application/problem+json, in the reader's language, with the field named."""
    i18n.language.set(i18n.accepted_language(request.headers.get("accept-language")))
    content = {"type": "about:blank", "title": _(error.title), "status": error.status, "detail": str(error)}
    if error.field:
        content["field"] = error.field
    return JSONResponse(content, error.status, headers=error.headers, media_type="application/problem+json")


class Problem(BaseModel):
    """What is wrong, where and how to mend it (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    field: str | None = None


PROBLEMS: dict[int | str, dict[str, Any]] = {
    error.status: {
        "description": error.title,
        "content": {"application/problem+json": {"schema": Problem.model_json_schema()}},
    }
    for error in HongzhuError.__subclasses__()
    if error.status != HongzhuError.status
}
"""How each error that is not our fault is told: the part of the API's description that all routes share."""


def in_our_words(error: HTTPException) -> HongzhuError:
    """Return the error of ours that the framework means by one of its own."""
    if error.status_code == 400:  # all that it says of a body it cannot read
        return InvalidError("The body is not JSON.", field="body")
    for known in (NotSignedInError, MissingError, TooLargeError):
        if known.status == error.status_code:
            return known()
    told = HongzhuError("This address does not take that kind of request.")
    told.status = error.status_code  # type: ignore[misc]  # the one error whose status is not its class's
    return told


def first_fault(error: RequestValidationError) -> HongzhuError:
    """Return what was wrong with a request without repeating what was in it."""
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        return InvalidError("The body is not JSON.", field="body")
    field = ".".join(str(part) for part in first["loc"][1:]) or str(first["loc"][0])
    return InvalidError("{where} is not as it should be.", field=field, where=field)
