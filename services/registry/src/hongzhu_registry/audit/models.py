"""The audit: who read or wrote what, sealed into a chain."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from hongzhu_registry.database import Base


class AuditEntry(Base):
    """One act or one refusal.  Never changed and never deleted; the sealer fills in `position` and `seal`, once."""

    __tablename__ = "audit_entry"

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)
    at: Mapped[datetime]
    account_id: Mapped[str] = mapped_column(String(36), index=True)
    role: Mapped[str] = mapped_column(String(20))
    action: Mapped[str] = mapped_column(String(100))
    """The method and the route, ``GET /children/{child_id}``; or the command."""
    subject_id: Mapped[str | None] = mapped_column(String(100))
    """Of what: the id in the address, as it was asked for."""
    outcome: Mapped[str] = mapped_column(String(10))
    """``done`` or ``denied``."""
    position: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    """Its place in the chain, in the order of sealing."""
    seal: Mapped[bytes | None] = mapped_column(LargeBinary(32))

    __table_args__ = (
        Index("ix_audit_entry_subject", "subject_id"),
        Index("ix_audit_entry_unsealed", "id", postgresql_where=position.is_(None), sqlite_where=position.is_(None)),
    )
