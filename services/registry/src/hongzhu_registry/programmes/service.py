"""Programmes are declared by agencies and begin to run when the bureau approves them."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import select, true, update
from sqlalchemy.orm import Session

from hongzhu.clock import now, today
from hongzhu.database import take_turns
from hongzhu.errors import ConflictError, InvalidError, MissingError
from hongzhu.messages import ProgrammeChanged
from hongzhu.programme import Programme
from hongzhu.programme_contract import faults
from hongzhu_registry.access.policy import Principal
from hongzhu_registry.agencies import service as agencies
from hongzhu_registry.calendar import service as calendar
from hongzhu_registry.database import publish
from hongzhu_registry.programmes import queries, tuning
from hongzhu_registry.programmes.models import ProgrammeVersion


class Tuned(NamedTuple):
    """What tuning came to: the version that runs, its programme or that of a dry run, and the periods that move."""

    version: ProgrammeVersion
    programme: Programme
    moves: list[dict[str, Any]]


def declare(session: Session, programme: Programme) -> ProgrammeVersion:
    """Keep a definition: the same again changes nothing, another one is a new version that waits for approval.

    What the bureau tuned stays tuned.  Raises `InvalidError` for an agency that nobody knows, and for what does
    not keep the contract.
    """
    take_turns(session, programme.code)
    latest = queries.latest(session, programme.code)
    kept = latest.tuning if latest is not None else None
    programme = tuning.tuned(programme, kept)
    definition = programme.model_dump(mode="json", by_alias=True)
    # Compared as programmes: what is stored may lack a field that a newer release added, with its default.
    if latest is not None and Programme.model_validate(latest.definition) == programme:
        return latest
    _must_keep_the_contract(session, programme)
    if latest is not None and latest.status == "proposed":
        latest.status = "superseded"  # a version of its own: what is approved must be what was looked at
    version = ProgrammeVersion(
        code=programme.code,
        version=queries.next_version(session, programme.code),
        agency=programme.agency,
        definition=definition,
        tuning=kept,
        status="proposed",
    )
    session.add(version)
    return version


def note_declared(session: Session, code: str) -> None:
    """Note that a programme's agency declares it still; what it does not declare any more is told from that."""
    session.flush()
    standing = ProgrammeVersion.status.in_(("proposed", "approved", "suspended"))
    session.execute(update(ProgrammeVersion).where(ProgrammeVersion.code == code, standing).values(declared_at=now()))


def _must_keep_the_contract(session: Session, programme: Programme) -> None:
    if not agencies.is_known(session, programme.agency):
        raise InvalidError(
            "There is no agency {name} that could run it: open its account first, with “hongzhu agency add {name}”.",
            name=programme.agency,
            field="code",
        )
    for fault in faults(programme):
        raise InvalidError(fault.sentence, field=fault.field)


def approve(
    session: Session,
    principal: Principal,
    code: str,
    effective_from: date | None,
    *,
    version: int | None = None,
    titles: Collection[str] | None = None,
) -> ProgrammeVersion:
    """Let the newest version of a programme run; it rules what falls due from `effective_from` on, today unless told.

    What fell due before stays as it was, and nothing is owed for the time of a suspension.  With a programme the bureau agrees to
    the titles that its agency asks for.  `version` and `titles` are those that were looked at; raises `InvalidError` when the
    agency has said something else since.
    """
    take_turns(session, code)
    latest = queries.latest(session, code)
    if latest is None:
        raise MissingError
    if version not in (None, latest.version):
        raise InvalidError("There is a newer version than the one that was shown; look at it first.", field="version")
    if latest.status == "suspended":
        latest = _followed_by(session, latest, "proposed")
    if latest.status != "proposed":
        raise ConflictError("Version {version} of {code} is approved already.", version=latest.version, code=code)
    latest.status = "approved"
    latest.effective_from = effective_from or today()
    _supersede(session, latest)
    latest.approved_by, latest.approved_at = principal.account_id, now()
    agencies.agree_to_titles(session, latest.agency, titles)
    publish(session, announcement(latest))
    return latest


