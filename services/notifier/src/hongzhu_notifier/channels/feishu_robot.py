"""Feishu (飞书) group robots."""

import base64
import hmac
from collections.abc import Mapping
from datetime import timedelta

from pydantic import SecretStr

from hongzhu.clock import now
from hongzhu.settings import settings
from hongzhu_notifier.channels import MINUTE, Limit
from hongzhu_notifier.channels.robots import Robot
from hongzhu_notifier.webhook import post


class FeishuRobot(Robot):
    """``HONGZHU_FEISHU_ROBOTS``."""

    name = "feishu_robot"
    setting = "HONGZHU_FEISHU_ROBOTS"
    limits = (Limit(5, timedelta(seconds=2)), Limit(100, MINUTE))
    bytes_at_most = 19_000
    """Of the 20 KB that the whole request may have."""

    def robots(self) -> Mapping[str, SecretStr]:
        """Return the addresses by place."""
        return settings().feishu_robots

    def deliver(self, url: str, secret: str, text: str) -> None:
        """Post a text; 11232 says that it was too often, 19021 that the signature does not fit, 19024 that a keyword is missing."""
        body = {"msg_type": "text", "content": {"text": text}}
        post(url, body | (_signed(secret) if secret else {}), code="code")


def _signed(secret: str) -> dict[str, str]:
    # Time and secret together are the key, of an empty message, and the time is in seconds.
    timestamp = str(int(now().timestamp()))
    digest = hmac.digest(f"{timestamp}\n{secret}".encode(), b"", "sha256")
    return {"timestamp": timestamp, "sign": base64.b64encode(digest).decode()}
