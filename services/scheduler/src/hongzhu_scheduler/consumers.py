"""What the scheduler listens to; each consumer runs inside the transaction that notes its message as handled."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, and_, case, delete, func, or_, select, update
from sqlalchemy.orm import Session

from hongzhu.calendar import NOT_ANNOUNCED
from hongzhu.clock import today
from hongzhu.database import among, plan_once, upsert, upsert_newer
from hongzhu.messages import (
    CalendarChanged,
    ChildChanged,
    EvidenceFiled,
    EvidenceWithdrawn,
    Excuse,
    OfficeChanged,
    ProgrammeChanged,
    SchoolChanged,
    SubjectEvent,
    TaskExcused,
)
from hongzhu.programme import OnEvent, leaves
from hongzhu.trigger import parts
from hongzhu_scheduler import closing
from hongzhu_scheduler.announcing import announce
from hongzhu_scheduler.escalating import look_again
from hongzhu_scheduler.lapsing import hand_over, hold, refresh
from hongzhu_scheduler.markers import lock_markers
from hongzhu_scheduler.models import (
    SHARDS,
    SUBJECT_TABLES,
    WHOLE,
    calendar,
    child,
    event,
    evidence,
    excuse,
    marker,
    occurrence,
    programme,
    programme_version,
    run,
    school,
)
from hongzhu_scheduler.obligation import Obligation, obligations, required, ruling
from hongzhu_scheduler.planner import plan_subjects
from hongzhu_scheduler.rules import OF_SCHOOL, asks_school
from hongzhu_scheduler.subjects import know_office, shards_of, take_in
from hongzhu_scheduler.triggers import announced_windows, takes_turns

_DAY = timedelta(days=1)
OFFICES = frozenset({"agency", "city", "facility"})
"""The kinds of subject that are few and of no school: nobody divides them into parts."""


def child_changed(session: Session, message: ChildChanged) -> None:
    """Take in the facts of children, and plan at once what they are newly owed."""
    ids = [facts.id for facts in message.children]
    taken = take_in(session, "child", message.children)
    locked = lock_markers(session, _in_shards(session, taken.shards))
    if taken.moved:
        hand_over(session, taken.moved, today())
    for owed, parts_of in _in_force(session, locked):
        if _is_for(owed, "child") and _asks(owed, taken.facts):
            if taken.changed:
                _refresh(session, owed, among(session, occurrence.c.subject_id, taken.changed), message.id)
            plan_subjects(session, owed, parts_of, among(session, child.c.id, ids), taken.first)


def school_changed(session: Session, message: SchoolChanged) -> None:
    """Take in the facts of schools, and plan at once what they, and their children by these facts, are newly owed."""
    ids = [facts.id for facts in message.schools]
    taken = take_in(session, "school", message.schools)
    of_school = taken.facts and {f"{OF_SCHOOL}{each}" for each in taken.facts}
    pupils = select(child.c.id).where(among(session, child.c.school_id, taken.changed))
    for owed, parts_of in _in_force(session, lock_markers(session, _in_shards(session, taken.shards))):
        if _is_for(owed, "school") and _asks(owed, taken.facts):
            if taken.changed:
                _refresh(session, owed, among(session, occurrence.c.subject_id, taken.changed), message.id)
            plan_subjects(session, owed, parts_of, among(session, school.c.id, ids), taken.first)
        elif any(asks_school(each.programme.eligible) for each in owed) and _asks(owed, of_school):
            if taken.changed:
                _refresh(session, owed, occurrence.c.subject_id.in_(pupils), message.id)
            plan_subjects(session, owed, parts_of, among(session, child.c.school_id, ids), taken.first)


def office_changed(session: Session, message: OfficeChanged) -> None:
    """Take in the facts of agencies, of the city and of facilities, and plan at once what they are newly owed."""
    for kind, offices in (("agency", message.agencies), ("city", message.cities), ("facility", message.facilities)):
        if not offices:
            continue
        table, ids = SUBJECT_TABLES[kind], [facts.id for facts in offices]
        locked = lock_markers(session, marker.c.shard == WHOLE)
        there = session.execute(select(table.c.id, table.c.entered_on).where(table.c.id.in_(ids)))
        entered = {row.id: row.entered_on for row in there}
        # A programme may have been heard of first; since when its office has been there, that has told.
        known = [facts.model_copy(update={"entered_on": entered.get(facts.id, facts.entered_on)}) for facts in offices]
        taken = take_in(session, kind, known)
        for owed, parts_of in _in_force(session, locked):
            if _is_for(owed, kind):
                if taken.changed:
                    _refresh(session, owed, among(session, occurrence.c.subject_id, taken.changed), message.id)
                plan_subjects(session, owed, parts_of, table.c.id.in_(ids), taken.first)


def programme_changed(session: Session, message: ProgrammeChanged) -> None:
    """Take in a programme's version, in whatever order they come; the next tick plans it on the days that it rules."""
    code = message.programme.code
    know_office(session, message.programme, message.effective_from)
    lock_markers(session, marker.c.programme == code)
    row = {
        "code": code,
        "version": message.version,
        "definition": message.programme.model_dump_json(by_alias=True),
        "effective_from": message.effective_from,
        "suspended": message.suspended,
    }
    of_version = row | {"resolved_by": message.programme.resolved_by}
    new = upsert(session, programme_version).values(of_version).on_conflict_do_nothing()
    if session.scalar(new.returning(programme_version.c.version)) is None:
        return  # heard before
    upsert_newer(session, programme, [row | {"agency": message.programme.agency}])
    owed = obligations(session, [code])[code]
    _divide(session, code, owed, message.effective_from - _DAY)
    hold(session, code, today(), message.id)


