"""Counting again what was touched."""

from sqlalchemy.orm import Session

from hongzhu.database import take_turns
from hongzhu_registry.database import everything
from hongzhu_registry.tallies import queries
from hongzhu_registry.tasks.queries import settled

AT_ONCE = 500
"""Schools, or schools with a period, that are counted again at once."""


def catch_up(session: Session) -> int:
    """Count again what was touched, the first of it if it is much; return how much there was.

    Whoever reads tallies does so first, so that a figure is as many as the rows that it opens.
    """
    with everything(session):
        # One at a time, or the earlier of two counts could be the later one written.
        take_turns(session, "tallies")
        schools, periods = queries.take(session, AT_ONCE)
        if schools:
            queries.count_children(session, schools)
        if periods:
            queries.count_tasks(session, periods, settled())
        return len(schools) + len(periods)
