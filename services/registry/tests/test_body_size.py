"""Nobody can fill the server's memory with what they send, signed in or not."""

import anyio
import pytest
from county import County, token_of
from fastapi import FastAPI
from starlette.types import Message

from hongzhu_registry.body_size import MOST, MOST_WORKBOOKS
from hongzhu_registry.signed_in import SESSION
from hongzhu_registry.workbooks.limits import MIB


@pytest.mark.parametrize("who", [None, "school"])
@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/api/v1/children", "application/json"),
        ("/api/v1/token", "application/x-www-form-urlencoded"),
        ("/sign-in", "application/x-www-form-urlencoded"),
        ("/children/child-own/transfer", "application/x-www-form-urlencoded"),
        ("/w/a-link/account", "application/x-www-form-urlencoded"),
    ],
)
def test_what_is_too_large_is_refused_before_it_is_read(
    sqlite_county: County, who: str | None, path: str, kind: str
) -> None:
    headers = {"Content-Type": kind} | ({"Authorization": f"Bearer token-of-{who}"} if who else {})
    said = sqlite_county.http.post(path, content=b"x" * (MOST + 1), headers=headers)
    assert said.status_code == 413
    assert sqlite_county.http.get("/healthz").status_code == 200


@pytest.mark.usefixtures("sqlite_county")
def test_what_turns_out_to_be_too_large_is_read_no_further(app: FastAPI) -> None:
    asked = {"type": "http", "method": "POST", "path": "/api/v1/children", "query_string": b"", "headers": []}
    read, statuses = 0, []

    async def receive() -> Message:
        nonlocal read
        read += MIB
        return {"type": "http.request", "body": b" " * MIB, "more_body": True}

    async def send(message: Message) -> None:
        statuses.extend([message["status"]] if "status" in message else [])

    anyio.run(app, asked, receive, send)
    assert statuses == [413]
    assert read == MOST + MIB


@pytest.mark.parametrize("path", ["/api/v1/imports", "/imports"])
def test_workbooks_may_be_larger_from_those_who_may_hand_them_in(sqlite_county: County, path: str) -> None:
    def handed_in(who: str | None, size: int) -> int:
        page = not path.startswith("/api/")
        sqlite_county.http.cookies.clear()
        if who and page:
            sqlite_county.http.cookies.set(SESSION, token_of(who))
        headers = {"Authorization": f"Bearer {token_of(who)}"} if who and not page else {}
        file = {"files" if page else "file": ("a.xlsx", b"x" * size)}
        return sqlite_county.http.post(path, files=file, headers=headers, follow_redirects=False).status_code

    assert handed_in("bureau", 2 * MOST) in (202, 303)
    assert handed_in("bureau", MOST_WORKBOOKS) == 413
    assert [handed_in(who, 2 * MOST) for who in ("school", "carers", None)] == [413] * 3
