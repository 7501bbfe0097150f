"""What the clock does for supporters."""

from sqlalchemy import select

from hongzhu.database import take_turns
from hongzhu.messages import SupporterChanged
from hongzhu_registry.agencies.models import Agency
from hongzhu_registry.database import database, publish
from hongzhu_registry.supporters import queries


def tell_agencies() -> None:
    """Tell each agency whose supporters changed, or became free, since it was told: whoever waits may be served now."""
    with database.transaction() as session:
        take_turns(session, "supporters")
        changes = queries.changes().subquery()
        behind = select(Agency, changes.c.changes).join(changes, changes.c.agency == Agency.name)
        for agency, seen in session.execute(behind.where(Agency.supporters_told != changes.c.changes)).all():
            agency.supporters_told = seen
            publish(session, SupporterChanged(agency=agency.name))
