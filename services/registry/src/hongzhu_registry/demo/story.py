"""What a trial has to tell when it has run its course: counted from what is stored, never typed in."""

from rich.table import Table
from sqlalchemy import func, select

from hongzhu import runtime
from hongzhu.clock import today
from hongzhu.i18n import _
from hongzhu.service import Service
from hongzhu.settings import settings
from hongzhu_registry.children import queries as children
from hongzhu_registry.database import database
from hongzhu_registry.imports.result import Result
from hongzhu_registry.notices.models import Notice
from hongzhu_registry.pairings.models import Pairing
from hongzhu_registry.schools.models import School
from hongzhu_registry.tasks.models import Task
from hongzhu_registry.tasks.queries import state_on
from hongzhu_registry.weeks.links import link_to_week


def figures(result: Result) -> dict[str, object]:
    """Count what there is."""
    with database.transaction() as session:
        lasting = select(func.count(func.distinct(Pairing.school_id))).where(Pairing.ended_on.is_(None))
        children_paired = select(func.count(func.distinct(Pairing.child_id))).where(Pairing.ended_on.is_(None))
        counted = {
            **children.count(session),
            "schools": session.scalar(select(func.count()).select_from(School)),
            "tasks_due": session.scalar(select(func.count()).select_from(Task).where(state_on(today()) == "due")),
            "notices": session.scalar(select(func.count()).select_from(Notice).where(Notice.outcome == "sent")),
            "law_counsellors": session.scalar(lasting.where(Pairing.kind == "law_counsellor")),
            "love_parents": session.scalar(children_paired.where(Pairing.kind == "love_parent")),
        }
    services = [each for each in runtime.services() if isinstance(each, Service)]
    return {
        **counted,
        "messages": sum(each.outbox_state()[0] for each in services),
        "agencies": [agency.name for agency in runtime.agencies()],
        "rejected": len(result.rejected),
        "conflicts": len(result.conflicts),
        "url": settings().registry_url,
    }


def table(told: dict[str, object]) -> Table:
    """Lay the figures out for people."""
    titles = {
        "children": _("children"),
        "schools": _("schools"),
        "in_poverty": _("of them in poverty"),
        "tasks_due": _("tasks due today"),
        "messages": _("messages on the bus"),
        "notices": _("notices sent"),
        "law_counsellors": _("schools with a law counsellor"),
        "love_parents": _("children with a love parent"),
        "rejected": _("rows rejected"),
        "conflicts": _("conflicts to settle"),
    }
    shown = Table(show_header=False, box=None, padding=(0, 2))
    shown.add_column(justify="left")
    shown.add_column(justify="right")
    for name, title in titles.items():
        shown.add_row(title, f"{told[name]:,}")
    return shown


def promises() -> str:
    """Name what each agency promises."""
    return _("; ").join(
        _(
            "{title}: {content}",
            title=agency.agency().title,
            content=_(", ").join(str(each.name) for each in agency.programmes()),
        )
        for agency in runtime.agencies()
    )


def fullest_week() -> str | None:
    """Return the link that the notice with the most to do holds, as its teacher would open it on a phone."""
    with database.transaction() as session:
        notices = session.execute(select(Notice.recipient_id, Notice.lines).where(Notice.outcome == "sent")).all()
    fullest = max(notices, key=lambda notice: sum(line["count"] for line in notice.lines), default=None)
    return link_to_week(fullest.recipient_id) if fullest else None
