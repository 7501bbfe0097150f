"""Which school and which child a row means, looked up without asking the database for each row."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import NamedTuple, Protocol, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from hongzhu.database import among
from hongzhu.messages import batches
from hongzhu_registry.children.models import Child
from hongzhu_registry.imports.keeping import AT_ONCE
from hongzhu_registry.imports.result import Result
from hongzhu_registry.schools.models import School
from hongzhu_registry.sealing import key_ring
from hongzhu_registry.workbooks import Child as Row
from hongzhu_registry.workbooks import School as Listed
from hongzhu_registry.workbooks import Source


class Placed(NamedTuple):
    """A roster's row with the school it belongs to and what tells it apart."""

    row: Row
    school_id: str
    id_index: bytes
    digest: str


class OfSchool(Protocol):
    """A row that says which school it belongs to."""

    @property
    def source(self) -> Source:
        """Where it was written."""
        ...

    @property
    def school_code(self) -> str:
        """The school's code, or nothing."""
        ...

    @property
    def school_name(self) -> str:
        """The school's name, or nothing."""
        ...


class OfChild(Protocol):
    """A row that says which child it is about."""

    @property
    def source(self) -> Source:
        """Where it was written."""
        ...

    @property
    def id_number(self) -> str:
        """The child's identity number, or nothing."""
        ...

    @property
    def child_name(self) -> str:
        """The child's name."""
        ...


class OfChildAtSchool(OfChild, OfSchool, Protocol):
    """A row that says both."""


R = TypeVar("R", bound=OfChildAtSchool)


class Schools:
    """The schools there are."""

    def __init__(self, session: Session, listed: Iterable[Listed] = ()) -> None:
        """`listed` are schools that are handed in as well, and not stored yet."""
        self._session, self._listed = session, listed
        self._meant: dict[str, School | None] = {"": None}

    def find(self, code: str, name: str) -> School | None:
        """Return the school of that code, or of that name when no code is given; none when there is no such one.

        Nor is there one when the code is one school's and the name another's.
        """
        named = self._named(name)
        if not code:
            return named
        school = self._by_code.get(code)
        return school if named in (school, None) else None

    def of(self, row: OfSchool, result: Result) -> School | None:
        """Return the school a row belongs to; a row of an unknown one, of two, or of one name among several is rejected."""
        school = self.find(row.school_code, row.school_name)
        if school is None:
            self.reject(row, result)
        return school

    def reject(self, row: OfSchool, result: Result) -> None:
        """Refuse a row whose school is not known, is another by its code than by its name, or is not told apart from others."""
        if row.school_code in self._by_code:
            result.reject(row.source, "school_code", "school_differs")
        else:
            shared = self._is_shared(row.school_name)
            result.reject_school(row.source, row.school_code, row.school_name, shared=shared)

    def _named(self, name: str) -> School | None:
        """Return the school of a name; brackets behind it may be part of it, or no more than the file's: “(终稿)”."""
        if name not in self._meant:
            exact = next(filter(None, map(self._by_name.get, _writings(name))), None)
            self._meant[name] = exact or (None if self._is_shared(name) else self._within_its_county(name))
        return self._meant[name]

    def _is_shared(self, name: str) -> bool:
        return not self._shared.isdisjoint(_writings(name))

    def _within_its_county(self, name: str) -> School | None:
        """Return the one school whose name differs from this one only by the county or the town before it, or by blanks."""
        said = name.partition("(")[0].replace(" ", "")
        near = [school for known, school in self._by_name.items() if _is_within(known, said) or _is_within(said, known)]
        return near[0] if len(near) == 1 else None

    @cached_property
    def _by_code(self) -> dict[str, School]:
        known = {school.id: school for school in self._session.scalars(select(School))}
        return known | {row.code: School(id=row.code, name=row.name) for row in self._listed}

    @cached_property
    def _by_name(self) -> dict[str, School]:
        return {school.name: school for school in self._by_code.values() if school.name not in self._shared}

    @cached_property
    def _shared(self) -> frozenset[str]:
        """The names that several schools have."""
        times = Counter(school.name for school in self._by_code.values())
        return frozenset(name for name, count in times.items() if count > 1)


