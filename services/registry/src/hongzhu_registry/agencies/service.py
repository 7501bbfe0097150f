"""Agencies introduce themselves; their titles tell which rows of a workbook are theirs."""

from sqlalchemy import delete, insert
from sqlalchemy.orm import Session

from hongzhu.agency import Agency as Introduction
from hongzhu_registry.agencies.models import Agency, AgencyTitle


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
