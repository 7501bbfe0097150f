"""What the clock does about answers that were given."""

from sqlalchemy import delete

from hongzhu.clock import now
from hongzhu_registry.answers.models import REMEMBERED, Answered
from hongzhu_registry.database import database


def forget_answers() -> None:
    """Drop the answers that nobody can ask for again."""
    with database.transaction() as session:
        session.execute(delete(Answered).where(Answered.answered_at < now() - REMEMBERED))
