"""What the clock does about how long dossiers are kept."""

from hongzhu_registry.database import database
from hongzhu_registry.retention import service


def anonymise_due() -> int:
    """Make every dossier anonymous whose time is over, some in each transaction; return how many."""
    made = 0
    while True:
        with database.transaction() as session:
            some = service.anonymise_some(session)
        if not some:
            return made
        made += some
