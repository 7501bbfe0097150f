"""E-mail."""

import smtplib
import ssl
from contextlib import suppress
from email import policy
from email.message import EmailMessage
from email.utils import localtime, make_msgid, parseaddr
from urllib.parse import SplitResult, unquote, urlsplit

from hongzhu.errors import ConfigurationError
from hongzhu.settings import settings
from hongzhu_notifier.channels import Channel, OutcomeUnknownError, SendFailedError
from hongzhu_notifier.digest import Digest, Recipient

TIMEOUT = 20.0
"""Seconds to wait for each answer of the mail server; a dozen of them are still within the lease of a delivery."""


class Smtp(Channel):
    """E-mail through the server at ``HONGZHU_SMTP_URL``: ``smtp://user:password@host:25`` or ``smtps://…:465``."""

    name = "smtp"

    def __init__(self) -> None:
        if _url().scheme not in {"smtp", "smtps"} or not _url().hostname:
            raise ConfigurationError("The channel “smtp” needs HONGZHU_SMTP_URL, such as smtp://user:password@host:25.")

    def reaches(self, recipient: Recipient) -> bool:
        """Reach those who gave an address."""
        return bool(recipient.email)

    def send(self, digest: Digest, recipient: Recipient) -> None:
        """Hand one message to the server; only if that breaks off once its text is under way does nobody know."""
        sender = parseaddr(settings().mail_from)[1]
        client: smtplib.SMTP | None = None
        try:
            message = _message(digest, recipient)
            client = _connect(sender.rpartition("@")[2])
            _greet(client)
            _accepted(client.mail(sender))
            _accepted(client.rcpt(recipient.email or ""))
            _hand_over(client, message)
        except (
            OSError,
            ValueError,
        ) as error:  # smtplib's own are OSErrors; some quote the address: cut off
            raise SendFailedError("The mail server could not be used ({kind}).", kind=type(error).__name__) from None
        finally:
            if client is not None:
                with suppress(OSError):  # the outcome is known by now, whether the goodbye arrives or not
                    client.quit()
                client.close()


def _message(digest: Digest, recipient: Recipient) -> bytes:
    message = EmailMessage()
    message["From"] = settings().mail_from
    message["To"] = recipient.email
    message["Subject"] = digest.title()
    message["Date"] = localtime()
    message["Message-ID"] = make_msgid(domain=settings().mail_from.rpartition("@")[2].rstrip(">"))
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday replies
    message.set_content(digest.text(), cte="base64")  # passes every server, 8-bit or not
    return message.as_bytes(policy=policy.SMTP)


def _url() -> SplitResult:
    url = settings().smtp_url
    return urlsplit(url.get_secret_value() if url else "")


def _connect(hello: str) -> smtplib.SMTP:
    url = _url()
    host = url.hostname or ""
    if url.scheme == "smtps":
        return smtplib.SMTP_SSL(host, url.port or 465, hello, timeout=TIMEOUT, context=ssl.create_default_context())
    return smtplib.SMTP(host, url.port or 25, hello, timeout=TIMEOUT)


def _greet(client: smtplib.SMTP) -> None:
    url = _url()
    client.ehlo_or_helo_if_needed()
    if url.scheme == "smtp" and client.has_extn("starttls"):
        client.starttls(context=ssl.create_default_context())
        client.ehlo()
    if url.username:
        client.login(unquote(url.username), unquote(url.password or ""))


def _accepted(reply: tuple[int, bytes]) -> None:
    code, _text = reply  # the text may quote the address
    if code // 100 != 2:
        raise SendFailedError("The mail server refused the message ({code}).", code=code)


def _hand_over(client: smtplib.SMTP, message: bytes) -> None:
    try:
        reply = client.data(message)
    except smtplib.SMTPDataError as error:
        raise SendFailedError("The mail server refused the message ({code}).", code=error.smtp_code) from None
    except OSError as error:
        raise OutcomeUnknownError(
            "The mail server broke off after taking the message ({kind}).", kind=type(error).__name__
        ) from None
    _accepted(reply)