def calendar_changed(session: Session, message: CalendarChanged) -> None:
    """Take in the bureau's calendar; the next tick plans what it newly makes due and leaves what is issued as it is.

    Only windows that ran beyond the calendar before get their days from the new one.
    """
    lock_markers(session, marker.c.shard.is_not(None))
    if not _is_newer(session, calendar, calendar.c.id == 1, message.version):
        return
    upsert_newer(
        session, calendar, [{"id": 1, "version": message.version, "definition": message.calendar.model_dump_json()}]
    )
    # Row by row, for the databases count days back differently; there are as many rows as programmes.
    versions = programme_version.c
    beginnings = select(versions.code, func.min(versions.effective_from)).group_by(versions.code)
    for code, begins in session.execute(beginnings).all():
        session.execute(update(marker).where(marker.c.programme == code).values(planned_through=begins - _DAY))
    for run_id in announced_windows(session, message.calendar, today()):
        announce(session, run_id, message.id, again=f"c{message.version}.")
        closing.settle(session, occurrence.c.run_id == run_id, today(), message.id)  # a pause goes by the due day
    look_again(session)


def subject_event(session: Session, message: SubjectEvent) -> None:
    """Keep what happened, and plan at once what is due because of it."""
    happened = {each.subject_id: each.amount for each in message.subjects}
    locked = lock_markers(session, _in_shards(session, shards_of(session, happened)))
    common = {"id": message.event, "kind": message.kind, "occurred_on": message.occurred_on}
    rows = [common | {"subject_id": each, "amount": happened[each]} for each in sorted(happened)]
    said = upsert(session, event)
    larger = or_(event.c.amount.is_(None), event.c.amount < said.excluded.amount)
    session.execute(
        said.on_conflict_do_update(
            index_elements=["id", "subject_id"],
            set_={"amount": said.excluded.amount},
            where=and_(said.excluded.amount.is_not(None), larger),
        ),
        rows,
    )
    for owed, parts_of in _in_force(session, locked):
        waits = (trigger for each in owed for trigger in parts(each.programme.trigger))
        if any(isinstance(each, OnEvent) and each.event == message.kind for each in waits):
            subject = owed[-1].subject
            plan_subjects(session, owed, parts_of, among(session, subject.c.id, happened), message.occurred_on)


def evidence_filed(session: Session, message: EvidenceFiled) -> None:
    """Keep evidence, new or corrected, and settle the tasks that it has to do with."""
    _take_evidence(session, [each.model_dump() for each in message.evidence], message.id)


def evidence_withdrawn(session: Session, message: EvidenceWithdrawn) -> None:
    """Let evidence count no more, also when it comes only after this."""
    _take_evidence(session, [each.model_dump() | {"done_on": None} for each in message.evidence], message.id)


def task_excused(session: Session, message: TaskExcused) -> None:
    """Keep excuses; settle the tasks that they are, or were, about, and plan what a pause no longer keeps back."""
    excuses = {each.id: each for each in message.excuses}
    known = {row.id: row for row in session.execute(select(excuse).where(among(session, excuse.c.id, excuses)))}
    newer = [each for each in excuses.values() if each.id not in known or each.version > known[each.id].version]
    locked = lock_markers(session, _in_shards(session, shards_of(session, {each.subject_id for each in newer})))
    upsert_newer(session, excuse, [_as_kept(each) for each in newer])
    for each in newer:
        theirs = occurrence.c.subject_id == each.subject_id
        if each.first is None:
            one = and_(theirs, occurrence.c.programme == each.programme, occurrence.c.period == each.period)
            closing.settle(session, one, today(), message.id)
            continue
        first = min(each.first, known[each.id].first) if each.id in known else each.first
        of_child = occurrence.c.programme.in_([part.programme for part in locked])
        closing.settle(session, and_(of_child, theirs, run.c.due_on >= first), today(), message.id)
        for owed, parts_of in _in_force(session, locked):
            if _is_for(owed, "child"):
                plan_subjects(session, owed, parts_of, child.c.id == each.subject_id, first)