_PLACE = re.compile("[省市州县区旗乡镇]$|街道$")


def _is_within(whole: str, name: str) -> bool:
    return len(name) > 3 and whole.endswith(name) and (whole == name or bool(_PLACE.search(whole[: -len(name)])))


def _writings(name: str) -> tuple[str, str]:
    return name, name.partition("(")[0]


class Known:
    """What a row about a child needs to know of it."""

    __slots__ = ("class_name", "grade", "id", "name", "school_id")

    def __init__(
        self, child_id: str, school_id: str, name: str, grade: int | None = None, class_name: str | None = None
    ) -> None:
        self.id = child_id
        self.school_id = school_id
        self.name = name
        self.grade, self.class_name = grade, class_name

    def may_be_of(self, row: OfChild) -> bool:
        """Whether its class is the one that a row tells, if it tells any."""
        grade, class_name = getattr(row, "grade", None), getattr(row, "class_name", "")
        return grade in (None, self.grade) and class_name in ("", self.class_name)


class Children:
    """The children that the rows of a sheet are about: by identity number, else by name within the school, and its class."""

    def __init__(self, session: Session, rows: Sequence[OfChild]) -> None:
        self._by_index = self._numbered(session, {row.id_number for row in rows if row.id_number})
        names = {row.child_name for row in rows if not row.id_number}
        self._by_name: dict[tuple[str, str], list[Known]] = {}
        if names:
            columns = Child.id, Child.school_id, Child.name, Child.grade, Child.class_name
            found = session.execute(select(*columns).where(among(session, Child.name, names)))
            for child_id, school_id, name, grade, class_name in found:
                known = Known(child_id, school_id, name, grade, class_name)
                self._by_name.setdefault((school_id, name), []).append(known)

    def of(self, row: OfChild, result: Result, school: School | None = None) -> Known | None:
        """Return the child a row is about; a row about an unknown one, one of several, or one of another name is rejected."""
        if row.id_number:
            found = self._by_index.get(key_ring().index(row.id_number, "child"))
            if found is None:
                result.reject(row.source, "id_number", "child_unknown")
            elif row.child_name not in ("", found.name) and bare(row.child_name) != bare(found.name):
                result.reject(row.source, "child_name", "child_differs")
                return None
            return found
        same = self._by_name.get((school.id if school else "", row.child_name), [])
        if len(same) > 1:
            same = [each for each in same if each.may_be_of(row)] or same
        if len(same) == 1:
            return same[0]
        result.reject(row.source, "child_name", "child_ambiguous" if same else "child_unknown")
        return None

    @staticmethod
    def _numbered(session: Session, numbers: set[str]) -> dict[bytes, Known]:
        indexes = [key_ring().index(number, "child") for number in sorted(numbers)]
        known: dict[bytes, Known] = {}
        for some in batches(indexes, AT_ONCE):
            rows = session.execute(
                select(Child.id_number_index, Child.id, Child.school_id, Child.name).where(
                    among(session, Child.id_number_index, some)
                )
            )
            known.update({bytes(index or b""): Known(child_id, school, name) for index, child_id, school, name in rows})
        return known


_BETWEEN = dict.fromkeys(map(ord, " ·•・‧∙．."))
"""What stands between the parts of a name, and everybody writes in another way."""


def bare(name: str) -> str:
    """Return a name without what stands between its parts."""
    return name.translate(_BETWEEN)


def about_children(session: Session, rows: Sequence[R], result: Result) -> Iterator[tuple[R, str, str]]:
    """Yield each row with the id of its child and of the school it was written for; a row about nobody known is rejected."""
    schools, children = Schools(session), Children(session, rows)
    for row in rows:
        school = schools.find(row.school_code, row.school_name)
        if school is None and not row.id_number:
            schools.reject(row, result)
            continue
        child = children.of(row, result, school)
        if child is not None:
            yield row, child.id, school.id if school else child.school_id
