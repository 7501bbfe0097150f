"""What the notifier does with each message; messages may come in any order and more than once."""

from sqlalchemy import and_, case, delete, false, literal, select, update
from sqlalchemy.orm import Session

from hongzhu.calendar import NOT_ANNOUNCED
from hongzhu.clock import now, today
from hongzhu.database import upsert, upsert_newer
from hongzhu.messages import ProgrammeChanged, TaskClosed, TaskDue, TaskOverdue
from hongzhu_notifier.tables import BUREAU, owed, programme

_KEYS = list(owed.primary_key.columns)
_TASK = 0
"""The step of a row that is about the task itself."""


def programme_changed(session: Session, message: ProgrammeChanged) -> None:
    """Keep what a notice says of a programme: its name, who is told, and whether at once."""
    declared = message.programme
    row = {
        "code": declared.code,
        "version": message.version,
        "name_zh": declared.name.zh,
        "name_en": declared.name.en,
        "assignee": declared.assignee,
        "urgent": declared.urgent,
    }
    upsert_newer(session, programme, [row])
    waiting = and_(owed.c.programme == declared.code, owed.c.step == _TASK, owed.c.state == "waiting")
    match _assignee(session, declared.code):
        case "agency":
            session.execute(delete(owed).where(waiting))
        case "bureau":
            session.execute(update(owed).where(waiting).values(place=BUREAU))


def task_due(session: Session, message: TaskDue) -> None:
    """Note that someone is owed a word about these tasks, unless the agency's own worker is the one who is told."""
    assignee = _assignee(session, message.programme)
    if assignee == "agency":
        return
    if message.changes:
        _open_again(session, message, assignee)
        return
    passed = message.grace_until is not None and message.grace_until < today()
    rows = _rows(message, assignee, due_on=message.due_on, tell_on=message.opens_on, state="waiting", passed=passed)
    said = upsert(session, owed)
    # A day that was not announced may be by now; nothing else of what is known changes.
    announced = and_(owed.c.due_on == NOT_ANNOUNCED, owed.c.state == "waiting")
    session.execute(
        said.on_conflict_do_update(index_elements=_KEYS, set_={"due_on": said.excluded.due_on}, where=announced), rows
    )


def task_overdue(session: Session, message: TaskOverdue) -> None:
    """Note that the one whom a step tells is owed a word about those of these tasks that are not done meanwhile."""
    if message.to == "agency":
        return
    assignee = _assignee(session, message.programme)
    # The tasks' own rows, locked: so one that is being closed at this moment is seen to be, here or there.
    state = "told" if assignee == "agency" else "waiting"
    tasks = _rows(message, assignee, due_on=message.due_on, tell_on=message.due_on, state=state)
    lock = upsert(session, owed).values(tasks)
    known = lock.on_conflict_do_update(index_elements=_KEYS, set_={"noted_at": owed.c.noted_at})
    states = session.execute(known.returning(owed.c.subject_id, owed.c.state))
    done = {subject_id for subject_id, its_state in states if its_state == "closed"}
    about = {"due_on": message.due_on, "tell_on": message.due_on, "state": "waiting", "assignee": message.to}
    rows = [row for row in _rows(message, message.to, step=message.step, **about) if row["subject_id"] not in done]
    if rows:
        session.execute(upsert(session, owed).on_conflict_do_nothing(), rows)


def task_closed(session: Session, message: TaskClosed) -> None:
    """Say nothing any more about these tasks, even if the word that they fell due is still on its way.

    Of what was missed before anybody was told, only how much it is remains to be said.
    """
    assignee = _assignee(session, message.programme)
    missed = message.state == "missed"
    if missed and assignee == "agency":
        return
    said = upsert(session, owed)
    about = {"tell_on": message.period_start, "changes": message.changes, "passed": missed}
    rows = _rows(message, assignee, state="waiting" if missed else "closed", **about)
    # What was told, or seemed done, and is missed, is not told again here: those further up may still hear of it.
    untold = owed.c.state == "waiting"
    state = case((untold, "waiting"), else_="told") if missed else literal("closed")
    session.execute(
        said.on_conflict_do_update(
            index_elements=_KEYS,
            set_={"state": state, "passed": untold if missed else false(), "changes": message.changes},
            where=owed.c.changes < message.changes,
        ),
        rows,
    )
    if missed:
        return
    steps = and_(
        owed.c.programme == message.programme,
        owed.c.period == message.period,
        owed.c.subject_id.in_(message.subjects),
        owed.c.step > _TASK,
    )
    session.execute(update(owed).where(steps).values(state="closed"))


def _open_again(session: Session, message: TaskDue, assignee: str | None) -> None:
    # What seemed done was taken back: it is told like something new, unless something later was heard of it already.
    new = {
        "due_on": message.due_on,
        "tell_on": today(),
        "state": "waiting",
        "passed": False,
        "changes": message.changes,
    }
    said = upsert(session, owed)
    once_more = said.on_conflict_do_update(
        index_elements=_KEYS, set_=new | {"tries": owed.c.tries + 1}, where=owed.c.changes < message.changes
    )
    session.execute(once_more, _rows(message, assignee, **new))


def _assignee(session: Session, code: str) -> str | None:
    return session.scalar(select(programme.c.assignee).where(programme.c.code == code))


def _rows(message: TaskDue | TaskOverdue | TaskClosed, told: str | None, **about: object) -> list[dict[str, object]]:
    common: dict[str, object] = {
        "step": _TASK,
        "due_on": None,
        "assignee": None,
        "passed": False,
        "tries": 0,
        "changes": 0,
    }
    # In the order of the primary key, in which the digest locks them too, so that the two never wait for each other.
    return [
        {
            "programme": message.programme,
            "period": message.period,
            "subject_id": subject,
            "place": BUREAU if told == "bureau" else message.school_id,
            "noted_at": now(),
        }
        | common
        | about
        for subject in sorted(message.subjects)
    ]
