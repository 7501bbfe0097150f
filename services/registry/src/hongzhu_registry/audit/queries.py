"""Statements about the audit."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select

from hongzhu.settings import settings
from hongzhu_registry.access.models import Account
from hongzhu_registry.access.policy import Principal
from hongzhu_registry.audit import words
from hongzhu_registry.audit.models import AuditEntry

NAMES = ("at", "account_id", "role", "action", "subject_id", "outcome", "position")
"""What is shown of an entry, beside its id."""


def readable(statement: Select[Any], principal: Principal) -> Select[Any]:
    """Leave out what is the auditor's alone to know: that somebody reported harm, or looked at such a report."""
    if principal.is_bureau:
        return statement.where(AuditEntry.action.not_like("%/mandatory_reports%"))
    return statement


def newest(
    principal: Principal,
    *,
    who: str | None,
    about: str | None,
    subject_id: str | None,
    on: date | None,
    outcome: str | None,
    before: int | None,
) -> Select[Any]:
    """Select entries, the newest first, each with the user name of whoever has an account."""
    entry, account = AuditEntry.__table__.c, Account.__table__.c
    statement = (
        select(entry.id, *(entry[name] for name in NAMES), account.username)
        .outerjoin_from(AuditEntry.__table__, Account.__table__, account.id == entry.account_id)
        .order_by(entry.id.desc())
    )
    if who is not None:
        statement = statement.where(entry.account_id.in_(select(account.id).where(account.username == who)))
    if about is not None:
        statement = statement.where(_about(entry.action, words.alike(about)))
    if on is not None:
        begins = datetime.combine(on, time(), settings().zone)
        statement = statement.where(entry.at >= begins, entry.at < begins + timedelta(days=1))
    if before is not None:
        statement = statement.where(entry.id < before)
    for name, value in {"subject_id": subject_id, "outcome": outcome}.items():
        if value is not None:
            statement = statement.where(entry[name] == value)
    return readable(statement, principal)


def _about(action: ColumnElement[str], parts: Sequence[str]) -> ColumnElement[bool]:
    """Say of which actions one of some parts of an address tells what they are about, or a command that does as much."""
    commands = [command for command, about in words.COMMANDS.items() if about in parts]
    return or_(
        *(action.endswith(f"/{part}", autoescape=True) for part in parts),
        *(action.contains(f"/{part}/", autoescape=True) for part in parts),
        *(or_(action == each, action.startswith(f"{each} ")) for each in commands),
    )
