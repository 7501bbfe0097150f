"""Accounts and the tokens that stand for them."""

from datetime import datetime

from sqlalchemy import Double, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from hongzhu_registry.database import Base, new_id
from hongzhu_registry.sealing import sealed


class Account(Base):
    """Somebody, or some service, that may ask the registry."""

    __tablename__ = "account"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    username: Mapped[str] = mapped_column(String(100), unique=True)
    password_hash: Mapped[str | None] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(30))
    school_id: Mapped[str | None] = mapped_column(String(36))
    agency: Mapped[str | None] = mapped_column(String(50))
    supporter_id: Mapped[str | None] = mapped_column(String(36), unique=True)
    """A teacher's own row among the supporters."""
    disabled: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column(default=1)
    password_until: Mapped[datetime | None]
    """Until when a password that somebody else gave is good for one sign-in, in which its holder chooses another."""
    revoked_at: Mapped[datetime | None]
    """When all that stood for it was last ended: links to its holder's week that were made before open nothing."""
    totp: Mapped[bytes | None] = sealed()
    """The secret shared with the holder's authenticator, sealed."""
    totp_step: Mapped[int | None]
    """The time step of the last code that was used, so that each is good once; none until the first one confirms."""


class Token(Base):
    """A bearer token, of which only the hash is kept."""

    __tablename__ = "token"

    hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"), index=True)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    """When an agency last came in by it, to the minute; of people it is not kept."""


class KnownAddress(Base):
    """An address, as a keyed hash, from which an account has signed in: strangers' failures do not slow it."""

    __tablename__ = "known_address"

    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"), primary_key=True)
    address: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    last_at: Mapped[datetime] = mapped_column(index=True)


class Attempts(Base):
    """How often something was tried in one window; what and from where is a keyed hash."""

    __tablename__ = "attempts"

    key: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    count: Mapped[int]
    expires_at: Mapped[float] = mapped_column(Double, index=True)
    """Seconds since 1970, as `limits` counts."""
