"""The catalogue's statements."""

from collections.abc import Iterable, Sequence
from functools import lru_cache

from sqlalchemy import Text, cast, func, select
from sqlalchemy.orm import Session, aliased

from hongzhu.programme import EverySchoolWeek, Programme
from hongzhu_registry.agencies.models import Agency
from hongzhu_registry.programmes.models import ProgrammeVersion

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


def running(session: Session, code: str) -> ProgrammeVersion | None:
    """Return the version that runs, or is suspended."""
    return session.scalar(
        select(ProgrammeVersion).where(
            ProgrammeVersion.code == code, ProgrammeVersion.status.in_(("approved", "suspended"))
        )
    )


def definitions(session: Session, agency: str | None = None, *, kind: str | None = None) -> list[Programme]:
    """Return the definitions of all programmes that run, of one agency's, or of those that a kind of evidence resolves."""
    statement = select(cast(ProgrammeVersion.definition, Text)).where(ProgrammeVersion.status == "approved")
    if agency is not None:
        statement = statement.where(ProgrammeVersion.agency == agency)
    if kind is not None:
        statement = statement.where(ProgrammeVersion.definition["resolved_by"].as_string() == kind)
    return [_read(found) for found in session.scalars(statement.order_by(ProgrammeVersion.code))]


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
    gone = (ProgrammeVersion.status == "approved", ProgrammeVersion.declared_at < Agency.introduced_at)
    return list(session.scalars(statement.where(*gone).order_by(ProgrammeVersion.code)))


def evidence_kind(session: Session, code: str, version: int) -> str | None:
    """Return the kind of evidence that resolves a programme's tasks."""
    found = session.get(ProgrammeVersion, (code, version))
    return found.definition["resolved_by"] if found else None


def form_of(session: Session, kind: str) -> dict[str, object] | None:
    """Return the JSON Schema of the records of a kind, as a running programme declares it."""
    return form_among(definitions(session, kind=kind))


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
