"""Announcing: outbox rows written by SQL, a hundred subjects of one school each, ready for the relay to move."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, String, Subquery, cast, func, insert, literal, select
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from hongzhu.clock import now
from hongzhu.messages import BATCH, TaskClosed, TaskDue
from hongzhu.outbox import ring_after_commit
from hongzhu_scheduler.json_sql import json_array, json_text
from hongzhu_scheduler.models import occurrence, outbox, programme, run


def announce_windows(session: Session, run_id: UUID, calendar_version: int, because: str) -> None:
    """Say the tasks of a run once more, with the days that a new calendar gave their window."""
    announce(session, run_id, because, again=f"c{calendar_version}.")


def announce(session: Session, run_id: UUID, because: str | None = None, *, again: str = "") -> None:
    """Say that the tasks of a run fell due; a message's id is derived, so that what goes twice has the same id."""
    issued = session.execute(select(run).where(run.c.id == run_id)).one()
    batches = _batches(occurrence.c.run_id == run_id, occurrence.c.school_id)
    message_id = literal(f"{run_id.hex}.{again}") + batches.c.school_id + "." + cast(batches.c.batch, String)
    payload = json_text(
        id=message_id,
        occurred_at=now().isoformat(),
        because=because,
        programme=issued.programme,
        period=issued.period,
        school_id=batches.c.school_id,
        subjects=json_array(batches.c.subject_id),
        version=issued.version,
        period_start=_text(issued.period_start),
        opens_on=_text(issued.opens_on),
        due_on=_text(issued.due_on),
        grace_until=_text(issued.grace_until),
    )
    agency = issued.programme.partition(".")[0]
    statement = select(
        message_id, literal(TaskDue.topic), literal(f"{TaskDue.topic}.{agency}"), payload, literal(now())
    ).group_by(batches.c.school_id, batches.c.batch)
    _write(session, statement)


def announce_closed(session: Session, closed: ColumnElement[bool], because: str | None = None) -> None:
    """Say that tasks came to their end: those that `closed` chooses, which this transaction closed."""
    act = uuid7().hex
    keys = [
        occurrence.c[name] for name in ("programme", "period", "period_start", "school_id", "closed_state", "done_on")
    ]
    batches = _batches(closed, *keys)
    groups = [*(batches.c[key.name] for key in keys), batches.c.batch]
    # Numbered over the groups, and so unique within this act.
    message_id = literal(f"{act}.") + cast(func.row_number().over(order_by=groups), String)
    payload = json_text(
        id=message_id,
        occurred_at=now().isoformat(),
        because=because,
        programme=batches.c.programme,
        period=batches.c.period,
        school_id=batches.c.school_id,
        subjects=json_array(batches.c.subject_id),
        period_start=batches.c.period_start,
        state=batches.c.closed_state,
        done_on=batches.c.done_on,
    )
    routing_key = literal(f"{TaskClosed.topic}.") + programme.c.agency
    statement = (
        select(message_id, literal(TaskClosed.topic), routing_key, payload, literal(now()))
        .join_from(batches, programme, programme.c.code == batches.c.programme)
        .group_by(*groups, programme.c.agency)
    )
    _write(session, statement)


def _batches(chosen: ColumnElement[bool], *together: ColumnElement[Any]) -> Subquery:
    # Numbers the chosen tasks within what belongs together, and from the number the batch.
    # In no order of their own: sorting half a million subjects within their schools would serve nobody.
    place = func.row_number().over(partition_by=together)
    return select(occurrence.c.subject_id, *together, ((place - 1) // BATCH).label("batch")).where(chosen).subquery()


def _write(session: Session, statement: Any) -> None:
    columns = ["message_id", "topic", "routing_key", "payload", "written_at"]
    session.execute(insert(outbox).from_select(columns, statement, include_defaults=False))
    ring_after_commit(session)


def _text(day: date | None) -> str | None:
    return day.isoformat() if day else None
