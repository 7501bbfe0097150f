"""Documents: what programmes rest on (文件)."""

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from hongzhu_registry.database import Base, FromWorkbook


class Document(FromWorkbook, Base):
    """A plan or a notice, as it is cited."""

    __tablename__ = "document"

    number: Mapped[str | None] = mapped_column(String(50))
    title: Mapped[str] = mapped_column(String(200))
    issuer: Mapped[str | None] = mapped_column(String(100))
    year: Mapped[int | None]
