"""How much may be sent: a body is read before anybody knows who sends it, so it must fit, however many send one."""

from anyio.to_thread import run_sync
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hongzhu.errors import NotSignedInError
from hongzhu_registry.access.service import principal_of
from hongzhu_registry.database import database
from hongzhu_registry.rest import API
from hongzhu_registry.signed_in import SESSION
from hongzhu_registry.workbooks.limits import HAND_IN_BYTES, MIB

MOST = 4 * MIB
"""Ten times the longest question that anybody of ours asks: ten thousand ids."""
MOST_WORKBOOKS = HAND_IN_BYTES + MIB
"""Workbooks, and what a form says around them: from those alone who may hand them in."""
WORKBOOKS = ("/imports", f"{API}/imports")
"""Where they are handed in."""


class LimitedBodies:
    """Stops reading what is too large, where it says so itself and where it only turns out to be."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the application read a body as far as it may be."""
        await self._app(scope, _limited(scope, receive) if scope["type"] == "http" else receive, send)


def _limited(scope: Scope, receive: Receive) -> Receive:
    told = Headers(scope=scope).get("content-length", "")
    said, read, most = int(told[:20]) if told.isdecimal() else 0, 0, MOST

    async def see(size: int) -> None:
        nonlocal most
        if size > most == MOST and scope["path"] in WORKBOOKS and await run_sync(_may_hand_in, Request(scope)):
            most = MOST_WORKBOOKS
        if size > most:
            raise HTTPException(413)

    async def limited() -> Message:
        nonlocal read
        await see(said)
        message = await receive()
        read += len(message.get("body", b""))
        await see(read)
        return message

    return limited


def _may_hand_in(request: Request) -> bool:
    token = request.headers.get("authorization", "").removeprefix("Bearer ") or request.cookies.get(SESSION, "")
    with database.unseeing() as session:
        try:
            return principal_of(session, token).is_bureau
        except NotSignedInError:
            return False
