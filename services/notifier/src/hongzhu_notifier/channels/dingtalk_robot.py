"""DingTalk (钉钉) group robots."""

import base64
import hmac
from collections.abc import Mapping

from pydantic import SecretStr

from hongzhu.clock import now
from hongzhu.settings import settings
from hongzhu_notifier.channels import MINUTE, Limit
from hongzhu_notifier.channels.robots import Robot
from hongzhu_notifier.webhook import post


class DingtalkRobot(Robot):
    """``HONGZHU_DINGTALK_ROBOTS``; one that is asked more than 20 times a minute is silent for ten."""

    name = "dingtalk_robot"
    setting = "HONGZHU_DINGTALK_ROBOTS"
    limits = (Limit(20, MINUTE),)
    bytes_at_most = 20_000

    def robots(self) -> Mapping[str, SecretStr]:
        """Return the addresses by place."""
        return settings().dingtalk_robots

    def deliver(self, url: str, secret: str, text: str) -> None:
        """Post a text; 130101 says that it was too often, 310000 that signature, keyword or network do not fit."""
        post(url, {"msgtype": "text", "text": {"content": text}}, params=_signed(secret) if secret else None)


def _signed(secret: str) -> dict[str, str]:
    # The key is the secret, and the time is in milliseconds: the other way round from Feishu.
    timestamp = str(int(now().timestamp() * 1000))
    digest = hmac.digest(secret.encode(), f"{timestamp}\n{secret}".encode(), "sha256")
    return {"timestamp": timestamp, "sign": base64.b64encode(digest).decode()}
