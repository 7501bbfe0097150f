"""WeCom (企业微信) group robots."""

from collections.abc import Mapping

from pydantic import SecretStr

from hongzhu.settings import settings
from hongzhu_notifier.channels import MINUTE, Limit
from hongzhu_notifier.channels.robots import Robot
from hongzhu_notifier.webhook import post


class WecomRobot(Robot):
    """``HONGZHU_WECOM_ROBOTS``; WeCom knows no signature: the key in the address is all."""

    name = "wecom_robot"
    setting = "HONGZHU_WECOM_ROBOTS"
    limits = (Limit(20, MINUTE),)
    bytes_at_most = 2048

    def robots(self) -> Mapping[str, SecretStr]:
        """Return the addresses by place."""
        return settings().wecom_robots

    def deliver(self, url: str, secret: str, text: str) -> None:  # noqa: ARG002  # there is none
        """Post a text; code 45009 says that the robot was used too often."""
        post(url, {"msgtype": "text", "text": {"content": text}})
