"""Facilities: places of care outside the classroom (阵地)."""

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from hongzhu_registry.database import Base, FromWorkbook


class Facility(FromWorkbook, Base):
    """A home, a call room, a counselling station, a swallow home: selected, built or closed."""

    __tablename__ = "facility"

    organisation: Mapped[str] = mapped_column(String(100), index=True)
    kind: Mapped[str] = mapped_column(String(30), index=True)
    name: Mapped[str] = mapped_column(String(100))
    town: Mapped[str | None] = mapped_column(String(50))
    status: Mapped[str | None] = mapped_column(String(20))
