"""What a week holds of one programme: the children it is owed to, by class, and how far it is.  Pure."""

import re
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from typing import Literal

from hongzhu.calendar import NOT_ANNOUNCED
from hongzhu.i18n import _
from hongzhu.programme import Programme
from hongzhu_registry.tasks.queries import DONE

WAITING = ("due", "overdue")
ROSTER = "roster_confirmed"
"""The kind of evidence that a roster was gone through, child by child."""
Way = Literal["children", "school", "roster", "held"]
"""By a record for some children; by one for the school; by one that every child was looked for; by an activity and who came."""


@dataclass(frozen=True)
class SchoolTask:
    """What a school as a whole is owed of a programme."""

    state: str
    opens_on: date
    due_on: date
    done_on: date | None


@dataclass(frozen=True)
class Owed:
    """One child's part of a programme this week; `weeks.queries` selects its fields in this order."""

    child_id: str
    name: str
    grade: int | None
    class_name: str | None
    first: bool
    """Whether the child comes first; the page says no more than that about why."""
    state: str
    opens_on: date
    due_on: date
    done_on: date | None
    planned_on: date | None = None
    """The day on which it best fits into its teacher's week, and those of its brothers and sisters."""

    @property
    def class_order(self) -> tuple[int, int, str]:
        """Where the child's class stands among the school's: 2班 before 10班, no class last."""
        number = re.search(r"\d+", self.class_name or "")
        return self.grade or 99, int(number[0]) if number else 99, self.class_name or ""


@dataclass(frozen=True)
class SchoolClass:
    """The children of one class who are still waiting."""

    grade: int | None
    class_name: str | None
    children: list[Owed]

    @property
    def code(self) -> str:
        """What a link calls the class."""
        return f"{self.grade or ''}-{self.class_name or ''}"

    @property
    def first(self) -> int:
        """How many of them come first."""
        return sum(each.first for each in self.children)


@dataclass(frozen=True)
class Need:
    """One programme with the children it is owed to, each once: those who come first first.

    What a school as a whole is owed names the children whom its form asks about, if it asks about any.
    """

    programme: Programme
    children: list[Owed] = field(default_factory=list)
    of_school: SchoolTask | None = None
    """The school's own task, where it is owed to the school and not to each child."""
    former: bool = False
    """Whether it is of tasks of a former version, which asked for another kind of evidence than the one that runs."""

    @property
    def key(self) -> str:
        """What a page's address calls it."""
        return former_key(self.programme) if self.former else self.programme.code

    @property
    def name(self) -> str:
        """What a page calls it."""
        name = str(self.programme.name)
        return _("{name} (form until now)", name=name) if self.former else name

    @property
    def way(self) -> Way:
        """How it is shown to be done."""
        if self.of_school is None:
            return "children"
        if self.programme.form is None:
            return "held"
        return "roster" if self.programme.resolved_by == ROSTER else "school"

    @property
    def is_open(self) -> bool:
        """Whether anything of it is still to be done."""
        return bool(self.waiting) or (self.of_school is not None and self.of_school.state in WAITING)

    @property
    def waiting(self) -> list[Owed]:
        """The children for whom it has not been done yet."""
        return [each for each in self.children if each.state in WAITING]

    @property
    def done(self) -> list[Owed]:
        """The children for whom it has been done, by class."""
        return sorted((each for each in self.children if each.state in DONE), key=lambda child: child.class_order)

    @property
    def due_on(self) -> date | None:
        """The day by which the most pressing of it should be done, that is announced and not past."""
        own = [self.of_school] if self.of_school else self.waiting
        days = (each.due_on for each in own if each.state == "due" and each.due_on < NOT_ANNOUNCED)
        return min(days, default=None)

    @property
    def overdue(self) -> list[Owed]:
        """The waiting children whose day is past."""
        return [each for each in self.waiting if each.state == "overdue"]

    @property
    def classes(self) -> list[SchoolClass]:
        """The waiting children by class."""
        by_class = groupby(sorted(self.waiting, key=lambda child: child.class_order), lambda child: child.class_order)
        groups = [list(children) for _, children in by_class]
        return [SchoolClass(each[0].grade, each[0].class_name, each) for each in groups]


def former_key(programme: Programme) -> str:
    """Return what a page's address calls a former version of a programme."""
    return f"{programme.code}~{programme.resolved_by}"


def nothing_left(programme: Programme, day: date) -> Need:
    """Return what a week holds on `day` of a programme of which nothing is left."""
    return Need(programme, of_school=SchoolTask("done", day, day, None) if programme.subject == "school" else None)
