"""Activities: what was held is evidence for its school and for whoever came; what is only planned is not."""

from collections.abc import Collection

from sqlalchemy.orm import Session

from hongzhu.programme import OnEvent, Programme, Standing
from hongzhu.trigger import parts
from hongzhu_registry.access.policy import Principal
from hongzhu_registry.activities import queries
from hongzhu_registry.activities.models import Activity, Attendance
from hongzhu_registry.database import everything
from hongzhu_registry.evidence.service import Shown, file_for, must_be_theirs

_LISTED = ("leading_group", "report")
"""What comes round like an activity and is shown by rows of its own kind."""


def is_held(programme: Programme) -> bool:
    """Say whether an activity shows that a programme was done: it comes round, is not for one child, and asks for no form."""
    comes_round = not any(isinstance(each, Standing | OnEvent) for each in parts(programme.trigger))
    gathers = programme.subject != "child" and programme.resolved_by not in _LISTED
    return programme.form is None and comes_round and gathers


def hold(
    session: Session,
    principal: Principal,
    activity: Activity,
    *,
    came: Collection[str] = (),
    absent: Collection[str] = (),
) -> None:
    """Keep an activity that was held, with the children who came and those who stayed away, who are still owed it."""
    with everything(session):  # a coordinator's link sees children, and no activities
        session.add(activity)
        session.flush()
        for child_id in sorted({*came, *absent}):
            session.add(Attendance(activity_id=activity.id, child_id=child_id, attended=child_id in came))
        session.flush()
    done = [(activity.id, child_id, activity.held_on) for child_id in sorted(came)]
    if activity.school_id is not None:
        done.append((activity.id, activity.school_id, activity.held_on))
        file_for(session, activity.kind, done, by=principal)
    else:
        file_held(session, principal, activity)


def held_at(session: Session, activity_id: str, school_id: str) -> Activity | None:
    """Return an activity of a school."""
    with everything(session):
        found = session.get(Activity, activity_id)
    return found if found is not None and found.school_id == school_id else None


def shows(session: Session, activity: Activity) -> Shown:
    """Say what it is evidence of once it was held: for its school, for every child that came, and for offices."""
    with everything(session):  # a child may be out of sight by now
        rows = session.execute(queries.shown(Activity.id == activity.id))
        return {row.subject_id: (row.kind, row.done_on) for row in rows}


def file_held(session: Session, principal: Principal, activity: Activity) -> None:
    """File that the activity was held at its school."""
    if activity.planned:
        return
    if activity.school_id is None:
        # For the agency, the city and the facility it is filed by the next tick (`offices`): so who may is asked here.
        must_be_theirs(session, principal, activity.kind, "row")
    else:
        file_for(session, activity.kind, [(activity.id, activity.school_id, activity.held_on)], by=principal)
