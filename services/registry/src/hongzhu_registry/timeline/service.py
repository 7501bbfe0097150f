"""A child's timeline, page by page."""

from typing import Any

from sqlalchemy.orm import Session

from hongzhu.errors import MissingError
from hongzhu_registry.access.policy import Principal
from hongzhu_registry.children.models import Child
from hongzhu_registry.children.queries import visible
from hongzhu_registry.timeline import queries


def shown(session: Session, principal: Principal, child_id: str, *, limit: int, cursor: str | None) -> dict[str, Any]:
    """List what happened to a child, the newest first, as far as it is the reader's to see; raises `MissingError`."""
    seen = visible(session, principal).where(Child.id == child_id)
    if session.execute(seen).first() is None:
        raise MissingError
    statement = queries.events(session, principal, child_id)
    found = queries.newest_first(session, statement, limit=limit + 1, cursor=cursor)
    items = found[:limit]
    after = items[-1]["key"] if len(found) > limit else None
    columns = set(seen.selected_columns.keys()) | (
        {"father", "mother", "guardian"} if principal.role != "teacher" else set()
    )
    return {"items": [_told(each, columns) for each in items], "next": after}


def _told(event: dict[str, Any], columns: set[str]) -> dict[str, Any]:
    """Show an event; of the fields it changed, what they were only where the reader sees what they are."""
    if event["fields"]:
        event["fields"] = {
            name: values if name.partition(".")[0] in columns else None for name, values in event["fields"].items()
        }
    return {name: value for name, value in event.items() if name != "key"}
