"""Messages of an application of one's own in WeCom (企业微信)."""

from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from hongzhu.errors import ConfigurationError
from hongzhu.settings import settings
from hongzhu_notifier.channels import MINUTE, Channel, Limit, OutcomeUnknownError, SendFailedError
from hongzhu_notifier.digest import Digest, Recipient
from hongzhu_notifier.webhook import RefusedError, fitting, get, post

_BYTES_AT_MOST = 2048
_NO_TOKEN = {40014, 42001}
"""What WeCom answers to a token that is no longer one."""
_COMPANYS, _OWN = 1, 2
"""The two kinds of e-mail addresses that a member has in WeCom."""

_tokens: dict[str, str] = {}
"""The process's token by application: WeCom wants it kept for as long as it is good."""


class WecomApp(Channel):
    """``HONGZHU_WECOM_APP_URL``: ``https://corpid:secret@qyapi.weixin.qq.com/agentid``.

    A member is found by the e-mail address that the registry has, as it stands in WeCom's address book.
    """

    name = "wecom_app"
    limits = (Limit(30, MINUTE),)

    def __init__(self) -> None:
        url = _url()
        if url.scheme not in {"https", "http"} or not (url.username and url.password and url.path[1:].isdecimal()):
            raise ConfigurationError(
                "The channel “wecom_app” needs HONGZHU_WECOM_APP_URL, such as "
                "https://corpid:secret@qyapi.weixin.qq.com/1000002."
            )

    def reaches(self, recipient: Recipient) -> bool:
        """Reach those who gave an address."""
        return bool(recipient.email)

    def send(self, digest: Digest, recipient: Recipient) -> None:
        """Find the member, then send; WeCom itself drops the same text to the same member within some hours."""
        try:
            _token()
            member = _member(recipient.email or "")
        except OutcomeUnknownError as error:  # of a question: nothing was sent by then
            raise SendFailedError("WeCom could not be asked for the member.") from error
        said = _ask(
            "message/send",
            {
                "touser": member,
                "agentid": int(_url().path[1:]),
                "msgtype": "text",
                "text": {"content": fitting(digest.title(), digest.text(), _BYTES_AT_MOST)},
                "enable_duplicate_check": 1,
            },
        )
        if said.get("invaliduser"):
            raise SendFailedError("The application is not shown to this member of WeCom.")


def _member(email: str) -> str:
    try:
        return str(_ask("user/get_userid_by_email", {"email": email, "email_type": _COMPANYS})["userid"])
    except RefusedError:
        return str(_ask("user/get_userid_by_email", {"email": email, "email_type": _OWN})["userid"])


def _ask(call: str, body: dict[str, Any]) -> dict[str, Any]:
    try:
        return post(_address(call), body, params={"access_token": _token()})
    except RefusedError as error:
        if error.code not in _NO_TOKEN:
            raise
        _tokens.clear()
        return post(_address(call), body, params={"access_token": _token()})


def _token() -> str:
    url = _url()
    if url.geturl() not in _tokens:
        identity = {"corpid": unquote(url.username or ""), "corpsecret": unquote(url.password or "")}
        _tokens[url.geturl()] = str(get(_address("gettoken"), params=identity)["access_token"])
    return _tokens[url.geturl()]


def _address(call: str) -> str:
    url = _url()
    return f"{url.scheme}://{url.netloc.rpartition('@')[2]}/cgi-bin/{call}"


def _url() -> SplitResult:
    url = settings().wecom_app_url
    return urlsplit(url.get_secret_value() if url else "")
