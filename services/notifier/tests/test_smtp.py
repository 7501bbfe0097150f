"""E-mail against real SMTP servers, among them one that dies at the worst moment."""
# ruff: noqa: N802  # aiosmtpd names its hooks handle_DATA

import email
import logging
import shutil
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from hongzhu import clock
from hongzhu.errors import ConfigurationError
from hongzhu.testing.databases import Configure
from hongzhu_notifier import channels
from hongzhu_notifier.service import service

from .conftest import MONDAY, TALK, WireRegistry, due, log, programme, published, receive, states, tell

ADDRESS = "canary.teacher@school.test"
TOMORROW = MONDAY + timedelta(days=1)

pytestmark = pytest.mark.usefixtures("notifier")


class Mailbox:
    """What a mail server took."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        self.messages.append(email.message_from_bytes(envelope.content, policy=default))
        return "250 taken"


class DiesAfterData(Mailbox):
    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        await super().handle_DATA(server, session, envelope)
        server.transport.abort()
        return "250 never seen"


class RefusesRecipients(Mailbox):
    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        return f"550 no such user {address}"


class RefusesText(Mailbox):
    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        return "554 looks like spam"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(mailbox: Mailbox, **options: Any) -> Iterator[str]:
    server = Controller(mailbox, hostname="127.0.0.1", port=free_port(), **options)
    server.start()
    try:
        yield f"smtp://127.0.0.1:{server.port}"
    finally:
        server.stop()


Start = Callable[[Mailbox, str], Mailbox]


@pytest.fixture
def start(configure: Configure, registry: WireRegistry) -> Iterator[Start]:
    """Starts a mail server with `start(mailbox, channels)`, and lets one teacher with an address be owed a word."""
    with ExitStack() as stack:

        def begin(mailbox: Mailbox, ways: str) -> Mailbox:
            configure(
                smtp_url=stack.enter_context(serving(mailbox)), channels=ways, mail_from="红烛 <care@bureau.test>"
            )
            registry.knows("t1", "c1", email=ADDRESS)
            receive(programme(), due("c1"))
            return mailbox

        yield begin


def test_a_digest_arrives_with_its_title_counts_and_link(start: Start) -> None:
    mailbox = start(Mailbox(), '["smtp"]')
    tell()
    tell()
    (message,) = mailbox.messages
    assert message["To"] == ADDRESS
    assert message["From"] == "红烛 <care@bureau.test>"
    assert message["Subject"] == "Care tasks to do: 1"
    assert "Weekly talk: 1" in message.get_content()
    assert "https://hongzhu.test/l/t1" in message.get_content()
    assert log() == [("t1", "smtp", "sent", {TALK: 1})]
    assert [notice["outcome"] for notice in published()] == ["sent"]


def test_a_server_that_dies_after_the_text_leaves_maybe_sent_and_it_is_never_repeated(start: Start) -> None:
    mailbox = start(DiesAfterData(), '["smtp"]')
    tell()
    assert log() == [("t1", "smtp", "maybe_sent", {TALK: 1})]
    assert [notice["outcome"] for notice in published()] == ["maybe_sent"]
    tell()
    clock.stand_on(TOMORROW)
    tell()
    assert len(mailbox.messages) == 1
    assert len(log()) == 1


@pytest.mark.parametrize("server", [RefusesRecipients, RefusesText])
def test_what_was_refused_is_failed_and_in_the_next_day_s_digest(
    start: Start, configure: Configure, server: type[Mailbox]
) -> None:
    start(server(), '["smtp"]')
    tell()
    tell()
    assert log() == [("t1", "smtp", "failed", {TALK: 1})]
    clock.stand_on(TOMORROW)
    mailbox = Mailbox()
    with serving(mailbox) as url:
        configure(smtp_url=url)
        tell()
    assert len(mailbox.messages) == 1
    assert [status for _, _, status, _ in log()] == ["failed", "sent"]


def test_a_server_that_is_away_is_a_certain_failure(start: Start, configure: Configure) -> None:
    start(Mailbox(), '["smtp"]')
    configure(smtp_url=f"smtp://127.0.0.1:{free_port()}")
    tell()
    assert log() == [("t1", "smtp", "failed", {TALK: 1})]
    assert states() == {"c1": "waiting"}


def test_what_reached_the_inbox_is_told_though_the_mail_failed(start: Start) -> None:
    start(RefusesText(), '["inbox", "smtp"]')
    tell()
    assert [(way, status) for _, way, status, _ in log()] == [("inbox", "sent"), ("smtp", "failed")]
    assert states() == {"c1": "told"}


def test_someone_without_an_address_gets_no_mail(start: Start, registry: WireRegistry) -> None:
    mailbox = start(Mailbox(), '["inbox", "smtp"]')
    registry.knows("t1", "c1", email="")
    tell()
    assert mailbox.messages == []
    assert log() == [("t1", "inbox", "sent", {TALK: 1})]


@pytest.mark.parametrize("server", [RefusesRecipients, DiesAfterData])
def test_no_address_and_no_link_is_ever_logged_stored_or_published(
    start: Start, server: type[Mailbox], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    start(server(), '["smtp", "console"]')
    tell()
    # aiosmtpd is the server, at the other end of the wire, and logs what it is told
    ours = "\n".join(record.getMessage() for record in caplog.records if record.name != "mail.log")
    said = ours + str(log()) + str(published())
    assert "t1" in said
    assert ADDRESS not in said
    assert "hongzhu.test" not in said


def test_an_address_that_is_none_is_a_certain_failure(start: Start, registry: WireRegistry) -> None:
    mailbox = start(Mailbox(), '["smtp"]')
    registry.knows("t1", "c1", email="someone\n@school.test")
    tell()
    assert (mailbox.messages, [status for _, _, status, _ in log()]) == ([], ["failed"])


@pytest.mark.parametrize(("ways", "url"), [('["pigeon"]', ""), ('["smtp"]', ""), ('["smtp"]', "http://mail.test")])
def test_a_channel_that_cannot_work_stops_the_service_at_its_start(configure: Configure, ways: str, url: str) -> None:
    configure(channels=ways, smtp_url=url)
    with pytest.raises(ConfigurationError):
        service.migrate()


def test_the_channels_are_those_installed(configure: Configure) -> None:
    configure(smtp_url="smtp://mail.test")
    assert [way.name for way in channels.installed(["console", "inbox", "smtp"])] == ["console", "inbox", "smtp"]


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for 127.0.0.1, with its key, that nobody trusts yet."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed")
    file = tmp_path / "mail.pem"
    subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    made = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", file, "-out", file]
    command = [*made[:-1], tmp_path / "certificate.pem", *subject]
    subprocess.run(command, check=True, capture_output=True)
    file.write_text(file.read_text() + (tmp_path / "certificate.pem").read_text())
    return file


def only_hongzhu(server: SMTP, session: Session, envelope: Envelope, mechanism: str, who: LoginPassword) -> AuthResult:
    return AuthResult(success=who == LoginPassword(b"hongzhu", b"p@ss/word"), handled=False)


# aiosmtpd does not count a connection that is encrypted from its start as TLS.
@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
@pytest.mark.parametrize("scheme", ["smtps", "smtp"])
@pytest.mark.parametrize(
    ("trusted", "password", "outcome"),
    [
        (True, "p%40ss%2Fword", "sent"),
        (True, "wrong", "failed"),
        (False, "p%40ss%2Fword", "failed"),
    ],
)
def test_mail_goes_encrypted_and_signed_in_to_a_server_that_is_trusted(
    start: Start,
    configure: Configure,
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
    scheme: str,
    trusted: bool,
    password: str,
    outcome: str,
) -> None:
    start(Mailbox(), '["smtp"]')
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    how = {"ssl_context": tls, "auth_require_tls": False} if scheme == "smtps" else {"tls_context": tls}
    mailbox = Mailbox()
    with serving(mailbox, authenticator=only_hongzhu, auth_required=True, **how) as url:
        configure(smtp_url=f"{scheme}://hongzhu:{password}@{url.removeprefix('smtp://')}")
        tell()
    assert log() == [("t1", "smtp", outcome, {TALK: 1})]
    assert len(mailbox.messages) == (outcome == "sent")
