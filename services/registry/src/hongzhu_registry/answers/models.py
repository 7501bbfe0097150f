"""What an Idempotency-Key remembers."""

from datetime import datetime, timedelta

from sqlalchemy import Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from hongzhu_registry.database import Base
from hongzhu_registry.sealing import sealed


class Answered(Base):
    """An answer already given to an Idempotency-Key; given again to whoever asks the same again."""

    __tablename__ = "answered"

    account_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    request_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    status: Mapped[int] = mapped_column(Integer, default=0)
    answer: Mapped[bytes | None] = sealed("answer.{key}")
    """Sealed: it says what was opened for whoever asked."""
    answered_at: Mapped[datetime] = mapped_column(index=True)


REMEMBERED = timedelta(days=30)
"""How long answers are remembered: longer than any queue or outbox holds a message."""
