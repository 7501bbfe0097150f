"""Agencies introduce themselves; the bureau suspends them, lets them back in, and ends them."""

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from hongzhu.agency import Agency as Introduction
from hongzhu.errors import ConflictError, MissingError
from hongzhu_registry.access import service as access
from hongzhu_registry.access.models import Account
from hongzhu_registry.agencies.models import OPEN, Agency, AgencyTitle

SUSPENDED, REVOKED = "suspended", "revoked"


def introduce(session: Session, agency: Introduction) -> Agency:
    """Keep who an agency says it is."""
    kept = session.get(Agency, agency.name) or Agency(name=agency.name)
    kept.title_zh, kept.title_en = agency.title.zh, agency.title.en
    session.add(kept)
    session.flush()
    session.execute(delete(AgencyTitle).where(AgencyTitle.agency == agency.name))
    titles = {agency.name, agency.title.zh, agency.title.en, *agency.also}
    session.execute(insert(AgencyTitle), [{"title": title, "agency": agency.name} for title in sorted(titles)])
    return kept


def suspend(session: Session, name: str) -> Agency:
    """Close an agency from the next request on: nothing of it opens anything, while its queue goes on collecting."""
    agency = _of(session, name)
    if agency.standing == REVOKED:
        raise ConflictError("{name} was revoked; “hongzhu agency add” lets it in again.", name=name)
    agency.standing = SUSPENDED
    return agency


def resume(session: Session, name: str) -> Agency:
    """Let a suspended agency back in; it catches up with what waits for it."""
    agency = _of(session, name)
    if agency.standing == REVOKED:
        raise ConflictError("{name} was revoked; “hongzhu agency add” lets it in again.", name=name)
    agency.standing = OPEN
    return agency


def revoke(session: Session, name: str) -> Agency:
    """End an agency for good: each token of its accounts ends; whoever adds it again gives it new ones."""
    agency = _of(session, name)
    agency.standing = REVOKED
    for account_id in session.scalars(select(Account.id).where(Account.agency == name)):
        access.revoke_tokens(session, account_id)
    return agency


def _of(session: Session, name: str) -> Agency:
    """Return an agency, known by name alone if it has not introduced itself; raises `MissingError`."""
    agency = session.get(Agency, name, with_for_update=True)
    if agency is None:
        if session.scalar(select(Account.id).where(Account.agency == name).limit(1)) is None:
            raise MissingError("There is no agency {name}.", name=name)
        agency = Agency(name=name, title_zh=name, title_en=name, standing=OPEN)
        session.add(agency)
    return agency
