"""What the registry does with the scheduler's messages."""

from sqlalchemy.orm import Session

from hongzhu.clock import today
from hongzhu.database import monthly_partition
from hongzhu.errors import MissingError, PoisonError
from hongzhu.messages import TaskClosed, TaskDue
from hongzhu.period import task_id
from hongzhu_registry.programmes.queries import evidence_kind
from hongzhu_registry.tasks import queries
from hongzhu_registry.tasks.models import Task


def on_task_due(session: Session, message: TaskDue) -> None:
    """Enter the tasks that fell due in the ledger."""
    kind = evidence_kind(session, message.programme, message.version)
    if kind is None:
        raise PoisonError  # the registry approved every programme there is; a task of another one is no task
    common = message.model_dump(
        include={"programme", "version", "period", "period_start", "school_id", "opens_on", "due_on", "grace_until"}
    )
    common |= {"agency": message.agency, "evidence_kind": kind, "issued_on": today()}
    rows = [
        {**common, "id": task_id(message.programme, subject, message.period), "subject_id": subject}
        for subject in dict.fromkeys(message.subjects)
    ]
    # First whoever files evidence, then the table: everybody takes the two in this order, so that nobody waits in a ring.
    queries.keep_apart(session, message.subjects, evidence=False)
    monthly_partition(session, Task.__table__, message.period_start)  # type: ignore[arg-type]  # it is a Table
    queries.enter(session, rows)
    if message.changes:
        _cancel_or_reopen(session, message, None)


def on_task_closed(session: Session, message: TaskClosed) -> None:
    """Note that tasks are owed no longer; any other end the ledger works out from what it knows itself."""
    if message.state != queries.CANCELLED:
        return
    if _cancel_or_reopen(session, message, message.state) < len(set(message.subjects)):
        # It overtook the message that says these tasks fell due; given back to the queue, it comes again after it.
        raise MissingError("A task came to its end before it was due.")


def _cancel_or_reopen(session: Session, message: TaskDue | TaskClosed, state: str | None) -> int:
    ids = {task_id(message.programme, subject, message.period) for subject in message.subjects}
    return queries.cancel_or_reopen(
        session,
        sorted(ids),
        message.period_start,
        state=state,
        changes=message.changes,
        on=today(),
        because=message.because,
    )
