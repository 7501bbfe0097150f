"""Schools."""

from datetime import date

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from hongzhu_registry.database import Base


class School(Base):
    """A school, under the code the ministry gave it (学校标识码), which is text."""

    __tablename__ = "school"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    version: Mapped[int] = mapped_column(default=1)
    name: Mapped[str] = mapped_column(String(100), index=True)
    town: Mapped[str | None] = mapped_column(String(50))
    stage: Mapped[str | None] = mapped_column(String(10))
    urban: Mapped[bool | None]
    boarding: Mapped[bool | None]
    after_school: Mapped[bool | None]
    has_home: Mapped[bool | None]
    has_call_room: Mapped[bool | None]
    has_counselling_station: Mapped[bool | None]
    entered_on: Mapped[date]
