"""Leading groups: who answers for the programme, down to a person (领导小组)."""

from datetime import date

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from hongzhu_registry.database import Base, FromWorkbook


class Leader(FromWorkbook, Base):
    """A member of the city's or of a school's leading group."""

    __tablename__ = "leader"

    level: Mapped[str | None] = mapped_column(String(10))
    school_id: Mapped[str | None] = mapped_column(ForeignKey("school.id"), index=True)
    duty: Mapped[str] = mapped_column(String(50))
    name: Mapped[str] = mapped_column(String(50))
    responsibility: Mapped[str | None] = mapped_column(String(200))
    formed_on: Mapped[date | None]
