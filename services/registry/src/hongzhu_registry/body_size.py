"""How much may be sent: a body is read before anybody knows who sends it, so it must fit, however many send one."""

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hongzhu_registry.imports.pages import HAND_IN_BYTES
from hongzhu_registry.rest import API
from hongzhu_registry.workbooks.limits import MIB

MOST = 4 * MIB
"""Ten times the longest question that anybody of ours asks: ten thousand ids."""
MOST_WORKBOOKS = HAND_IN_BYTES + MIB
"""Workbooks, and what a form says around them; they wait on the disk and not in memory."""
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
    left = MOST_WORKBOOKS if scope["path"] in WORKBOOKS else MOST
    said = Headers(scope=scope).get("content-length", "")
    too_large = said.isdecimal() and int(said[:20]) > left

    async def limited() -> Message:
        nonlocal left
        if too_large:
            raise HTTPException(413)
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise HTTPException(413)
        return message

    return limited
