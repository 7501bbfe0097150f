"""Photos: what was done, seen."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from hongzhu_registry.database import Base
from hongzhu_registry.sealing import sealed


class Photo(Base):
    """The photo that goes with a record or an activity."""

    __tablename__ = "photo"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    """The id of the record, or activity, that it belongs to."""
    school_id: Mapped[str] = mapped_column(String(36), index=True)
    image: Mapped[bytes | None] = sealed()
    """Sealed: a JPEG, in base64."""
    filed_by: Mapped[str] = mapped_column(String(36))
    """The account or supporter that added it."""
    filed_at: Mapped[datetime]
