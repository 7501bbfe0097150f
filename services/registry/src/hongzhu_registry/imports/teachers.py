"""Which teacher a line of a school's staff is: a new telephone makes nobody a second person, and nobody is guessed at."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from hongzhu.database import among
from hongzhu.messages import batches
from hongzhu_registry.imports.keeping import AT_ONCE, fact, identity
from hongzhu_registry.imports.result import Result
from hongzhu_registry.sealing import key_ring
from hongzhu_registry.supporters.models import Supporter
from hongzhu_registry.workbooks import Staff

KIND = "teacher"
Line = tuple[Staff, str]
"""A line of a list, and the id of its school."""
Named = tuple[str, str]
"""A school's id, and a name there."""


@dataclass
class Teacher:
    """A teacher there is, as known before the list; without an identity if entered by hand."""

    id: str
    identity: str | None
    phone: str

    @property
    def has_number(self) -> bool:
        """Whether a list told the number before."""
        return (self.identity or "").startswith(NUMBERED)


NUMBERED = "n"
"""What the identity of somebody with a number begins with, and no hash does."""


def by_phone(school_id: str, name: str, phone: str) -> str:
    """Return what makes a teacher the same by name and telephone."""
    return identity(Supporter, school_id, KIND, name, phone)


def by_number(school_id: str, number: str) -> str:
    """Return what makes a teacher the same by the school's own number (职工号)."""
    return NUMBERED + identity(Supporter, school_id, KIND, number)[1:]


class Teachers:
    """The teachers that the lines of a list are: told by number, by telephone, or by a name that only one has."""

    def __init__(self, session: Session, lines: Sequence[Line], result: Result) -> None:
        self._session, self._result = session, result
        self._here: defaultdict[Named, list[Teacher]] = defaultdict(list)
        self._by_identity: dict[str, Teacher] = {}
        # Whoever has a number on one line, and only the telephone on another, is one.
        self._numbers = {
            (school_id, row.name, row.phone): row.number for row, school_id in lines if row.number and row.phone
        }
        self._read(lines)
        self._told: defaultdict[Named, set[str]] = defaultdict(set)
        """Who of one name the list tells apart, as they would be called if they were new."""
        self._met: defaultdict[Named, set[str]] = defaultdict(set)
        """Who of those that are known the list tells for certain."""
        for row, school_id in lines:
            if self._is_marked(row, school_id):
                self._told[school_id, row.name].add(self._own(row, school_id))
            if found := self._certain(row, school_id):
                self._met[school_id, row.name].add(found.id)

    def of(self, row: Staff, school_id: str) -> tuple[str, str] | None:
        """Return the identity of a line's teacher, and the telephone, which stays as known where the line tells none.

        A line that may be one or another of several is rejected.
        """
        found = self._certain(row, school_id) or self._only(row, school_id)
        told = self._told[school_id, row.name]
        own = next(iter(told)) if len(told) == 1 else self._own(row, school_id)
        if found:
            return self._call(found, own), row.phone or found.phone
        if self._is_doubtful(row, school_id):
            self._result.reject(row.source, "name", "teacher_ambiguous")
            return None
        return own, row.phone

    def _number(self, row: Staff, school_id: str) -> str:
        return row.number or self._numbers.get((school_id, row.name, row.phone), "")

    def _is_marked(self, row: Staff, school_id: str) -> bool:
        return bool(self._number(row, school_id) or row.phone)

    def _own(self, row: Staff, school_id: str) -> str:
        number = self._number(row, school_id)
        return by_number(school_id, number) if number else by_phone(school_id, row.name, row.phone)

    def _certain(self, row: Staff, school_id: str) -> Teacher | None:
        """Return who has the line's number, or its name and telephone, be it as a list told it first or as it is now."""
        own = self._by_identity.get(self._own(row, school_id))
        if found := own or self._by_identity.get(by_phone(school_id, row.name, row.phone)):
            return found
        number, here = self._number(row, school_id), self._here[school_id, row.name]
        alike = (each for each in here if row.phone and each.phone == row.phone)
        return next((each for each in alike if not (number and each.has_number)), None)

    def _only(self, row: Staff, school_id: str) -> Teacher | None:
        """Return the only one of the line's name, if the list tells of no other, nor of another number."""
        here = self._here[school_id, row.name]
        alone = len(here) == 1 and len(self._told[school_id, row.name]) < 2
        return here[0] if alone and not (here[0].has_number and self._number(row, school_id)) else None

    def _is_doubtful(self, row: Staff, school_id: str) -> bool:
        """Whether a line may be one that is known or told under the same name, and need not be somebody new."""
        here = self._here[school_id, row.name]
        if self._number(row, school_id) and all(each.has_number for each in here):
            return False
        several = len(here) + len(self._told[school_id, row.name]) > 1
        return len(self._met[school_id, row.name]) < len(here) or (several and not self._is_marked(row, school_id))

    def _call(self, teacher: Teacher, own: str) -> str:
        """Return by what a teacher is known, from now on by the number if the list tells it first.

        Not where a sheet of this import told it already: what two sheets tell of one teacher must meet.
        """
        known_as = teacher.identity
        adopts = known_as is None or (own.startswith(NUMBERED) and fact(known_as, "name") not in self._result.told)
        if adopts and known_as != own:
            teacher.identity = known_as = own
            self._by_identity[own] = teacher
            self._session.execute(update(Supporter).where(Supporter.id == teacher.id).values(identity=own))
        return str(known_as)

    def _read(self, lines: Sequence[Line]) -> None:
        schools = {school_id for _, school_id in lines}
        names = sorted({row.name for row, _ in lines})
        numbers = sorted({by_number(school_id, row.number) for row, school_id in lines if row.number})
        columns = Supporter.id, Supporter.identity, Supporter.phone, Supporter.school_id, Supporter.name
        teachers = select(*columns).where(Supporter.kind == KIND).order_by(Supporter.id)
        found = {
            row_id: (known_as, sealed, str(school_id), name)
            for column, values in ((Supporter.name, names), (Supporter.identity, numbers))
            for some in batches(values, AT_ONCE)
            for row_id, known_as, sealed, school_id, name in self._session.execute(
                teachers.where(among(self._session, column, some))
            )
            if school_id in schools
        }
        for row_id, (known_as, sealed, school_id, name) in found.items():
            teacher = Teacher(row_id, known_as, key_ring().open(sealed, "supporter", "phone", row_id) or "")
            self._here[school_id, name].append(teacher)
            if known_as:
                self._by_identity[known_as] = teacher
