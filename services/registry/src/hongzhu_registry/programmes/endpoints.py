"""``/programmes``: the catalogue."""

from datetime import date
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy import select

from hongzhu.errors import InvalidError, MissingError
from hongzhu.programme import Programme
from hongzhu_registry.answers.once import OnlyOnce
from hongzhu_registry.programmes import queries, service
from hongzhu_registry.programmes.models import ProgrammeVersion
from hongzhu_registry.rest import Asking, InTransaction, Paging, Router

router = Router(prefix="/programmes", tags=["programmes"])


class Approval(BaseModel):
    """From which day a programme's obligations begin; today unless told."""

    effective_from: date | None = None
    version: int | None = None
    """The version that was looked at: another one is not approved."""


class Tuning(BaseModel):
    """What of a programme's trigger is to change."""

    model_config = ConfigDict(extra="forbid")

    trigger: dict[str, Any]
    """Fields of the trigger with their new values, as in ``{"every": 2, "due": 5}``."""
    dry_run: bool = False
    """Only say which periods would move."""


@router.get("")
def list_programmes(session: InTransaction, principal: Asking, page: Paging) -> dict[str, Any]:
    """List every programme at its newest version."""
    principal.must_see("programme_version")
    newer = ProgrammeVersion.__table__.alias("newer")
    statement = select(*_columns()).where(
        ~select(newer).where(newer.c.code == ProgrammeVersion.code, newer.c.version > ProgrammeVersion.version).exists()
    )
    return page.of(session, statement, ProgrammeVersion.__table__.c.code)


@router.get("/{code}")
def show_programme(session: InTransaction, principal: Asking, code: str) -> dict[str, Any]:
    """Show a programme at its newest version."""
    principal.must_see("programme_version")
    return _shown(queries.latest(session, code))


@router.put("/{code}")
def declare_programme(session: InTransaction, principal: Asking, code: str, programme: Programme) -> dict[str, Any]:
    """Declare one of one's own programmes."""
    principal.must_be("bureau", "agency")
    principal.must_run(code)
    if programme.code != code:
        raise InvalidError("The code in the address and the one in the definition differ.", field="code")
    version = service.declare(session, programme)
    if principal.role == "agency":
        service.note_declared(session, code)
    return _shown(version)


@router.post("/{code}/approve")
def approve_programme(session: InTransaction, principal: Asking, once: OnlyOnce, code: str, approval: Approval) -> Any:
    """Approve the newest version of a programme (bureau)."""
    principal.must_be("bureau")
    return once(
        lambda: _shown(service.approve(session, principal, code, approval.effective_from, version=approval.version)),
        approval,
        status=200,
    )


@router.post("/{code}/tune")
def tune_programme(session: InTransaction, principal: Asking, once: OnlyOnce, code: str, tuning: Tuning) -> Any:
    """Change how often a programme falls due or in which window; what is due already stays as it is (bureau)."""
    principal.must_be("bureau")

    def act() -> dict[str, Any]:
        version, programme, moves = service.tune(session, principal, code, tuning.trigger, dry_run=tuning.dry_run)
        trigger = programme.model_dump(mode="json")["trigger"]
        return _shown(version) | {"trigger": trigger, "moves": moves, "dry_run": tuning.dry_run}

    return once(act, tuning, status=200)


@router.post("/{code}/suspend")
def suspend_programme(session: InTransaction, principal: Asking, once: OnlyOnce, code: str) -> Any:
    """Suspend a programme (bureau)."""
    principal.must_be("bureau")
    return once(lambda: _shown(service.suspend(session, code)), None, status=200)


def _columns() -> list[Any]:
    return [column for column in ProgrammeVersion.__table__.columns if column.name != "approved_by"]


def _shown(version: ProgrammeVersion | None) -> dict[str, Any]:
    if version is None:
        raise MissingError
    return {column.name: getattr(version, column.name) for column in _columns()}
