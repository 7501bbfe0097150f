"""An obligation: a programme's version on the days that it rules, and the subjects it is owed to as the database sees them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache, reduce
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Date, FromClause, Select, func, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.functions import FunctionElement

from hongzhu.calendar import SchoolCalendar
from hongzhu.programme import Programme, leaves
from hongzhu_scheduler.models import SUBJECT_TABLES, WHOLE, calendar, evidence, programme_version, school
from hongzhu_scheduler.rules import OF_SCHOOL, asks_school, compiled

_DAY = timedelta(days=1)

_own_school = school.alias("own_school")

_calendar = lru_cache(10)(SchoolCalendar.model_validate_json)


def calendar_of(session: Session) -> SchoolCalendar | None:
    """Return the bureau's calendar, if it has come yet."""
    definition = session.scalar(select(calendar.c.definition))
    return definition and _calendar(definition)


@lru_cache(1000)
def declared(definition: str) -> Programme:
    """Read a programme as it is stored."""
    return Programme.model_validate_json(definition)


def required(definition: str) -> set[str]:
    """Return the kinds of evidence that a programme, as it is stored, requires."""
    return set(declared(definition).requires)


@dataclass(frozen=True)
class Obligation:
    """A programme at one version, and the days on which that version rules: what falls due on them follows it."""

    programme: Programme
    version: int
    effective_from: date
    until: date = date.max

    def rules(self, day: date) -> bool:
        """Whether this version is the one that counts on `day`."""
        return self.effective_from <= day <= self.until

    @property
    def subject(self) -> FromClause:
        """The projection of its kind of subject."""
        return SUBJECT_TABLES[self.programme.subject]

    @property
    def _of_school(self) -> bool:
        return self.programme.subject == "child" and asks_school(self.programme.eligible)

    @property
    def held_since(self) -> ColumnElement[date]:
        """The day since which all the facts that it asks about have held."""
        days: list[ColumnElement[date]] = [self.subject.c.held_since]
        for fact in sorted({leaf.fact for leaf in leaves(self.programme.eligible)}):
            table = _own_school if fact.startswith(OF_SCHOOL) else self.subject
            since = table.c.get(f"{fact.removeprefix(OF_SCHOOL)}_since")
            if since is not None:  # that it is present, or of what school, is said by `held_since`
                days.append(func.coalesce(since, table.c.held_since))
        # What must have been done before is like a fact that holds since the day it was first done.
        days += [_done_first(subject_id=self.subject.c.id, kind=kind) for kind in sorted(set(self.programme.requires))]
        return reduce(latest, days)

    @property
    def subjects(self) -> Select[tuple[str, str]]:
        """The ids and schools of those to whom it is owed now."""
        subject = self.subject
        chosen = select(subject.c.id, subject.c.school_id)
        if self._of_school:
            # An inner join: while a child's school is unknown, nothing that asks about it can be said either way.
            chosen = chosen.join(_own_school, _own_school.c.id == subject.c.school_id)
        if self.programme.subject == "agency":
            chosen = chosen.where(subject.c.id == self.programme.agency)
        own_school = _own_school if self._of_school else school
        done = (_done_first(subject_id=subject.c.id, kind=each).is_not(None) for each in set(self.programme.requires))
        return chosen.where(subject.c.present, compiled(self.programme.eligible, subject, own_school), *done)

    def subjects_in(self, shards: Collection[int]) -> Select[tuple[str, str]]:
        """Return those of some shards."""
        return self.subjects if WHOLE in shards else self.subjects.where(self.subject.c.shard.in_(shards))


def obligations(session: Session, codes: Collection[str]) -> dict[str, list[Obligation]]:
    """Read what programmes oblige to, by code: the versions that rule, in the order of their days.

    On any day the newest version rules that was in force by then; a suspended one obliges to nothing.
    """
    found = programme_version.c
    rows = session.execute(
        select(programme_version).where(found.code.in_(codes)).order_by(found.code, found.version.desc())
    )
    read: dict[str, list[Obligation]] = {code: [] for code in codes}
    for code, versions in groupby(rows, key=lambda row: str(row.code)):
        until = date.max
        for row in versions:
            if row.effective_from <= until:
                if not row.suspended:
                    read[code].insert(0, Obligation(declared(row.definition), row.version, row.effective_from, until))
                until = row.effective_from - _DAY
    return read


def ruling(owed: Sequence[Obligation], day: date) -> Obligation | None:
    """Return the version that rules a day, if there is one."""
    return next((each for each in owed if each.rules(day)), None)


def _done_first(*, subject_id: ColumnElement[str], kind: str) -> ColumnElement[date]:
    """Return the first day on which something of a kind was done for a subject."""
    done = evidence.c.subject_id == subject_id, evidence.c.kind == kind
    return select(func.min(evidence.c.done_on)).where(*done).scalar_subquery()


class latest(FunctionElement[date]):  # noqa: N801  # a function of SQL
    """The later of two days; each is said once, for what is said twice is worked out twice, and nested it doubles each time."""

    type = Date()
    inherit_cache = True


@compiles(latest)
def _greatest(element: Any, compiler: Any, **options: Any) -> str:
    # The databases have no common word for it.
    word = "max" if compiler.dialect.name == "sqlite" else "greatest"
    return f"{word}({compiler.process(element.clauses, **options)})"
