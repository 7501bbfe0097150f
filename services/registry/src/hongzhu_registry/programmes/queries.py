"""The catalogue's statements."""

from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache

from sqlalchemy import ColumnElement, Text, and_, cast, func, or_, select, tuple_
from sqlalchemy.orm import Session, aliased

from hongzhu.clock import today
from hongzhu.programme import EverySchoolWeek, Programme
from hongzhu_registry.agencies.models import Agency
from hongzhu_registry.database import everything
from hongzhu_registry.programmes.models import ProgrammeVersion
from hongzhu_registry.tasks.models import Task
from hongzhu_registry.tasks.queries import stands

DECIDED = ("approved", "suspended")
"""What the bureau said of a version that rules, from its day on."""
Other = aliased(ProgrammeVersion)


def latest(session: Session, code: str) -> ProgrammeVersion | None:
    """Return the newest version of a programme."""
    return session.scalar(
        select(ProgrammeVersion).where(ProgrammeVersion.code == code).order_by(ProgrammeVersion.version.desc()).limit(1)
    )


def newest(session: Session) -> Sequence[ProgrammeVersion]:
    """Return every programme at its newest version, agency by agency."""
    numbers = select(func.max(ProgrammeVersion.version)).where(ProgrammeVersion.code == Other.code).scalar_subquery()
    statement = select(Other).where(Other.version == numbers)
    return session.scalars(statement.order_by(Other.agency, Other.code)).all()


def versions(session: Session, code: str) -> Sequence[ProgrammeVersion]:
    """Return all versions of a programme, the newest first."""
    statement = select(ProgrammeVersion).where(ProgrammeVersion.code == code)
    return session.scalars(statement.order_by(ProgrammeVersion.version.desc())).all()


def counting(session: Session, code: str) -> set[int]:
    """Number the versions of a programme that were not replaced by today."""
    numbers = select(ProgrammeVersion.version).where(ProgrammeVersion.code == code, counts(today()))
    return set(session.scalars(numbers))


def running(session: Session, code: str) -> ProgrammeVersion | None:
    """Return the version that the bureau decided on last: it runs, or is suspended, now or from its day on."""
    decided = ProgrammeVersion.code == code, ProgrammeVersion.status.in_(DECIDED)
    return session.scalar(select(ProgrammeVersion).where(*decided).order_by(ProgrammeVersion.version.desc()).limit(1))


def counts(day: date) -> ColumnElement[bool]:
    """Say in SQL of a version that it was not replaced by `day`: neither by a decision, nor because a newer one's day has come."""
    of_code = Other.code == ProgrammeVersion.code, Other.version > ProgrammeVersion.version
    rules = Other.status.in_(DECIDED), Other.effective_from <= day
    return and_(ProgrammeVersion.status != "superseded", ~select(Other.code).where(*of_code, *rules).exists())


def rules(day: date) -> ColumnElement[bool]:
    """Say in SQL of a version that it runs on `day`: it is the newest of those whose day has come, and not suspended."""
    return and_(ProgrammeVersion.status == "approved", ProgrammeVersion.effective_from <= day, counts(day))


def definitions(session: Session, agency: str | None = None, *, kind: str | None = None) -> list[Programme]:
    """Return the definitions of all programmes that run, of one agency's, or of those that a kind of evidence resolves."""
    chosen = rules(today())
    if agency is not None:
        chosen = and_(chosen, ProgrammeVersion.agency == agency)
    if kind is not None:
        chosen = and_(chosen, _resolved_by(kind))
    return _definitions(session, chosen)


def asking(session: Session, kind: str) -> list[Programme]:
    """Return who asks for a kind of evidence: programmes that run, then former versions of others as long as a task of theirs
    is open."""
    day, running = today(), definitions(session, kind=kind)
    of_version = Task.programme == ProgrammeVersion.code, Task.version == ProgrammeVersion.version
    still_open = select(Task.id).where(*of_version, or_(stands("due", day), stands("overdue", day))).exists()
    others = ProgrammeVersion.code.not_in([each.code for each in running])
    with everything(session):  # whosever task it is
        return [*running, *_definitions(session, and_(_resolved_by(kind), others, still_open))]


def former(session: Session, running: Iterable[Programme]) -> list[Programme]:
    """Return what versions before those that run asked for otherwise: for each other kind of evidence the newest that did."""
    now_asked = [(each.code, each.resolved_by) for each in running]
    kind = ProgrammeVersion.definition["resolved_by"].as_string()
    begun = ProgrammeVersion.approved_at.is_not(None), ProgrammeVersion.effective_from <= today()
    otherwise = tuple_(ProgrammeVersion.code, kind).not_in(now_asked)
    of_running = ProgrammeVersion.code.in_([code for code, _ in now_asked])
    found: dict[tuple[str, str], Programme] = {}
    for each in _definitions(session, and_(*begun, of_running, otherwise)):
        found.setdefault((each.code, each.resolved_by), each)
    return list(found.values())


def _resolved_by(kind: str) -> ColumnElement[bool]:
    return ProgrammeVersion.definition["resolved_by"].as_string() == kind  # type: ignore[no-any-return]  # a comparison


def _definitions(session: Session, chosen: ColumnElement[bool]) -> list[Programme]:
    newest_first = ProgrammeVersion.code, ProgrammeVersion.version.desc()
    found = select(cast(ProgrammeVersion.definition, Text)).where(chosen).order_by(*newest_first)
    return [_read(each) for each in session.scalars(found)]


# To read what all programmes say takes longer than most requests do beside it, and it hardly ever changes.
@lru_cache(1000)
def _read(definition: str) -> Programme:
    return Programme.model_validate_json(definition)


def names(session: Session) -> dict[str, str]:
    """Name each programme that runs by its code."""
    return {each.code: str(each.name) for each in definitions(session)}


def no_longer_declared(session: Session) -> list[str]:
    """Name the programmes that run although their agency's plugin, when it last began, did not declare them any more."""
    statement = select(ProgrammeVersion.code).join(Agency, Agency.name == ProgrammeVersion.agency)
    gone = (rules(today()), ProgrammeVersion.declared_at < Agency.introduced_at)
    return list(session.scalars(statement.where(*gone).order_by(ProgrammeVersion.code)))


def evidence_kind(session: Session, code: str, version: int) -> str | None:
    """Return the kind of evidence that resolves a programme's tasks."""
    found = session.get(ProgrammeVersion, (code, version))
    return found.definition["resolved_by"] if found else None


def form_of(session: Session, kind: str) -> dict[str, object] | None:
    """Return the JSON Schema of the records of a kind, as whoever asks for it declares it."""
    return form_among(asking(session, kind))


def form_among(asking: Iterable[Programme]) -> dict[str, object] | None:
    """Return the form that one of those who ask for a kind of evidence declares for it."""
    return next((each.form for each in asking if each.form), None)


def names_of_kinds(session: Session) -> dict[str, str]:
    """Name each kind of evidence after the programme that it resolves: what is owed every week gives what is done its name."""
    weekly_last = sorted(definitions(session), key=lambda each: isinstance(each.trigger, EverySchoolWeek))
    return {each.resolved_by: str(each.name) for each in weekly_last}


def next_version(session: Session, code: str) -> int:
    """Return the number after the newest version's."""
    return 1 + (session.scalar(select(func.max(ProgrammeVersion.version)).where(ProgrammeVersion.code == code)) or 0)
