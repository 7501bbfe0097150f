"""Announcing: outbox rows written by SQL, a hundred children each, ready for the relay to move."""

from collections.abc import Sequence

from sqlalchemy import String, cast, func, literal, select
from sqlalchemy.orm import Session

from hongzhu.clock import now
from hongzhu.json_sql import json_array, json_object, json_text
from hongzhu.messages import BATCH, ChildChanged
from hongzhu.outbox import publish_selected
from hongzhu_registry.children import queries
from hongzhu_registry.database import everything, new_id, outbox_rows


def announce(session: Session, ids: Sequence[str] | None = None) -> None:
    """Say the facts of children on the bus, of all when no ids are given."""
    facts = queries.facts(session, ids).subquery()
    batch = ((func.row_number().over(order_by=facts.c.id) - 1) // BATCH).label("batch")
    numbered = select(facts, batch).subquery()
    message_id = literal(f"{new_id()}.") + cast(numbered.c.batch, String)
    payload = json_text(
        id=message_id,
        occurred_at=now().isoformat(),
        because=None,
        children=json_array(json_object(numbered.c[column.key] for column in facts.c)),
    )
    messages = select(message_id, literal(ChildChanged.topic), literal(ChildChanged.topic), payload)
    session.flush()
    with everything(session):  # facts are the same, whoever's act they follow from
        publish_selected(session, outbox_rows, messages.group_by(numbered.c.batch))
