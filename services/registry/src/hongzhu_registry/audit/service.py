"""Writing entries with the act they tell of, and checking that nobody touched them since they were sealed."""

import re
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import bindparam, func, insert, select
from sqlalchemy.orm import Session

from hongzhu.clock import now
from hongzhu.direct import Direct, Prepared
from hongzhu.settings import settings
from hongzhu_registry.access.policy import Principal
from hongzhu_registry.audit.chain import GENESIS, SEALED, seal
from hongzhu_registry.audit.models import AuditEntry
from hongzhu_registry.database import database

MOST = 100
"""The most characters kept of an id that somebody asked for."""
_PERSONS_NUMBER = re.compile(r"(?<!\d)(?:(?:86)?1\d{10}|\d{15}|\d{17}[\dXx])(?!\d)")
"""A telephone number, or an identity number of either generation, whatever stands around it."""
_OURS = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""An id that we made, in which many digits are chance."""
_BETWEEN = re.compile(r"[\s-]")
"""What people write between the digits of a number."""
AT_ONCE = 5000
"""Entries that are sealed, or looked at, together."""
ANCHORS = "audit-anchors"
"""The file in HONGZHU_HOME that remembers where the chain stood."""


class Head(NamedTuple):
    """The last link of the chain."""

    position: int
    seal: bytes


class Verdict(NamedTuple):
    """What a check of the chain found."""

    sealed: int
    unsealed: int
    broken_at: int | None
    """The first position whose seal does not fit, or that an anchor remembers otherwise."""


class Asked(NamedTuple):
    """Who asked for what."""

    principal: Principal
    action: str
    subject_id: str | None


_TOLD = ("at", "account_id", "role", "action", "subject_id", "outcome")
_ENTRY = Prepared(
    insert(AuditEntry.__table__)  # type: ignore[arg-type]  # a declarative class's table is a Table
    .values({name: bindparam(f"told_{name}", type_=AuditEntry.__table__.c[name].type) for name in _TOLD})
    .inline()
)


def write(session: Session | Direct, asked: Asked, outcome: str) -> None:
    """Write an entry in the transaction of the act."""
    _ENTRY.carry_out(
        session,
        {
            "told_at": now(),
            "told_account_id": asked.principal.account_id,
            "told_role": asked.principal.role,
            "told_action": asked.action,
            "told_subject_id": asked.subject_id and _kept(asked.subject_id),
            "told_outcome": outcome,
        },
    )


def _kept(subject_id: str) -> str:
    """Return what is kept of an id that was asked for: nothing of what is a person's number or name, put there by mistake."""
    others = _BETWEEN.sub("", _OURS.sub("/", subject_id))
    personal = _PERSONS_NUMBER.search(others) or not subject_id.isascii() or "@" in subject_id
    # Nor of what no id is made of, which a database may not be able to hold.
    return "…" if personal or not subject_id.isprintable() else subject_id[:MOST]


def verify() -> Verdict:
    """Work the whole chain out again and hold it against the seals and the anchors."""
    with database.transaction() as session:
        return held(session)


def held(session: Session) -> Verdict:
    """Do the same in the transaction of somebody who sees every entry."""
    anchors = _anchors()
    columns = [AuditEntry.__table__.c[name] for name in (*SEALED, "position", "seal")]
    chained = select(*columns).where(AuditEntry.position.is_not(None)).order_by(AuditEntry.position)
    before, expected = GENESIS, 0
    unsealed = session.scalar(select(func.count()).where(AuditEntry.position.is_(None))) or 0
    with session.execute(chained, execution_options={"yield_per": AT_ONCE}) as rows:
        for row in rows:
            expected += 1
            fits = row.position == expected and row.seal == seal(before, expected, row)
            if not fits or anchors.pop(expected, {row.seal}) != {row.seal}:
                return Verdict(expected - 1, unsealed, expected)
            before = row.seal
    # An anchor beyond the end remembers entries that are gone.
    return Verdict(expected, unsealed, min(anchors) if anchors else None)


def head(session: Session) -> Head:
    """Read the last link of the chain."""
    row = session.execute(
        select(AuditEntry.position, AuditEntry.seal)
        .where(AuditEntry.position.is_not(None))
        .order_by(AuditEntry.position.desc())
        .limit(1)
    ).first()
    return Head(row.position, row.seal) if row else Head(0, GENESIS)


def _anchor_file() -> Path:
    return settings().home / ANCHORS


def anchor(head: Head) -> None:
    """Remember outside the database where the chain stands."""
    with _anchor_file().open("a") as file:
        file.write(f"{head.position} {head.seal.hex()}\n")


def _anchors() -> dict[int, set[bytes]]:
    # All of each position: after its end was cut off, the chain comes to a place once more, and must not pass for what stood there.
    anchors: defaultdict[int, set[bytes]] = defaultdict(set)
    file = _anchor_file()
    if file.exists():
        for line in file.read_text().splitlines():
            position, _, link = line.partition(" ")
            anchors[int(position)].add(bytes.fromhex(link))
    return anchors
