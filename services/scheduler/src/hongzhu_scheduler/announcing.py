"""Announcing: outbox rows written by SQL, a hundred subjects of one school each, ready for the relay to move."""

from collections.abc import Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Insert, Row, Select, String, Subquery, bindparam, cast, func, literal, select
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from hongzhu.clock import now
from hongzhu.json_sql import json_array, json_text
from hongzhu.messages import BATCH, TaskClosed, TaskDue, TaskOverdue
from hongzhu.outbox import publish_by, publish_selected, selected
from hongzhu_scheduler.models import occurrence, outbox, programme, run


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
    statement = select(message_id, literal(TaskDue.topic), literal(f"{TaskDue.topic}.{agency}"), payload).group_by(
        batches.c.school_id, batches.c.batch
    )
    publish_selected(session, outbox, statement)


def say(
    session: Session, statement: Insert, because: str | None = None, values: Mapping[str, Any] = MappingProxyType({})
) -> None:
    """Say what a statement of `that_closed` or `that_open_again` tells; `values` are those of what it asks about tasks."""
    told = {"named": f"{uuid7().hex}.", "occurred_at": now().isoformat(), "because": because}
    publish_by(session, statement, {**values, **told})


def that_closed(closed: Subquery) -> Insert:
    """Make what says of tasks that they came to their end; `closed` has their keys, ``school_id, state, changes``."""
    said = ("programme", "period", "period_start", "state", "changes")
    batches, groups = _grouped(closed, "school_id", *said)
    return _saying(TaskClosed, batches, groups, **{name: batches.c[name] for name in said})


def that_open_again(due: Subquery) -> Insert:
    """Make what says that tasks which had come to their end are open once more; `due` has their keys, ``school_id, run_id,
    changes``."""
    said = ("programme", "version", "period", "period_start", "opens_on", "due_on", "grace_until")
    rows = (
        select(due.c.subject_id, due.c.school_id, due.c.changes, *(run.c[name] for name in said))
        .join_from(due, run, run.c.id == due.c.run_id)
        .subquery()
    )
    batches, groups = _grouped(rows, "school_id", "changes", *said)
    members = {name: batches.c[name] for name in ("changes", *said)}
    return _saying(TaskDue, batches, groups, **members)


def _grouped(rows: Subquery, *names: str) -> tuple[Subquery, list[ColumnElement[Any]]]:
    keys = [rows.c[name] for name in names]
    batches = _batched(select(rows.c.subject_id, *keys), keys)
    return batches, [*(batches.c[name] for name in names), batches.c.batch]


def _saying(
    message: type[TaskClosed | TaskDue], batches: Subquery, groups: list[ColumnElement[Any]], **members: object
) -> Insert:
    # Numbered over the groups, and so unique within one act.
    message_id = bindparam("named", type_=String) + cast(func.row_number().over(order_by=groups), String)
    payload = json_text(
        id=message_id,
        occurred_at=bindparam("occurred_at", type_=String),
        because=bindparam("because", type_=String),
        school_id=batches.c.school_id,
        subjects=json_array(batches.c.subject_id),
        **members,
    )
    routing_key = literal(f"{message.topic}.") + programme.c.agency
    statement = (
        select(message_id, literal(message.topic), routing_key, payload)
        .join_from(batches, programme, programme.c.code == batches.c.programme)
        .group_by(*groups, programme.c.agency)
    )
    return selected(outbox, statement)


def announce_overdue(session: Session, issued: Row[Any], undone: ColumnElement[bool], step: int, to: str) -> None:
    """Say that the time of an escalation's step has come for those tasks of a run that `undone` chooses."""
    batches = _batches(undone, occurrence.c.school_id)
    message_id = literal(f"{issued.id.hex}.s{step}.") + batches.c.school_id + "." + cast(batches.c.batch, String)
    payload = json_text(
        id=message_id,
        occurred_at=now().isoformat(),
        because=None,
        programme=issued.programme,
        period=issued.period,
        school_id=batches.c.school_id,
        subjects=json_array(batches.c.subject_id),
        version=issued.version,
        period_start=_text(issued.period_start),
        due_on=_text(issued.due_on),
        step=step,
        to=to,
    )
    agency = issued.programme.partition(".")[0]
    statement = select(
        message_id, literal(TaskOverdue.topic), literal(f"{TaskOverdue.topic}.{agency}"), payload
    ).group_by(batches.c.school_id, batches.c.batch)
    publish_selected(session, outbox, statement)


def _batches(chosen: ColumnElement[bool], *together: ColumnElement[Any]) -> Subquery:
    return _batched(select(occurrence.c.subject_id, *together).where(chosen), together)


def _batched(tasks: Select[Any], together: Sequence[ColumnElement[Any]]) -> Subquery:
    # Numbers the tasks within what belongs together, and from the number the batch.
    # In no order of their own: sorting half a million subjects within their schools would serve nobody.
    place = func.row_number().over(partition_by=together)
    return tasks.add_columns(((place - 1) // BATCH).label("batch")).subquery()


def _text(day: date | None) -> str | None:
    return day.isoformat() if day else None
