"""Subsidies: teachers' transport and meals for home teaching (补贴)."""

from datetime import date

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from hongzhu_registry.database import Base, FromWorkbook


class Subsidy(FromWorkbook, Base):
    """Money for one home-teaching visit, in yuan."""

    __tablename__ = "subsidy"

    child_id: Mapped[str] = mapped_column(ForeignKey("child.id"), index=True)
    school_id: Mapped[str] = mapped_column(ForeignKey("school.id"), index=True)
    teacher: Mapped[str] = mapped_column(String(50))
    taught_on: Mapped[date]
    transport: Mapped[float]
    meals: Mapped[float]
    paid: Mapped[bool]
