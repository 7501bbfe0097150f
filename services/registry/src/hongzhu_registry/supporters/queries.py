"""Statements about supporters."""

from typing import Any

from sqlalchemy import Select, case, func, select

from hongzhu_registry.access.policy import Principal
from hongzhu_registry.access.sight import in_sight
from hongzhu_registry.agencies.models import AgencyTitle
from hongzhu_registry.database import UNSHOWN
from hongzhu_registry.pairings.models import Pairing
from hongzhu_registry.supporters.models import Supporter

_HIDDEN = UNSHOWN | {"phone", "email"}
STATUS = case((Supporter.rejected, "rejected"), (Supporter.vetted, "vetted"), else_="applied").label("status")
"""What has become of a supporter; only who is ``vetted`` is matched."""
COLUMNS = [column for column in Supporter.__table__.columns if column.name not in _HIDDEN]


def visible(principal: Principal) -> Select[Any]:
    """Select the supporters in sight, with the places taken."""
    taken = (
        select(func.count())
        .where(Pairing.supporter_id == Supporter.id, Pairing.ended_on.is_(None))
        .correlate(Supporter)
        .scalar_subquery()
    )
    return select(*COLUMNS, STATUS, taken.label("paired")).where(in_sight("supporter", principal))


def changes() -> Select[str, int]:
    """Select each agency that has supporters, with a number that grows whenever one may have become free.

    That is when a supporter comes or changes, is its own once a title is agreed to, or is no longer paired with somebody.
    """
    ended = (
        select(func.count())
        .where(Pairing.supporter_id == Supporter.id, Pairing.ended_on.is_not(None))
        .correlate(Supporter)
        .scalar_subquery()
    )
    return (
        select(AgencyTitle.agency, func.sum(Supporter.version + ended).label("changes"))
        .join(Supporter, Supporter.organisation == AgencyTitle.title)
        .group_by(AgencyTitle.agency)
    )
