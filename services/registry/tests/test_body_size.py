"""Nobody can fill the server's memory with what they send, signed in or not."""

import anyio
import pytest
from county import County
from fastapi import FastAPI
from starlette.types import Message

from hongzhu_registry.body_size import MOST
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


def test_workbooks_may_be_larger_than_all_else(sqlite_county: County) -> None:
    file = {"file": ("a.xlsx", b"x" * (2 * MOST))}
    headers = {"Authorization": "Bearer token-of-bureau"}
    assert sqlite_county.http.post("/api/v1/imports", files=file, headers=headers).status_code == 202
