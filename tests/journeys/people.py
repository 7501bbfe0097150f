"""People on the outside: a mail server that keeps what it is given, and a reader who fills in a page's form by its HTML alone."""
# ruff: noqa: N802  # aiosmtpd names its hooks handle_DATA

import asyncio
import email
import re
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.policy import default
from html.parser import HTMLParser
from urllib.parse import urljoin

import httpx
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from tests.proofs.servers import free_port


class Mailbox:
    """The mail a server took."""

    def __init__(self, most: int | None = None) -> None:
        self.messages: list[EmailMessage] = []
        self.url = f"smtp://127.0.0.1:{free_port()}"
        self._most = most

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Keep one message."""
        assert isinstance(envelope.content, bytes)
        if self._most is not None and len(self.messages) >= self._most:
            await asyncio.get_running_loop().create_future()  # says nothing any more, until whoever waits gives up
        self.messages.append(email.message_from_bytes(envelope.content, policy=default))
        return "250 taken"

    @property
    def told(self) -> list[str]:
        """The addresses that got mail, each as often as it did."""
        return sorted(str(message["To"]) for message in self.messages)

    def link(self, address: str) -> str:
        """Return the link in the mail to an address."""
        (message,) = (each for each in self.messages if each["To"] == address)
        body = message.get_body(("plain",))
        assert body is not None
        found = re.search(r"https?://\S+", body.get_content())
        assert found is not None
        return found[0]


@contextmanager
def mail_server(most: int | None = None) -> Iterator[Mailbox]:
    """Serve SMTP as long as the context lasts; behind `most` messages it keeps the next sender waiting."""
    mailbox = Mailbox(most)
    server = Controller(mailbox, hostname="127.0.0.1", port=int(mailbox.url.rpartition(":")[2]))
    server.start()
    try:
        yield mailbox
    finally:
        server.stop()


class Page(HTMLParser):
    """A page as a browser without scripts sees it: its links, its text, and the one form that is sent by POST."""

    def __init__(self, answer: httpx.Response) -> None:
        super().__init__()
        self.url = str(answer.url)
        self.links: list[str] = []
        self.action: str | None = None
        self.values: dict[str, list[str]] = {}
        self.offered: list[str] = []
        """The children that can be ticked."""
        self._select: str | None = None
        self._in_form = False
        self.feed(answer.raise_for_status().text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take in one tag."""
        given = {name: value or "" for name, value in attrs}
        if tag == "a" and "href" in given:
            self.links.append(urljoin(self.url, given["href"]))
        elif tag == "form" and given.get("method", "").lower() == "post":
            self._in_form, self.action = True, urljoin(self.url, given.get("action") or self.url)
        elif self._in_form and tag in ("input", "textarea", "select") and "name" in given:
            self._field(tag, given)
        elif self._select and tag == "option":
            chosen = self.values[self._select]
            if given.get("value") and (not chosen[0] or "selected" in given):
                chosen[0] = given["value"]

    def handle_endtag(self, tag: str) -> None:
        """Leave a form or a list of choices."""
        if tag == "form":
            self._in_form = False
        elif tag == "select":
            self._select = None

    def _field(self, tag: str, given: dict[str, str]) -> None:
        name, kind = given["name"], given.get("type", "text")
        if tag == "select":
            self._select, self.values[name] = name, [""]
        elif kind == "checkbox":
            self.offered.append(given.get("value", "on"))
            self.values.setdefault(name, []).append(given.get("value", "on"))
        elif kind == "radio":
            if name not in self.values or "checked" in given:
                self.values[name] = [given["value"]]
        elif kind not in ("submit", "button"):
            self.values[name] = [given.get("value", "")]


def file_for_everybody(link: str) -> int:
    """Open a notice's link, tick every child and send the form; return how many children it was for."""
    with httpx.Client(timeout=30, follow_redirects=True) as browser:
        page = Page(browser.get(link))
        if page.action is None:
            page = Page(browser.get(next(each for each in page.links if "/w/" in each)))
        assert page.action is not None, "the page behind the link has no form"
        answer = browser.post(page.action, data=page.values)
        assert answer.status_code == 200, answer.text
        assert answer.history, "a form that was filed leads on to another page"
        return len(page.offered)
