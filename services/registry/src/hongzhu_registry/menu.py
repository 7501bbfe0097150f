"""Where the pages of those who sign in are: what stands in whose menu, in which order."""

from dataclasses import dataclass

from hongzhu.i18n import _
from hongzhu_registry.access.policy import BUREAU, Role


@dataclass(frozen=True, slots=True)
class Place:
    """A page that the menu leads to."""

    path: str
    title: str
    icon: str
    roles: tuple[Role, ...]
    also: tuple[str, ...] = ()
    """Paths of other pages that belong to it."""


OFFICES: tuple[Role, ...] = (*BUREAU, "school", "agency")


def places() -> tuple[Place, ...]:
    """List everything that is not opened from another page, in the reader's language."""
    return (
        Place("/overview", _("Overview"), "home", BUREAU),
        Place("/school", _("My school"), "school", ("school",)),
        Place("/agency", _("Our work"), "building-community", ("agency",)),
        Place("/agency/helpers", _("Helpers"), "heart-handshake", ("agency",)),
        Place("/agency/matches", _("Matches"), "link", ("agency",)),
        Place("/children", _("Children"), "users", OFFICES),
        Place("/tasks", _("Tasks"), "list-check", OFFICES),
        Place("/imports", _("Workbooks"), "file-import", BUREAU, ("/conflicts",)),
        Place("/programmes", _("Programmes"), "puzzle", BUREAU),
        Place("/agencies", _("Agencies"), "building-community", BUREAU, ("/parked",)),
        Place("/calendar", _("Calendar"), "calendar-event", BUREAU),
        Place("/reports", _("Reports"), "file-text", BUREAU),
        Place("/accounts", _("Accounts"), "key", ("admin",)),
        Place("/audit", _("Audit"), "eye", (*BUREAU, "auditor")),
    )


def menu_of(role: Role) -> list[Place]:
    """List the places in the menu of a role; the first is where it arrives."""
    return [place for place in places() if role in place.roles]


def place_of(menu: list[Place], path: str) -> Place | None:
    """Return the place that a page belongs to: the nearest one above its path."""
    above = [
        (len(root), place)
        for place in menu
        for root in (place.path, *place.also)
        if path == root or path.startswith(f"{root}/")
    ]
    return max(above, key=lambda each: each[0])[1] if above else None
