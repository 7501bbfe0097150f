"""What the robots of group chats have in common: each school's people, or the bureau's, read one, and a robot's address is its key."""

from collections.abc import Mapping
from typing import ClassVar
from urllib.parse import unquote, urlsplit

from pydantic import SecretStr

from hongzhu.errors import ConfigurationError
from hongzhu_notifier.channels import Channel
from hongzhu_notifier.digest import Digest, Recipient
from hongzhu_notifier.webhook import fitting


class Robot(Channel):
    """One robot a group; several schools may share one, and with it what it takes."""

    group = True
    bytes_at_most: ClassVar[int]
    setting: ClassVar[str]

    def __init__(self) -> None:
        self._urls = {place: url.get_secret_value() for place, url in self.robots().items()}
        if not self._urls or not all(_is_address(url) for url in self._urls.values()):
            raise ConfigurationError(
                "The channel “{name}” needs {setting}: a robot’s address for each school’s code, or for “bureau”, such as "
                "{example}.",
                name=self.name,
                setting=self.setting,
                example='{"3504810001": "https://…#secret"}',
            )

    def robots(self) -> Mapping[str, SecretStr]:
        """Return the addresses by place."""
        raise NotImplementedError

    def deliver(self, url: str, secret: str, text: str) -> None:
        """Say something through the robot at an address; `secret` is empty for one that wants no signature."""
        raise NotImplementedError

    def reaches(self, recipient: Recipient) -> bool:
        """Reach the places that have a robot."""
        return recipient.recipient_id in self._urls

    def sharing(self, recipient: Recipient) -> list[str]:
        """Name the places whose robot is the same."""
        own = urlsplit(self._urls[recipient.recipient_id])._replace(fragment="")
        return [place for place, url in self._urls.items() if urlsplit(url)._replace(fragment="") == own]

    def send(self, digest: Digest, recipient: Recipient) -> None:
        """Tell how much there is to do, and the address of the pages."""
        url = self._urls[recipient.recipient_id]
        self.deliver(url, unquote(urlsplit(url).fragment), fitting(digest.title(), digest.text(), self.bytes_at_most))


def _is_address(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in {"https", "http"} and bool(parts.hostname)
