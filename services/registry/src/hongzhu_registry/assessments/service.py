"""Assessments: whoever becomes, or no longer is, an academic concern (学困) is told apart and said on the bus."""

from collections.abc import Collection

from sqlalchemy import case, exists, null, update
from sqlalchemy.orm import Session

from hongzhu.messages import batches
from hongzhu_registry.access.policy import Principal
from hongzhu_registry.assessments.models import Assessment
from hongzhu_registry.assessments.queries import is_concern
from hongzhu_registry.children import service as children
from hongzhu_registry.children.models import Child
from hongzhu_registry.events.service import say_drops

_AT_ONCE = 5_000
"""Ids that one statement names."""


def keep_concerns(session: Session, child_ids: Collection[str]) -> list[str]:
    """Work out anew which of the children are a concern, and say so of those for whom it changed; return these.

    By how many points they fell is said too.
    """
    session.flush()
    assessed = exists().where(Assessment.child_id == Child.id)
    concern = case((assessed, is_concern(Child.id)), else_=null())
    changed: list[str] = []
    for some in batches(sorted(set(child_ids)), _AT_ONCE):
        changed += session.scalars(
            update(Child)
            .where(Child.id.in_(some), Child.academic_concern.is_distinct_from(concern))
            .values(academic_concern=concern)
            .returning(Child.id)
            .execution_options(synchronize_session=False)
        )
    if changed:
        children.touched(session, changed)
    say_drops(session, child_ids)
    return changed


def keep_concern(session: Session, _principal: Principal, assessment: Assessment) -> None:
    """Work out anew whether the child of an assessment is a concern."""
    keep_concerns(session, [assessment.child_id])
