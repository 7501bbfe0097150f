"""Triggers: which periods of an obligation have come, for whom: a matter of trigger and data, not of who plans."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Date, Row, Select, and_, func, literal, or_, select, update
from sqlalchemy.orm import Session

from hongzhu import period
from hongzhu.calendar import NOT_ANNOUNCED, SchoolCalendar, SchoolDays
from hongzhu.occasions import Occasion, occasions, window_from
from hongzhu.programme import OnEvent, Rota, Standing
from hongzhu.task_state import Window
from hongzhu.trigger import OneTrigger, parts
from hongzhu_scheduler.models import event, excuse, occurrence, run
from hongzhu_scheduler.obligation import Obligation, latest, obligations

_DAY = timedelta(days=1)
_HALF_A_YEAR = timedelta(days=183)
"""Further than that from a day no exception of a school moves a window that is counted in school days."""

Subjects = Select[tuple[str, str]]
"""Ids and schools."""


class Batch(NamedTuple):
    """Tasks that fall due together: a period with its window, and the subjects it is for."""

    period: str
    period_start: date
    window: Window
    subjects: Subjects


class Span(NamedTuple):
    """The days of an obligation that are to be planned; `entering` them, what is open already counts too."""

    first: date
    through: date
    entering: bool


def batches(
    session: Session, calendar: SchoolCalendar, owed: Obligation, subjects: Subjects, span: Span
) -> Iterator[Batch]:
    """Yield what has fallen due in a span of days for some of the subjects it is owed to.

    In a pause nothing falls due: what lies in it whole is nobody's, then or later.
    """
    paused = session.scalar(select(select(excuse).where(excuse.c.first <= span.through, ~excuse.c.lifted).exists()))
    for batch in _fallen_due(session, calendar, owed, subjects, span, paused=bool(paused)):
        if paused:
            window = batch.window
            away = excuse.c.first <= window.opens_on, excuse.c.last >= window.due_on, ~excuse.c.lifted
            here = owed.subject.c.id.not_in(select(excuse.c.subject_id).where(*away))
            yield batch._replace(subjects=batch.subjects.where(here))
        else:
            yield batch


def _fallen_due(
    session: Session, calendar: SchoolCalendar, owed: Obligation, subjects: Subjects, span: Span, *, paused: bool
) -> Iterator[Batch]:
    for trigger in parts(owed.programme.trigger):
        match trigger:
            case Standing():
                yield from _episodes(session, calendar, owed, trigger, subjects, span, paused=paused)
            case OnEvent():
                yield from _events(session, calendar, owed, trigger, subjects, span)
            case Rota():
                yield from _turns(session, calendar, owed, trigger, span)
            case _:
                yield from _occasions(calendar, owed, trigger, subjects, span)


def takes_turns(owed: Obligation) -> bool:
    """Whether it is owed to one subject of all at a time, so that nobody can plan a part of it alone."""
    return any(isinstance(each, Rota) for each in parts(owed.programme.trigger))


def _occasions(
    calendar: SchoolCalendar, owed: Obligation, trigger: OneTrigger, subjects: Subjects, span: Span
) -> Iterator[Batch]:
    usual = _opening(trigger, calendar, span)
    exceptions: defaultdict[Occasion, list[str]] = defaultdict(list)
    left_out: defaultdict[Occasion, list[str]] = defaultdict(list)
    for school_id in calendar.exceptional(span.first - _HALF_A_YEAR, span.through + _HALF_A_YEAR):
        own = _opening(trigger, calendar, span, school_id)
        for occasion in own:
            if occasion not in usual:
                exceptions[occasion].append(school_id)
        for occasion in usual:
            if occasion not in own:
                left_out[occasion].append(school_id)
    school = owed.subject.c.school_id
    for occasion in usual:
        # Only what differs is said: NOT IN would cost where it has nothing to leave out.
        theirs = subjects.where(school.not_in(left_out[occasion])) if left_out[occasion] else subjects
        yield _of(owed, occasion, theirs)
    for occasion, schools in exceptions.items():
        yield _of(owed, occasion, subjects.where(school.in_(schools)))


def _opening(trigger: OneTrigger, calendar: SchoolCalendar, span: Span, school_id: str | None = None) -> list[Occasion]:
    found = occasions(trigger, calendar, span.first, span.through, school_id)
    return [each for each in found if span.entering or each.window.opens_on >= span.first]


def _of(owed: Obligation, occasion: Occasion, subjects: Subjects) -> Batch:
    # It is owed by facts that held before its day was over: what changes later never reaches back.
    theirs = subjects.where(owed.held_since <= occasion.window.due_on)
    return Batch(occasion.period, period.start_of(occasion.period), occasion.window, theirs)


def _turns(session: Session, calendar: SchoolCalendar, owed: Obligation, trigger: Rota, span: Span) -> Iterator[Batch]:
    """Yield the turns that nobody has yet, each with the one subject whose last turn is longest ago, or who never had one."""
    of_programme = occurrence.c.programme == owed.programme.code
    for occasion in _opening(trigger, calendar, span):
        given = select(occurrence.c.subject_id).where(of_programme, occurrence.c.period == occasion.period)
        if session.scalar(given.limit(1)) is not None:
            continue
        batch = _of(owed, occasion, owed.subjects)
        last_turn = (
            select(func.max(run.c.opens_on))
            .join_from(occurrence, run, run.c.id == occurrence.c.run_id)
            .where(of_programme, occurrence.c.subject_id == owed.subject.c.id, _is("turn"))
            .scalar_subquery()
        )
        next_one = batch.subjects.order_by(func.coalesce(last_turn, literal(date.min, Date)), owed.subject.c.id)
        if chosen := session.execute(next_one.limit(1)).first():
            yield batch._replace(subjects=batch.subjects.where(owed.subject.c.id == chosen.id))


def _events(
    session: Session, calendar: SchoolCalendar, owed: Obligation, trigger: OnEvent, subjects: Subjects, span: Span
) -> Iterator[Batch]:
    """Yield what happened, with those it happened to."""
    earliest = owed.effective_from if span.entering else span.first
    happened = [event.c.kind == trigger.event, event.c.occurred_on.between(earliest, span.through)]
    if trigger.at_least is not None:
        happened.append(event.c.amount >= trigger.at_least)
    theirs = subjects.join(event, event.c.subject_id == owed.subject.c.id).where(*happened)
    found = session.execute(theirs.with_only_columns(event.c.id, event.c.occurred_on).distinct()).all()
    for event_id, day in sorted((each.id, each.occurred_on) for each in found):
        its_own = theirs.where(event.c.id == event_id, event.c.occurred_on == day)
        for window, at_schools in _windows(calendar, owed, trigger, day, its_own):
            if window.due_on >= span.first:
                # As with every occasion: facts that came to hold only after its day was over never reach back.
                due = at_schools.where(owed.held_since <= window.due_on)
                yield Batch(period.event(event_id), day, window, due)


def _windows(
    calendar: SchoolCalendar, owed: Obligation, trigger: Standing | OnEvent, day: date, subjects: Subjects
) -> Iterator[tuple[Window, Subjects]]:
    """Divide those for whom something begins on `day` by their windows: a school with days off counts its own days."""

    def window(days: SchoolDays) -> Window:
        return window_from(days, day, trigger.due_after, trigger.grace)

    usual = window(calendar.days)
    exceptions: defaultdict[Window, list[str]] = defaultdict(list)
    for school_id in calendar.exceptional(day, day + _HALF_A_YEAR):
        if (own := window(calendar.days_of(school_id))) != usual:
            exceptions[own].append(school_id)
    school = owed.subject.c.school_id
    others = [each for schools in exceptions.values() for each in schools]
    yield usual, subjects.where(school.not_in(others)) if others else subjects
    for own, schools in exceptions.items():
        yield own, subjects.where(school.in_(schools))


def _episodes(
    session: Session,
    calendar: SchoolCalendar,
    owed: Obligation,
    trigger: Standing,
    subjects: Subjects,
    span: Span,
    *,
    paused: bool,
) -> Iterator[Batch]:
    """Yield the episodes of a standing condition that began, with those they began for.

    Two planners cannot open two episodes for one subject: each holds the marker of the subject's shard, and sees what
    the one before it committed.
    """
    began = latest(owed.held_since, literal(owed.effective_from, Date))
    theirs = and_(
        occurrence.c.programme == owed.programme.code, occurrence.c.subject_id == owed.subject.c.id, _is("since")
    )
    never = literal(date.min, Date)
    # The next one begins no earlier than the one before it ended.
    last_end = select(func.max(occurrence.c.ended_on)).where(theirs).correlate(owed.subject).scalar_subquery()
    began = latest(began, func.coalesce(last_end, never))
    going_on = select(occurrence.c.period).where(theirs, occurrence.c.ended_on.is_(None))
    if paused:
        # An episode does not outlive a pause: what still holds when that is over begins then.
        of_subject = and_(excuse.c.subject_id == owed.subject.c.id, ~excuse.c.lifted)
        in_pause = run.c.due_on.between(excuse.c.first, excuse.c.last)
        excused = going_on.join_from(occurrence, run, run.c.id == occurrence.c.run_id).where(
            occurrence.c.closed_state == "excused", in_pause
        )
        away = or_(began.between(excuse.c.first, excuse.c.last), excused.exists())
        resumes = select(func.max(excuse.c.resumes_on)).where(of_subject, away).scalar_subquery()
        began = latest(began, func.coalesce(resumes, never))
        by_pause = (
            select(excuse.c.id)
            .join_from(excuse, run, in_pause)
            .where(of_subject, run.c.id == occurrence.c.run_id)
            .correlate(occurrence, owed.subject)
        )
        open_or_done = occurrence.c.closed_state.is_distinct_from("excused")
        going_on = going_on.where(or_(open_or_done, ~by_pause.exists()))
    # An episode may have begun, been closed and ended on the very day: the next one then begins the day after.
    used = select(occurrence.c.period).where(theirs, occurrence.c.period_start == began).exists()
    beginning = subjects.where(~going_on.exists())
    found = session.execute(beginning.with_only_columns(began, used).where(began <= span.through).distinct()).all()
    for day, taken in found:
        period_start = day + _DAY if taken else day
        if period_start <= span.through:
            beginners = beginning.where(began == day, used if taken else ~used)
            for window, at_schools in _windows(calendar, owed, trigger, period_start, beginners):
                yield Batch(period.since(period_start), period_start, window, at_schools)


def announced_windows(session: Session, calendar: SchoolCalendar, day: date) -> list[UUID]:
    """Give the windows that ran beyond the calendar their days, as far as it reaches now; return the runs they are of.

    Nothing falls due before `day`, on which the calendar came: nobody is late by a day that was not announced.
    """
    beyond = or_(run.c.due_on == NOT_ANNOUNCED, run.c.grace_until == NOT_ANNOUNCED)
    found = session.execute(select(run).where(beyond, ~run.c.settled)).all()
    owed = obligations(session, {each.programme for each in found})
    moved = []
    for each in found:
        version = next((one for one in owed[each.programme] if one.version == each.version), None)
        window = _window_of(calendar, version, each) if version else None
        if window is None:
            continue
        due_on = each.due_on if each.due_on < NOT_ANNOUNCED else max(window.due_on, day)
        grace = window.grace_until and max(window.grace_until, due_on)
        if (due_on, grace) != (each.due_on, each.grace_until):
            session.execute(update(run).where(run.c.id == each.id).values(due_on=due_on, grace_until=grace))
            moved.append(each.id)
    return moved


def _window_of(calendar: SchoolCalendar, owed: Obligation, issued: Row[Any]) -> Window | None:
    """Work out anew the window of a run, for schools in general: what is not announced has no exceptions yet."""
    for trigger in parts(owed.programme.trigger):
        if isinstance(trigger, Standing | OnEvent):
            if issued.period.startswith("since:" if isinstance(trigger, Standing) else "event:"):
                return window_from(calendar.days, issued.opens_on, trigger.due_after, trigger.grace)
        else:
            for each in occasions(trigger, calendar, issued.opens_on, issued.opens_on + 2 * _HALF_A_YEAR):
                if each.period == issued.period:
                    return each.window
    return None


def _is(kind: str) -> ColumnElement[bool]:
    # A programme may have tasks of several kinds of period: an episode and, each term, a review.
    return occurrence.c.period.startswith(f"{kind}:")
