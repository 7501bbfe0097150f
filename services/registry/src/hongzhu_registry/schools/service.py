"""Schools change; the scheduler hears of it."""

from collections.abc import Sequence

from sqlalchemy import update
from sqlalchemy.orm import Session

from hongzhu.messages import SchoolChanged, batches
from hongzhu_registry.database import everything, publish
from hongzhu_registry.schools import queries
from hongzhu_registry.schools.models import School


def announce(session: Session, ids: Sequence[str] | None = None) -> None:
    """Say the facts of schools on the bus."""
    with everything(session):  # facts are the same, whoever's act they follow from
        publish(session, *(SchoolChanged(schools=batch) for batch in batches(queries.facts(session, ids))))


def touched(session: Session, ids: Sequence[str]) -> None:
    """Give schools whose facts changed a new version, and say so."""
    session.execute(update(School).where(School.id.in_(ids)).values(version=School.version + 1))
    announce(session, ids)
