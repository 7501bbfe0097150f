"""Posting JSON to a messenger's server, whose answer says in its body what became of it."""

import logging
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx

from hongzhu_notifier.channels import OutcomeUnknownError, SendFailedError

TIMEOUT = httpx.Timeout(10.0)
"""Seconds for each step; a few of them are still within the lease of a delivery."""

logging.getLogger("httpx").setLevel(logging.WARNING)  # it would log addresses, and a robot's is its key


def post(
    url: str, body: Mapping[str, Any], code: str = "errcode", *, params: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Post and return the answer if its `code` is 0.

    Raises `RefusedError` when the server says that nothing was sent, `SendFailedError` when nothing reached it, and
    `OutcomeUnknownError` when it did and nobody knows what came of it.
    """
    return _asked("POST", url, code, params or {}, json=body)


def get(url: str, code: str = "errcode", *, params: Mapping[str, str]) -> dict[str, Any]:
    """Get, with the same answers and errors."""
    return _asked("GET", url, code, params)


def _asked(method: str, url: str, code: str, params: Mapping[str, str], **body: Any) -> dict[str, Any]:
    bare = urlunsplit(urlsplit(url)._replace(fragment=""))
    try:
        # An address may have parameters of its own, which stay.
        answer = httpx.request(method, httpx.URL(bare).copy_merge_params(params), timeout=TIMEOUT, **body)
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        raise SendFailedError("The messenger could not be reached ({kind}).", kind=type(error).__name__) from None
    except httpx.HTTPError as error:
        raise OutcomeUnknownError("The messenger broke off ({kind}).", kind=type(error).__name__) from None
    if answer.is_client_error:
        raise RefusedError(answer.status_code)
    try:
        said = answer.raise_for_status().json()
        number = int(said[code])
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        raise OutcomeUnknownError(
            "The messenger did not say what became of it ({code}).", code=answer.status_code
        ) from None
    if number == BUSY:
        raise OutcomeUnknownError("The messenger was too busy to say what became of it ({code}).", code=number)
    if number != 0:
        raise RefusedError(number)
    return dict(said)


BUSY = -1
"""What WeCom and DingTalk answer when something went wrong on their side, of which they do not say how far it came."""


class RefusedError(SendFailedError):
    """The messenger refused; its own words may quote what was sent, so only the number is told."""

    title = "The messenger refused the message ({code})."

    def __init__(self, code: int) -> None:
        self.code = code
        super().__init__(code=code)


def fitting(title: str, text: str, most: int) -> str:
    """Put title and text together in at most so many bytes: lines before the last one, which holds the link, give way."""
    *lines, _empty, link = text.split("\n")
    while True:
        whole = "\n".join([title, *lines, link])
        if len(whole.encode()) <= most or not lines:
            return whole
        lines = [*lines[:-2], "…"] if len(lines) > 1 else []
