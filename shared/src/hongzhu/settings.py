"""The configuration: environment variables ``HONGZHU_*``.  Nothing set is the embedded trial."""

import json
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from hongzhu.errors import ConfigurationError
from hongzhu.i18n import CHINESE, ENGLISH


class Settings(BaseSettings):
    """What a process may be told from outside; every field has a value that works on a newcomer's machine."""

    model_config = SettingsConfigDict(env_prefix="HONGZHU_", extra="ignore")

    home: Path = Field(default_factory=lambda: Path.home() / ".hongzhu")
    registry_database_url: str | None = None
    scheduler_database_url: str | None = None
    notifier_database_url: str | None = None
    broker_url: str = "memory://localhost/"
    broker_admin_url: SecretStr | None = None
    registry_url: str = ""
    """Where services and plugins reach the registry: on this machine at `port`, unless told."""
    public_url: str | None = None
    """The address under which people reach the pages, where it differs from the services' own."""
    listen: str = "127.0.0.1"
    port: int = 8000
    trusted_proxies: str = ""
    """Addresses and networks, with commas between, whose X-Forwarded-For says where a request came from."""
    api_token: SecretStr | None = None
    accounts: str = ""
    """``account:SHA-256 of its token,…`` for the notifier and the agencies; `hongzhu setup` writes it for the registry."""
    secret_keys: SecretStr | None = None
    key_prints: str = ""
    """``name:fingerprint,…`` of those keys, for whoever backs up without having them; `hongzhu setup` writes it."""
    timezone: str = "Asia/Shanghai"
    language: str = CHINESE
    digest_at: str = "08:00"
    """The local time from which a day's digests may go out, ``HH:MM``."""
    pace: float = Field(1.0, gt=0)
    """How many times sooner than usual the services look at the clock again: a rehearsal's days are short."""
    channels: Annotated[tuple[str, ...], NoDecode] = ("inbox",)
    watch_days: int = Field(90, ge=0)
    """How long the dossier of a child that left is still followed."""
    retention_days: int = Field(3 * 365, ge=0)
    """How long a dossier is kept in clear once there is no more reason to keep it."""
    smtp_url: SecretStr | None = None
    mail_from: str = "hongzhu@localhost"
    wecom_robots: dict[str, SecretStr] = Field(default_factory=dict)
    """The addresses of WeCom's group robots by school, or `bureau`; and so on.  What stands behind “#” is what signs."""
    dingtalk_robots: dict[str, SecretStr] = Field(default_factory=dict)
    feishu_robots: dict[str, SecretStr] = Field(default_factory=dict)
    wecom_app_url: SecretStr | None = None
    bureau_email: str | None = None
    """Where the bureau's office reads its mail: it has one digest, over all schools."""

    @field_validator("channels", mode="before")
    @classmethod
    def _listed(cls, value: Any) -> Any:
        """Read ``inbox,smtp``, and the same as JSON."""
        if not isinstance(value, str):
            return value
        return (
            json.loads(value) if value.startswith("[") else [each.strip() for each in value.split(",") if each.strip()]
        )

    @field_validator("timezone")
    @classmethod
    def _on_the_map(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):  # not there, not a name, or a folder of names
            raise ConfigurationError(
                "HONGZHU_TIMEZONE: there is no time zone “{value}”; one is written as in Asia/Shanghai.", value=value
            ) from None
        return value

    @field_validator("language")
    @classmethod
    def _spoken(cls, value: str) -> str:
        if value not in {CHINESE, ENGLISH}:
            raise ConfigurationError("HONGZHU_LANGUAGE is zh_CN or en, not “{value}”.", value=value)
        return value

    @field_validator("digest_at")
    @classmethod
    def _of_the_clock(cls, value: str) -> str:
        try:
            return datetime.strptime(value, "%H:%M").strftime("%H:%M")  # noqa: DTZ007  # a time of any day; 8:00 is one too
        except ValueError:
            raise ConfigurationError(
                "HONGZHU_DIGEST_AT is a time of day as in 08:00, not “{value}”.", value=value
            ) from None

    @model_validator(mode="after")
    def _find_registry(self) -> Self:
        self.registry_url = self.registry_url or f"http://127.0.0.1:{self.port}"
        return self

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which days begin and digests go out."""
        return ZoneInfo(self.timezone)

    @property
    def embedded(self) -> bool:
        """Whether the broker lives in this process, so that every service and plugin must too."""
        return urlsplit(self.broker_url).scheme == "memory"

    @property
    def secrets(self) -> Path:
        """Where this installation keeps its keys and tokens."""
        return self.home / "secrets"

    def database_url(self, service: str) -> str:
        """Return the URL of one service's own database: a SQLite file under `home` when none is configured for the trial.

        Raises `ConfigurationError` in production, where forgetting one must not start a second, empty installation.
        """
        configured: str | None = getattr(self, f"{service}_database_url", None)
        if configured is None and not self.embedded:
            raise ConfigurationError(
                "HONGZHU_{service}_DATABASE_URL is not set: “hongzhu setup” writes it, and docker-compose.yml gives each "
                "container its own file.",
                service=service.upper(),
            )
        return configured or f"sqlite:///{self.home / service}.sqlite3"


@cache
def settings() -> Settings:
    """Read the environment once a process, and under it what the installation's home holds for the registry."""
    return Settings(_env_file=Settings().secrets / "registry.env")