def _take_evidence(session: Session, rows: Sequence[dict[str, Any]], because: str) -> None:
    plan_once(session)
    keys = [(row["id"], row["subject_id"]) for row in rows]
    ids, subjects = sorted({row["id"] for row in rows}), sorted({row["subject_id"] for row in rows})
    locked = lock_markers(session, _in_shards(session, shards_of(session, subjects)))
    there = select(evidence).where(among(session, evidence.c.id, ids), among(session, evidence.c.subject_id, subjects))
    known = {(row.id, row.subject_id): row for row in session.execute(there)}
    newer = [
        row for key, row in zip(keys, rows, strict=True) if key not in known or row["version"] > known[key].version
    ]
    upsert_newer(session, evidence, newer)
    before = [known[key] for row in newer if (key := (row["id"], row["subject_id"])) in known]
    kinds = {row["kind"] for row in newer} | {row.kind for row in before}
    days = [each for each in (*(row["done_on"] for row in newer), *(row.done_on for row in before)) if each]
    if not days:
        return  # nothing was known of what was taken back
    subjects = sorted({row["subject_id"] for row in newer})
    closing.settle_done(session, sorted(kinds), subjects, days, today(), because)
    # What the newest version requires is at hand; where another one rules yet, it is looked at more closely.
    asking = [part for part in locked if part.held_by != part.version or kinds & required(part.definition)]
    for owed, parts_of in _in_force(session, asking):
        subject = owed[-1].subject
        _refresh(session, owed, among(session, occurrence.c.subject_id, subjects), because)
        plan_subjects(session, owed, parts_of, among(session, subject.c.id, subjects), min(days))


def _as_kept(told: Excuse) -> dict[str, Any]:
    row = told.model_dump() | {"resumes_on": None}
    if told.first is not None:
        # A day that is not announced is after every other, and so in no pause.
        row["last"] = told.last or NOT_ANNOUNCED - _DAY
        row["resumes_on"] = row["last"] + _DAY
    return row


def _in_force(session: Session, locked: Sequence[Any]) -> Iterable[tuple[list[Obligation], list[Any]]]:
    owed = obligations(session, {part.programme for part in locked})
    for code, same in groupby(locked, key=lambda part: str(part.programme)):
        if owed[code]:
            yield owed[code], list(same)


def _in_shards(session: Session, shards: Iterable[int]) -> ColumnElement[bool]:
    return among(session, marker.c.shard, [*sorted(shards), WHOLE])


def _is_for(owed: Sequence[Obligation], kind: str) -> bool:
    return any(each.programme.subject == kind for each in owed)


def _asks(owed: Sequence[Obligation], facts: Collection[str] | None) -> bool:
    """Say whether facts that changed make a difference to a programme in any of its versions; where none are named, all may."""
    return facts is None or any(leaf.fact in facts for each in owed for leaf in leaves(each.programme.eligible))


def _refresh(
    session: Session, owed: Sequence[Obligation], chosen: ColumnElement[bool], because: str | None = None
) -> None:
    """See which of the chosen tasks are owed by the version that rules today; while that is suspended, none is."""
    day = today()
    # What is issued was issued by then; only a clock that went back stands before it.
    if rules := ruling(owed, max(day, owed[0].effective_from)):
        refresh(session, rules.programme.code, rules, chosen, day, because)


def _divide(session: Session, code: str, owed: Sequence[Obligation], planned_through: date) -> None:
    """See that a programme has its parts, none of them planned beyond a day: one if it takes turns or is for one office."""
    whole = any(takes_turns(each) or each.programme.subject in OFFICES for each in owed)
    shards = [WHOLE] if whole else range(SHARDS)
    theirs = marker.c.programme == code
    stands = session.scalar(select(func.min(marker.c.planned_through)).where(theirs))
    begin = min(stands or planned_through, planned_through)
    session.execute(delete(marker).where(theirs, marker.c.shard.not_in(shards)))
    rows = [{"programme": code, "shard": shard, "planned_through": begin} for shard in shards]
    session.execute(upsert(session, marker).on_conflict_do_nothing(), rows)
    back = case((marker.c.planned_through > planned_through, planned_through), else_=marker.c.planned_through)
    session.execute(update(marker).where(theirs).values(planned_through=back))


def _is_newer(session: Session, table: Any, key: ColumnElement[bool], version: int) -> bool:
    known = session.scalar(select(table.c.version).where(key))
    return known is None or version > known
