"""Statements about agencies."""

from typing import Any

from sqlalchemy import Select, select

from hongzhu_registry.agencies.models import AgencyTitle


def titles_of(agency: str | None) -> Select[Any]:
    """Select the titles under which an agency's rows are written."""
    return select(AgencyTitle.title).where(AgencyTitle.agency == agency)
