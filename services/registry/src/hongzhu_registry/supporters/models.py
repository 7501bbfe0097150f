"""Supporters: the named adults who help."""

from sqlalchemy import ForeignKey, String, false
from sqlalchemy.orm import Mapped, mapped_column

from hongzhu_registry.database import Base, FromWorkbook
from hongzhu_registry.sealing import sealed


class Supporter(FromWorkbook, Base):
    """A named adult who helps: teacher, proxy parent, love parent, law counsellor, five-elders member, volunteer."""

    __tablename__ = "supporter"

    organisation: Mapped[str] = mapped_column(String(100), index=True)
    """The school's id, or the agency as the workbook writes it; `agencies.queries.titles_of` says which agency that is."""
    school_id: Mapped[str | None] = mapped_column(ForeignKey("school.id"), index=True)
    kind: Mapped[str] = mapped_column(String(30), index=True)
    name: Mapped[str] = mapped_column(String(50))
    phone: Mapped[bytes | None] = sealed()
    """Sealed."""
    email: Mapped[bytes | None] = sealed()
    """Sealed."""
    occupation: Mapped[str | None] = mapped_column(String(100))
    town: Mapped[str | None] = mapped_column(String(50))
    capacity: Mapped[int | None]
    vetted: Mapped[bool] = mapped_column(default=False)
    rejected: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether it was looked at and found not to suit; who is neither vetted nor rejected has applied."""
    duty: Mapped[str | None] = mapped_column(String(30))
    """A teacher's office: ``class_teacher`` of a class, ``coordinator`` of the school, or none."""
    grade: Mapped[int | None]
    class_name: Mapped[str | None] = mapped_column(String(20))
