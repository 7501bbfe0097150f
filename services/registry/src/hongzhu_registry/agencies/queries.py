"""Statements about agencies."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from hongzhu.clock import today
from hongzhu.i18n import Text
from hongzhu_registry.access.models import Account, Token
from hongzhu_registry.agencies.models import Agency, AgencyTitle
from hongzhu_registry.programmes.models import ProgrammeVersion
from hongzhu_registry.programmes.queries import counts
from hongzhu_registry.tasks.models import Task
from hongzhu_registry.tasks.queries import CANCELLED, state_on


def titles_of(agency: str | None) -> Select[Any]:
    """Select the titles under which an agency's rows are written."""
    return select(AgencyTitle.title).where(AgencyTitle.agency == agency)


def titles_asked(session: Session, agency: str) -> list[str]:
    """Read under which further titles an agency would see what is written, if the bureau agrees."""
    return session.scalar(select(Agency.titles_asked).where(Agency.name == agency)) or []


def names_of_all(session: Session) -> dict[str, str]:
    """Read what agencies are called in the reader's language."""
    columns = Agency.name, Agency.title_zh, Agency.title_en
    return {row.name: str(Text(zh=row.title_zh, en=row.title_en)) for row in session.execute(select(*columns))}


def last_seen(session: Session, names: Sequence[str]) -> dict[str, Any]:
    """Say when each agency's own token was last used, to the minute."""
    seen = (
        select(Account.agency, func.max(Token.used_at))
        .join(Token, Token.account_id == Account.id)
        .where(Account.agency.in_(names), Account.password_hash.is_(None))
        .group_by(Account.agency)
    )
    return {agency: at for agency, at in session.execute(seen) if agency is not None}


def programmes(session: Session, names: Sequence[str]) -> dict[str, dict[str, list[str]]]:
    """Name each agency's programmes that are approved, proposed and suspended; a new version is proposed while the old one runs."""
    found: dict[str, dict[str, list[str]]] = {name: {"approved": [], "proposed": [], "suspended": []} for name in names}
    columns = ProgrammeVersion.agency, ProgrammeVersion.status, ProgrammeVersion.code
    theirs = select(*columns).where(ProgrammeVersion.agency.in_(names), counts(today())).distinct()
    for agency, status, code in session.execute(theirs.order_by(ProgrammeVersion.code)):
        found[agency][status].append(code)
    return found


def open_tasks(session: Session, names: Sequence[str]) -> dict[str, dict[str, int]]:
    """Count each agency's tasks that are due and overdue today."""
    day = today()
    found = {name: {"due": 0, "overdue": 0} for name in names}
    state = state_on(day).label("state")
    statement = (
        select(Task.agency, state, func.count())
        .where(Task.agency.in_(names), _may_be_open(), or_(Task.grace_until.is_(None), Task.grace_until >= day))
        .group_by(Task.agency, state)
    )
    for agency, said, count in session.execute(statement):
        if said in found[agency]:
            found[agency][said] = count
    return found


def _may_be_open() -> ColumnElement[bool]:
    closed = or_(Task.closed_state.is_(None), Task.closed_state != CANCELLED)
    return and_(Task.done_on.is_(None), Task.excuse_id.is_(None), Task.pause_id.is_(None), closed)