def suspend(session: Session, code: str) -> ProgrammeVersion:
    """Let nothing more of a programme fall due; approving it again lets it run on.

    Like every change that the bus hears of it is a version of its own, so that the newest is the one that counts.
    """
    take_turns(session, code)
    latest, running = queries.latest(session, code), queries.running(session, code)
    if latest is None or running is None:
        raise MissingError
    if latest.status == "proposed":
        raise ConflictError(
            "Version {version} of {code} waits for approval; decide on it first.", version=latest.version, code=code
        )
    if running.status == "suspended":
        return running
    suspended = _followed_by(session, running, "suspended")
    suspended.effective_from = today()
    _supersede(session, suspended)
    publish(session, announcement(suspended))
    return suspended


def tune(session: Session, principal: Principal, code: str, changes: Mapping[str, Any], *, dry_run: bool) -> Tuned:
    """Change how often a programme falls due or in which window, from today on, or from the day on which the version begins
    that was approved last; a dry run only says what would move.

    It is a version of its own, approved with the act: it is the bureau that tunes.
    """
    take_turns(session, code)
    latest, running = queries.latest(session, code), queries.running(session, code)
    if latest is None or running is None:
        raise MissingError
    if latest.status != "approved":
        raise ConflictError(
            "Version {version} of {code} waits for a decision; decide on it first.", version=latest.version, code=code
        )
    before = Programme.model_validate(running.definition)
    after = tuning.tune(before, changes)
    begins = max(today(), running.effective_from or today())
    moves = tuning.moves(before.trigger, after.trigger, calendar.current(session), begins)
    if after == before or dry_run:
        return Tuned(running, after, moves)
    version = _followed_by(session, running, "approved")
    version.definition = after.model_dump(mode="json", by_alias=True)
    version.tuning = {**(running.tuning or {}), **changes, "kind": after.trigger.kind}
    version.effective_from, version.approved_by, version.approved_at = begins, principal.account_id, now()
    _supersede(session, version)
    publish(session, announcement(version))
    return Tuned(version, after, moves)


def _followed_by(session: Session, version: ProgrammeVersion, status: str) -> ProgrammeVersion:
    after = ProgrammeVersion(
        code=version.code,
        version=version.version + 1,
        agency=version.agency,
        definition=version.definition,
        tuning=version.tuning,
        status=status,
        effective_from=version.effective_from,
        approved_by=version.approved_by,
        approved_at=version.approved_at,
        declared_at=version.declared_at,
    )
    session.add(after)
    session.flush()
    return after


def _supersede(session: Session, by: ProgrammeVersion) -> None:
    """Note which versions rule no day any more: those of which `by` takes every day that is to come."""
    session.flush()
    day = today()
    begins = by.effective_from or day
    days = true() if begins <= day else ProgrammeVersion.effective_from >= begins
    before = ProgrammeVersion.code == by.code, ProgrammeVersion.version < by.version
    decided = ProgrammeVersion.status.in_(queries.DECIDED)
    session.execute(update(ProgrammeVersion).where(*before, decided, days).values(status="superseded"))


def announcement(version: ProgrammeVersion) -> ProgrammeChanged:
    """Return what the bus hears of an approved or suspended version."""
    assert version.effective_from is not None, "only what was approved is announced"
    return ProgrammeChanged(
        version=version.version,
        programme=Programme.model_validate(version.definition),
        effective_from=version.effective_from,
        suspended=version.status == "suspended",
    )


def announcements(session: Session) -> list[ProgrammeChanged]:
    """Return what the bus hears of every version that runs or is suspended, or will be."""
    statement = select(ProgrammeVersion).where(ProgrammeVersion.status.in_(queries.DECIDED))
    in_order = statement.order_by(ProgrammeVersion.code, ProgrammeVersion.version)
    return [announcement(version) for version in session.scalars(in_order)]
