"""What the clock does about hand-ins."""

from datetime import timedelta

from sqlalchemy import update

from hongzhu.clock import now
from hongzhu_registry.database import database
from hongzhu_registry.imports.models import Import

LONGEST = timedelta(hours=1)
"""Many times what a county's workbooks of a year take."""


def give_up_cut_off() -> None:
    """Say of hand-ins that began too long ago that they failed: the process that was at work on them is gone.

    If one was at work after all, it says itself what came of it in the end.
    """
    with database.transaction() as session:
        began = Import.started_at < now() - LONGEST
        session.execute(update(Import).where(Import.status == "running", began).values(status="failed"))
