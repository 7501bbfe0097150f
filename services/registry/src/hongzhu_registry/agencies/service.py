"""Agencies introduce themselves; the bureau suspends them, lets them back in, and ends them."""

from collections.abc import Collection

from sqlalchemy import delete, exists, or_, select
from sqlalchemy.orm import Session

from hongzhu.agency import Agency as Introduction
from hongzhu.errors import ConflictError, InvalidError, MissingError
from hongzhu_registry.access import service as access
from hongzhu_registry.access.models import Account
from hongzhu_registry.agencies.models import OPEN, Agency, AgencyTitle
from hongzhu_registry.schools.models import School

SUSPENDED, REVOKED = "suspended", "revoked"


def introduce(session: Session, agency: Introduction) -> Agency:
    """Keep who an agency says it is; a title that is new is asked for, and counts once the bureau has agreed to it.

    Else whoever introduces itself under somebody else's name would see all that is written so.
    """
    kept = session.get(Agency, agency.name, with_for_update=True) or Agency(name=agency.name)
    kept.title_zh, kept.title_en = agency.title.zh, agency.title.en
    session.add(kept)
    session.flush()
    titles = {agency.name, agency.title.zh, agency.title.en, *agency.also}
    _must_be_free(session, agency.name, titles)
    mine = AgencyTitle.agency == agency.name
    session.execute(delete(AgencyTitle).where(mine, AgencyTitle.title.not_in(titles)))
    held = {*session.scalars(select(AgencyTitle.title).where(mine))}
    if agency.name not in held:
        session.add(AgencyTitle(title=agency.name, agency=agency.name))
    kept.titles_asked = sorted(titles - held - {agency.name})
    return kept


def agree_to_titles(session: Session, name: str, shown: Collection[str] | None = None) -> None:
    """Let the titles that an agency asks for count as its own, if they are among those `shown` to whoever agrees."""
    agency = session.get(Agency, name, with_for_update=True, populate_existing=True)
    if agency is not None and agency.titles_asked:
        if shown is not None and not set(agency.titles_asked) <= set(shown):
            raise InvalidError("The agency asks for other titles than those that were shown; look at them first.")
        _must_be_free(session, name, set(agency.titles_asked))
        session.add_all(AgencyTitle(title=title, agency=name) for title in agency.titles_asked)
        agency.titles_asked = []


def _must_be_free(session: Session, name: str, titles: set[str]) -> None:
    taken = select(AgencyTitle.title).where(AgencyTitle.title.in_(titles), AgencyTitle.agency != name)
    if (title := session.scalar(taken.limit(1))) is not None:
        raise ConflictError("{title} is the title of another agency.", title=title, field="also")
    schools = select(School.name).where(or_(School.id.in_(titles), School.name.in_(titles)))
    if (title := session.scalar(schools.limit(1))) is not None:
        raise InvalidError("{title} is a school; an agency cannot be called so.", title=title, field="also")


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


def is_known(session: Session, name: str) -> bool:
    """Say whether there is an agency of a name: one that has an account, or has said who it is."""
    account = exists().where(Account.agency == name)
    return bool(session.scalar(select(or_(account, exists().where(Agency.name == name)))))


def _of(session: Session, name: str) -> Agency:
    """Return an agency, known by name alone if it has not introduced itself; raises `MissingError`."""
    agency = session.get(Agency, name, with_for_update=True)
    if agency is None:
        if not is_known(session, name):
            raise MissingError("There is no agency {name}.", name=name)
        agency = Agency(name=name, title_zh=name, title_en=name, standing=OPEN)
        session.add(agency)
    return agency
