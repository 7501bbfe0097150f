"""What the clock does about offices."""

from hongzhu_registry.database import database
from hongzhu_registry.offices import service


def bring_up_to_date() -> None:
    """Say what changed of offices, and file what was done for them, in one transaction."""
    with database.transaction() as session:
        service.bring_up_to_date(session)
