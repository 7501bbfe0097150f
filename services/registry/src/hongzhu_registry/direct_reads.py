"""Reads that go past the framework: those that are asked all day, whose way through its layers takes longer than the reading.

Each is one transaction with who asks, the act and the audit in it, as ever; only PostgreSQL has them (`hongzhu.direct`).
"""

import logging
from collections.abc import Callable, Iterable
from inspect import signature
from typing import Any, TypeVar, get_args

import orjson
from fastapi import APIRouter, Request, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from hongzhu.direct import Direct, IndirectError, Pool
from hongzhu_registry.audit import service as audit
from hongzhu_registry.rest import API, Page, Route, come_in

log = logging.getLogger(__name__)

POOL = "direct_reads"
"""Under which name the application, while it runs, gives its requests the pool; none if its database has none."""

BODY = (b"content-length", b"transfer-encoding")
"""What says that a request has a body."""

Endpoint = TypeVar("Endpoint", bound=Callable[..., dict[str, Any]])
_READ_DIRECTLY: set[Callable[..., Any]] = set()


def read_directly(endpoint: Endpoint) -> Endpoint:
    """Let an endpoint that reads rows be asked past the framework too; the statements of most requests must be prepared.

    It may ask for ``session``, ``principal``, ``response``, ``page``, ``filters`` and what stands in its path.
    """
    _READ_DIRECTLY.add(endpoint)
    return endpoint


class DirectReads:
    """Answers what can be read directly, and passes on everything else.

    So does it with what it cannot answer well: the framework comes to the same error, and tells of it.
    """

    def __init__(self, app: ASGIApp, routers: Iterable[APIRouter]) -> None:
        self._app = app
        self._reads = [
            _Read(route)
            for router in routers
            for route in router.routes
            if isinstance(route, Route) and route.act in _READ_DIRECTLY
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or pass it on."""
        if response := await self._answer(scope):
            await response(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _answer(self, scope: Scope) -> Response | None:
        if scope["type"] != "http" or scope["method"] != "GET" or not scope["path"].startswith(API):
            return None
        if any(name in BODY for name, _value in scope["headers"]):  # how much may be sent is seen to further in
            return None
        pool: Pool | None = scope.get("state", {}).get(POOL)
        path = scope["path"].removeprefix(API)
        for read in self._reads if pool else ():
            if found := read.path.match(path):
                request = Request({**scope, "route": read.route, "path_params": found.groupdict(), "state": {}})
                try:
                    return await pool.carry_out(read.carry_out, request)  # type: ignore[union-attr]  # there is one
                except Exception as error:
                    log.debug("%s is passed on: %s", read.route.path, type(error).__name__)
                    return None
        return None


class _Read:
    """An endpoint, and how it is asked."""

    def __init__(self, route: Route) -> None:
        self.route, self.path = route, route.path_regex
        self._endpoint = route.act
        self._wanted = signature(route.act).parameters
        # A request that narrows a list goes by the framework, which knows what a filter may be.
        self._unnarrowed = {
            name: get_args(each.annotation)[0]() for name, each in self._wanted.items() if name == "filters"
        }

    def carry_out(self, transaction: Direct, request: Request) -> Response:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer":
            raise IndirectError
        page, response = Page.plain(request.query_params), Response(media_type="application/json")
        principal = come_in(request, transaction, token)
        given = {"session": transaction, "principal": principal, "response": response, "page": page}
        given |= self._unnarrowed | request.path_params
        # It goes with what is read, in one question; whatever is refused from here on takes it back.
        audit.write(transaction, request.state.asked, "done")
        answer = self._endpoint(**{name: given[name] for name in self._wanted})
        response.body = orjson.dumps(answer, option=orjson.OPT_UTC_Z)  # as the framework does, in a fifth of the time
        response.headers["Content-Length"] = str(len(response.body))
        return response
