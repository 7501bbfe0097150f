"""What the clock does about tallies."""

from hongzhu_registry.database import database
from hongzhu_registry.tallies import service


def catch_up() -> None:
    """Count again all that was touched, some of it in each transaction."""
    while True:
        with database.transaction() as session:
            if not service.catch_up(session):
                return
