"""What the notifier does with each message; messages may come in any order and more than once."""

from sqlalchemy import and_, delete, select
from sqlalchemy.orm import Session

from hongzhu.calendar import NOT_ANNOUNCED
from hongzhu.clock import now
from hongzhu.database import upsert, upsert_newer
from hongzhu.messages import ProgrammeChanged, TaskClosed, TaskDue
from hongzhu_notifier.tables import owed, programme


def programme_changed(session: Session, message: ProgrammeChanged) -> None:
    """Keep what a digest says of a programme: its name and who is told."""
    declared = message.programme
    row = {
        "code": declared.code,
        "version": message.version,
        "name_zh": declared.name.zh,
        "name_en": declared.name.en,
        "assignee": declared.assignee,
    }
    upsert_newer(session, programme, [row])
    if _assignee(session, declared.code) == "agency":
        session.execute(delete(owed).where(owed.c.programme == declared.code, owed.c.state == "waiting"))


def task_due(session: Session, message: TaskDue) -> None:
    """Note that someone is owed a word about these tasks, unless the agency's own worker is the one who is told."""
    if _assignee(session, message.programme) == "agency":
        return
    rows = [
        {**row, "due_on": message.due_on, "tell_on": message.opens_on, "state": "waiting"} for row in _rows(message)
    ]
    said = upsert(session, owed)
    # A day that was not announced may be by now; nothing else of what is known changes.
    announced = and_(owed.c.due_on == NOT_ANNOUNCED, owed.c.state == "waiting")
    keys = list(owed.primary_key.columns)
    session.execute(
        said.on_conflict_do_update(index_elements=keys, set_={"due_on": said.excluded.due_on}, where=announced), rows
    )


def task_closed(session: Session, message: TaskClosed) -> None:
    """Say nothing any more about these tasks, even if the word that they fell due is still on its way."""
    rows = [{**row, "tell_on": message.period_start, "state": "closed"} for row in _rows(message)]
    statement = upsert(session, owed)
    keys = list(owed.primary_key.columns)
    session.execute(statement.on_conflict_do_update(index_elements=keys, set_={"state": "closed"}), rows)


def _assignee(session: Session, code: str) -> str | None:
    return session.scalar(select(programme.c.assignee).where(programme.c.code == code))


def _rows(message: TaskDue | TaskClosed) -> list[dict[str, object]]:
    # In the order of the primary key, in which the digest locks them too, so that the two never wait for each other.
    return [
        {
            "programme": message.programme,
            "period": message.period,
            "subject_id": subject,
            "school_id": message.school_id,
            "noted_at": now(),
        }
        for subject in sorted(message.subjects)
    ]
